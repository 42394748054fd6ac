"""The engine's allocation ledger: exact bytes of live host tensors, and the hard stop at the budget.

A dispatch mode sees every tensor that an operation returns. A storage is counted once, when it first appears as the
result of an operation that did not get it as an argument, and leaves the account when its last owner drops it.
Tensors that wrap memory the engine did not allocate (memory-mapped files, arrays of the caller) are not counted.
Temporary memory inside one library operation is invisible here; the hot paths avoid it with ``out=``.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, Final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from slora_core.errors import BudgetExceeded

_aten = torch.ops.aten
_EMPTY: Final = frozenset({_aten.empty.memory_format, _aten.zeros.default, _aten.ones.default})


class Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Use as a context manager around the run. Counts tensors on ``cpu``; CUDA has its own counters.

    ``budget_bytes`` None counts without refusing. Peaks are a stack: :meth:`push_peak` starts a nested count
    and :meth:`pop_peak` returns its peak, which also stays within the counts around it.
    """

    def __init__(self, budget_bytes: int | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.budget_bytes = budget_bytes
        self.live_bytes = 0
        self._peaks = [0]
        self._storages: dict[int, tuple[int, weakref.ref[Any]]] = {}
        self._lock = threading.RLock()

    @property
    def peak_bytes(self) -> int:
        """Peak of the whole run so far."""
        return max(self._peaks)

    def push_peak(self) -> None:
        self._peaks.append(self.live_bytes)

    def pop_peak(self) -> int:
        peak = self._peaks.pop()
        self._peaks[-1] = max(self._peaks[-1], peak)
        return peak

    @contextmanager
    def unbudgeted(self) -> Iterator[None]:
        """Count but do not refuse, for work outside the budget's contract."""
        budget, self.budget_bytes = self.budget_bytes, None
        try:
            yield
        finally:
            self.budget_bytes = budget

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        keywords = dict(kwargs) if kwargs else {}
        if self.budget_bytes is not None and func in _EMPTY and _on_host(keywords.get("device")):
            self._check(_requested_bytes(args, keywords))
        result = func(*args, **keywords)
        if isinstance(result, Tensor):
            self._see(result, args, keywords)
        elif isinstance(result, (tuple, list)):
            for item in result:
                if isinstance(item, Tensor):
                    self._see(item, args, keywords)
        return result

    def _see(self, tensor: Tensor, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        if tensor.device.type != "cpu":
            return
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._storages or _is_argument(key, args, kwargs):
            return
        size = storage.nbytes()
        if size == 0:
            return
        self._check(size)
        with self._lock:
            self._storages[key] = (size, weakref.ref(storage, self._forgetter(key, size)))
            self.live_bytes += size
            self._peaks[-1] = max(self._peaks[-1], self.live_bytes)

    def _check(self, size: int) -> None:
        if self.budget_bytes is not None and self.live_bytes + size > self.budget_bytes:
            raise BudgetExceeded(requested_bytes=size, live_bytes=self.live_bytes, budget_bytes=self.budget_bytes)

    def _forgetter(self, key: int, size: int) -> Callable[[object], None]:
        def forget(_: object) -> None:
            with self._lock:
                if self._storages.pop(key, None) is not None:
                    self.live_bytes -= size

        return forget


def _on_host(device: object) -> bool:
    return device is None or torch.device(str(device)).type == "cpu"


def _requested_bytes(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int:
    dtype = kwargs.get("dtype") or torch.get_default_dtype()
    return int(prod(args[0]) * dtype.itemsize)


def _is_argument(key: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor):
            if value.device.type == "cpu" and value.untyped_storage()._cdata == key:
                return True
        elif isinstance(value, (tuple, list)) and value and isinstance(value[0], Tensor):
            if _is_argument(key, value, {}):
                return True
    return False
