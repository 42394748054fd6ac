"""Rows that several ranks have extracted, each its share, as the rows of one extraction that all of them read.

A rank knows how many rows it has kept only when it is done: the counts are exchanged first, and then every rank copies
its rows to their places in files that all ranks see. The rows themselves never pass through the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from slora_core.context import RunContext
from slora_core.errors import InputError, OutputError
from slora_core.features.store import FinishedFiles

_BLOCK_BYTES: Final = 4 * 1024**2
_FLOAT_BYTES: Final = 4
_LABEL_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class _Place:
    """Rows ``first`` to ``first + rows`` of a rank's own, and where they begin among those of all."""

    first: int
    rows: int
    target: int


def put_together(ctx: RunContext, own: FinishedFiles, name: str, kept: Sequence[int]) -> FinishedFiles:
    """The files of all ranks as one, under ``name`` in the folder that all see; ``own`` is removed.

    ``own`` holds the rows of one part of the inputs after another, ``kept`` of each; the result holds every part
    whole, its rows in the order of ranks. Alone, ``own`` is the result. Raises InputError when the ranks' features
    differ in d, OutputError where a rank does not see the folder.
    """
    peers = ctx.peers
    if peers.size == 1:
        return own
    told = peers.gather([own.dim, *kept])
    dim, counts = _common_dim([row[0] for row in told]), [row[1:] for row in told]
    places, rows = _places(counts, peers.rank), sum(map(sum, counts))
    paths = tuple(ctx.shared / f"{name}-{number}.f32" for number in range(len(own.paths)))
    labels = ctx.shared / f"{name}-labels.i64"
    sizes = dict.fromkeys(paths, rows * dim * _FLOAT_BYTES) | {labels: rows * _LABEL_BYTES}
    if peers.rank == 0:
        for path, size_bytes in sizes.items():
            with path.open("wb") as file:
                file.truncate(size_bytes)
    peers.wait()
    for path, size_bytes in sizes.items():
        _check_seen(path, size_bytes)
    for source, target in zip(own.paths, paths, strict=True):
        with source.open("rb") as reading, target.open("r+b", buffering=0) as writing:
            for place in places:
                _copy(ctx, reading, writing, place, dim * _FLOAT_BYTES)
    with labels.open("r+b", buffering=0) as writing:
        for place in places:
            writing.seek(place.target * _LABEL_BYTES)
            _write(writing, own.labels[place.first : place.first + place.rows].tobytes())
    own.remove()
    peers.wait()
    return FinishedFiles(paths, dim, np.fromfile(labels, np.int64))


def _common_dim(dims: Sequence[int]) -> int:
    """Of the ranks that have rows."""
    known = {dim for dim in dims if dim}
    if len(known) > 1:
        listed = ", ".join(f"d = {dim}" for dim in sorted(known))
        raise InputError(f"the ranks' features differ in dimension: {listed}; expected the same model on every rank")
    return known.pop() if known else 0


def _places(counts: Sequence[Sequence[int]], rank: int) -> list[_Place]:
    """Where the parts of ``rank`` belong; ``counts`` are the rows of each rank by part."""
    by_part = list(zip(*counts, strict=True))
    firsts = accumulate((part[rank] for part in by_part), initial=0)
    wholes = accumulate((sum(part) for part in by_part), initial=0)
    return [
        _Place(first, part[rank], whole + sum(part[:rank]))
        for part, first, whole in zip(by_part, firsts, wholes, strict=False)
    ]


def _copy(ctx: RunContext, reading: BinaryIO, writing: BinaryIO, place: _Place, row_bytes: int) -> None:
    reading.seek(place.first * row_bytes)
    writing.seek(place.target * row_bytes)
    left = place.rows * row_bytes
    while left:
        ctx.checkpoint()
        block = reading.read(min(left, _BLOCK_BYTES))
        if not block:
            raise OutputError(f"the features' file {reading.name!r} became shorter while it was read")
        left -= len(block)
        _write(writing, block)


def _write(file: BinaryIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _check_seen(path: Path, size_bytes: int) -> None:
    if not path.is_file() or path.stat().st_size != size_bytes:
        raise OutputError(
            f"the features' file {str(path)!r} of rank 0 cannot be seen from this host",
            "name a scratch folder (run.scratch) on storage that all hosts share",
        )
