"""Class states in files, read class by class; resident memory does not grow with the number of classes."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slora_core.errors import InputError
from slora_core.sources.mapped_array import MappedArray
from slora_core.statistics.checks import check_classes
from slora_core.statistics.packing import triangle_size, unpack_lower
from slora_core.statistics.state_info import StateLayout, choose_variant, state_layout
from slora_core.wording import counted


class StateFile:
    """One variant of a class state, memory-mapped; a :class:`~slora_core.statistics.base.StateReader`."""

    def __init__(self, layout: StateLayout, variant: str) -> None:
        self.path = layout.info.path
        self.variant = variant
        self.class_ids: NDArray[np.int64]
        self.counts: NDArray[np.int64]
        self._info = layout.info
        self._packed = layout.variants[variant].packed
        self._triangle = np.empty((1, triangle_size(self.dim) if self._packed else 0), np.float32)
        self._lock = threading.Lock()
        scratch = Path(tempfile.gettempdir())
        self._open = ExitStack()
        try:
            with MappedArray(layout.class_ids, scratch) as ids, MappedArray(layout.count, scratch) as counts:
                self.class_ids = ids.read_integers(0, ids.rows)
                self.counts = counts.read_integers(0, counts.rows)
            check_classes(f"class state {str(self.path)!r}", self.class_ids, self.counts)
            self._means = self._open.enter_context(MappedArray(layout.variants[variant].mean, scratch))
            self._covariances = self._open.enter_context(MappedArray(layout.variants[variant].covariance, scratch))
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise InputError(f"class state {str(self.path)!r} cannot be mapped: {error.strerror}") from None
            raise

    def __repr__(self) -> str:
        variant = f" {self.variant!r}" if self.variant else ""
        classes = counted(len(self.class_ids), "class", "classes")
        return f"<StateFile{variant} of {classes}, d = {self.dim}, {str(self.path)!r}>"

    @property
    def dim(self) -> int:
        return self._info.dim

    def read(self, index: int, mean: Tensor | None, covariance: Tensor | None) -> None:
        """Class number ``index`` (0..C-1, not its id) into contiguous float32 CPU buffers [d] and [d, d]."""
        if mean is not None:
            self._means.read(index, index + 1, mean.unsqueeze(0))
        if covariance is None:
            return
        if self._packed:
            with self._lock:
                self._covariances.read(index, index + 1, torch.from_numpy(self._triangle))
                unpack_lower(self._triangle[0], covariance.numpy())
        else:
            self._covariances.read(index, index + 1, covariance.unsqueeze(0))

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> StateFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_state(path: str | Path, variant: str | None = None) -> StateFile:
    """Open ``variant`` of a class state (None: the only one). Raises InputError.

    Values are not looked at: :func:`~slora_core.statistics.checks.check_state` reads them once.
    """
    layout = state_layout(path)
    return StateFile(layout, choose_variant(layout.info, variant))
