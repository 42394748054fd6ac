"""What a top-k takes of a CUDA device beside its results. Torch-free.

From the framework's multi-block selection (aten/src/ATen/native/cuda/TensorTopK.cu, 2.6 to 2.13): a few blocks a row
count digits, the counts and their sums lie in memory until the selection is over. Short or few rows are selected by one
block each, which takes nothing.
"""

from __future__ import annotations

from typing import Final

MULTIPROCESSORS: Final = 132
"""Of a Hopper card; one with fewer takes less."""
BLOCKS_PER_MULTIPROCESSOR: Final = 6
BLOCK_THREADS: Final = 256
ITEMS_PER_THREAD: Final = (4, 64)
DIGITS: Final = 256
_ROUNDING_BYTES: Final = 512
_MULTI_BLOCK_FROM: Final = ((4001, 400), (800, 800), (200, 3000), (81, 5000), (41, 8000), (21, 10_000), (1, 20_000))
"""(rows, columns) from which several blocks share a row."""


SMALL_BLOCK_BYTES: Final = 2**20
"""The pool takes a segment of 20 MiB for a block that is larger."""


def top_k_bytes(rows: int, columns: int) -> int:
    """Bytes during a top-k along the columns of float32 [rows, columns]."""
    return sum(-(-piece // _ROUNDING_BYTES) * _ROUNDING_BYTES for piece in _pieces(rows, columns))


def rows_in_small_blocks(most: int, columns: int) -> int:
    """Rows, ``most`` or a half, a quarter ... of it, of which a top-k takes no block that is large for the pool."""
    rows = most
    while rows > 1 and max(_pieces(rows, columns), default=0) > SMALL_BLOCK_BYTES:
        rows //= 2
    return rows


def _pieces(rows: int, columns: int) -> tuple[int, ...]:
    """Bytes of every block."""
    least = next(columns for least_rows, columns in _MULTI_BLOCK_FROM if rows >= least_rows)
    if columns < least:
        return ()
    share = MULTIPROCESSORS * BLOCKS_PER_MULTIPROCESSOR * BLOCK_THREADS
    items = min(max(-(-rows * columns // share), ITEMS_PER_THREAD[0]), ITEMS_PER_THREAD[1])
    blocks = rows * -(-columns // (items * BLOCK_THREADS))
    return (4 * rows, 4 * rows, 8 * rows, 4 * rows, 2 * DIGITS * blocks, 4 * DIGITS * rows, 4 * blocks, 4 * blocks)
