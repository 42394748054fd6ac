"""The free parameters of the attention's move. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from slora_core.numerics.tiles import round_up

ROW_STEP: Final = 16
KEY_STEP: Final = 64
"""Query rows and keys of a product are padded to multiples of these. Libraries compute odd edges, and the pieces that
threads get of them, with other kernels, which round differently: then equal keys would not score equally. With these
steps a score has the same bits in every chunk, tile and number of threads (MKL, 1 to 64 threads)."""

CUDA_LEAST_ROWS: Final = 512
CUDA_LEAST_SCORES: Final = 2**20
"""Products of fewer rows or scores are cut along the features by cuBLAS, and round differently: measured on an H200 for
d = 96 to 1,024. Rows are padded to them, so that here too a score has the same bits in every chunk and tile."""

MOST_SELECTED_ROWS: Final = 1024
"""Beyond these a device's scratch comes in blocks for which its pool takes 20 MiB, and nothing is gained."""

Form: TypeAlias = Literal["rows", "tiles", "materialised"]


@dataclass(frozen=True, slots=True)
class AttentionChoice:
    """How a move walks over queries and keys.

    ``chunk`` samples of each of ``batch`` classes make the query rows of a pass; ``panel`` keys at most make a tile.
    ``resident`` keeps normalised keys and drift [N, d] on the device; otherwise every pass reads their tiles again,
    from the file or, ``pinned``, from host memory beside a CUDA device. With ``read_ahead`` a thread reads the next
    tile from the file while a CUDA device works on the present one.
    A pass is padded to ``least_rows``. ``strip`` rows at most are selected from at once, where a device selects (0: up
    to 1,024).
    ``form``: ``rows`` holds the scores of all keys side by side and computes them once; ``tiles`` holds those of one
    tile, finds the k-th largest in a first pass and computes the scores again in a second; ``materialised`` is the
    seed's product [chunk, N, d], for comparison.
    """

    chunk: int
    panel: int
    resident: bool
    batch: int = 1
    form: Form = "rows"
    pinned: bool = False
    strip: int = 0
    least_rows: int = ROW_STEP
    read_ahead: bool = False

    @property
    def rows(self) -> int:
        """Query rows of the buffers."""
        return max(round_up(self.batch * self.chunk, ROW_STEP), self.least_rows)

    @property
    def selected_rows(self) -> int:
        """Rows of which a device selects the largest scores at once."""
        return min(self.rows, self.strip or MOST_SELECTED_ROWS)


@dataclass(frozen=True, slots=True)
class KeepPairs:
    """The attention's fit: it keeps the pairs themselves, so there is nothing to choose."""
