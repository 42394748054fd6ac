"""Synthetic workloads: features and class state of any size, written once to scratch files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from slora_core.errors import OutputError
from slora_core.peers import ALONE, Peers
from slora_core.sources.feature_files import FeatureFile
from slora_core.sources.file_info import AFTER, BEFORE
from slora_core.sources.synthetic_model import BLOCK_ROWS, FeatureSpace
from slora_core.sources.tensor_file import TensorFileWriter
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_writer import StateFileWriter

_SAMPLES_PER_CLASS: Final = 500


class SyntheticWorkload:
    """N pairs of ``dim`` features and ``classes`` Gaussians, drawn from ``seed`` and never held whole.

    The same arguments give the same numbers. The files lie in a folder of their own under ``scratch`` until
    :meth:`close`. ``advance`` is called with the rows of each block and after each class with 0; it may raise to stop.
    Of several ranks the first writes, and all read from its ``scratch``. Raises OutputError when that has no room.
    """

    def __init__(
        self,
        pairs: int,
        dim: int,
        classes: int,
        seed: int,
        scratch: Path | None = None,
        *,
        advance: Callable[[int], None] = lambda _: None,
        peers: Peers = ALONE,
    ) -> None:
        self._owner = peers.rank == 0
        self._folder = Path(peers.tell(_make_folder(scratch) if self._owner else ""))
        self.feature_path = self._folder / "features.safetensors"
        self.state_path = self._folder / "state.safetensors"
        if self._owner:
            space = FeatureSpace(dim, seed)
            try:
                _write_features(self.feature_path, space, pairs, advance)
                _write_state(self.state_path, space, classes, advance)
            except BaseException:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise
        peers.wait()
        self.pairs = FeatureFile(self.feature_path)
        self.state = open_state(self.state_path)

    def close(self) -> None:
        """Delete the files."""
        self.pairs.close()
        self.state.close()
        if self._owner:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> SyntheticWorkload:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _make_folder(scratch: Path | None) -> str:
    try:
        return tempfile.mkdtemp(prefix="slora-synthetic-", dir=scratch)
    except OSError as error:
        raise OutputError(f"scratch folder {str(scratch)!r} cannot be written: {error.strerror}") from None


def _write_features(path: Path, space: FeatureSpace, pairs: int, advance: Callable[[int], None]) -> None:
    shape = (pairs, space.dim)
    with TensorFileWriter(path, {BEFORE: ("float32", shape), AFTER: ("float32", shape)}, {}) as file:
        for start in range(0, pairs, BLOCK_ROWS):
            before, after = space.pairs(start // BLOCK_ROWS, min(BLOCK_ROWS, pairs - start))
            file.write(BEFORE, start, before)
            file.write(AFTER, start, after)
            advance(len(before))
        file.commit(durable=False)


def _write_state(path: Path, space: FeatureSpace, classes: int, advance: Callable[[int], None]) -> None:
    ids, counts = np.arange(classes, dtype=np.int64), np.full(classes, _SAMPLES_PER_CLASS, np.int64)
    metadata = {"operator": "none", "task": "0"}
    with StateFileWriter(path, ids, counts, space.dim, metadata=metadata) as file:
        for number in range(classes):
            file.write("", number, *space.class_gaussian(number))
            advance(0)
        file.commit(durable=False)
