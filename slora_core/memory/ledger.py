"""The engine's allocation ledger: exact bytes of live host tensors, and the hard stop at the budget.

A dispatch mode sees every operation. A storage is counted once, when it first appears as the result of an operation
that did not get it as an argument; it follows an ``out=`` that grows it, and leaves the account when its last owner
drops it, be that Python, a view or the autograd graph. Not counted: memory that the framework did not allocate
(memory-mapped files, arrays of the caller), storages older than the ledger, and temporaries inside one library
operation; the hot paths avoid the last with ``out=``.

Cost: about 4 microseconds an operation for being seen at all, under 1 more for one that allocates nothing and about 5
more for an allocation with its free.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from torch import Tensor, UntypedStorage
from torch.utils._python_dispatch import TorchDispatchMode

from slora_core.errors import BudgetExceeded
from slora_core.memory.operations import RULES, Effect, rule_of

_QUIET: Final = Effect.QUIET
_RESIZES: Final = Effect.RESIZES
_ADOPTS: Final = Effect.ADOPTS
_COMPOSITE: Final = Effect.COMPOSITE
_NO_KEYWORDS: Final[Mapping[str, Any]] = {}


class _Entry(weakref.ref[UntypedStorage]):
    """One counted storage: dies with it."""

    __slots__ = ("key", "size_bytes")
    key: int
    size_bytes: int


class Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Use as a context manager around the run. Counts tensors on ``cpu``; CUDA has its own counters.

    ``budget_bytes`` None counts without refusing. Peaks are a stack: :meth:`push_peak` starts a nested count
    and :meth:`pop_peak` returns its peak, which also stays within the counts around it.

    Threads: dispatch modes belong to a thread, so a storage is counted when a thread that entered the ledger made it;
    each thread that is to be counted enters it (``with ledger:``). Frees are counted from any thread, and the figures
    may be read from any thread. The stack of peaks belongs to one thread at a time.
    """

    def __init__(self, budget_bytes: int | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.budget_bytes = budget_bytes
        self.live_bytes = 0
        self.allocations = 0
        self._peaks = [0]
        self._entries: dict[int, _Entry] = {}
        self._lock = threading.RLock()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # The framework otherwise wraps __torch_dispatch__ so that the first operation imports torch._dynamo, which
        # takes two seconds, and every operation passes through the wrapper.
        return False

    @property
    def peak_bytes(self) -> int:
        """Peak of the whole run so far."""
        return max(self._peaks)

    def push_peak(self) -> None:
        with self._lock:
            self._peaks.append(self.live_bytes)

    def pop_peak(self) -> int:
        with self._lock:
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
        rule = RULES.get(id(func)) or rule_of(func)
        effect = rule.effect
        if effect is _QUIET:
            return rule.call(*args, **kwargs) if kwargs else rule.call(*args)
        keywords = kwargs or _NO_KEYWORDS
        if effect is _RESIZES:
            result = rule.call(*args, **keywords)
            for tensor in (result,) if isinstance(result, Tensor) else result:
                self._settle(tensor)
            return result
        if effect is _COMPOSITE:
            # Seen only in inference mode, where the framework does not take it apart before the mode.
            with self:
                result = func.decompose(*args, **keywords)
            if result is not NotImplemented:
                return result
        if rule.request is not None and self.budget_bytes is not None:
            requested = rule.request(args, keywords)
            if not self._allows(requested):
                raise self._error(requested)
        result = rule.call(*args, **keywords)
        known = None if effect is _ADOPTS else (*args, *keywords.values()) if keywords else args
        if isinstance(result, Tensor):
            refused = self._inspect(result, known)
        else:
            refused = next(filter(None, (self._inspect(tensor, known) for tensor in _tensors(result))), 0)
        if refused:
            # No local variable may hold the tensor, which the traceback would keep alive, nor the error, which would
            # make a cycle with its own traceback: a retry needs the memory back at once.
            del result
            raise self._error(refused)
        return result

    def _inspect(self, tensor: Tensor, known: Sequence[Any] | None) -> int:
        """Count the storage of ``tensor`` unless it is in the account, or one of the arguments ``known``.

        Without ``known`` it may be memory of someone else (an array, a mapped file), which the framework cannot resize.
        Returns the bytes of a storage that is refused, else 0.
        """
        if not tensor.is_cpu or tensor.is_sparse or tensor.is_mkldnn:
            return 0
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._entries or (not storage.resizable() if known is None else _holds(known, storage)):
            return 0
        size = storage.nbytes()
        entry = _Entry(storage, self._forget)
        entry.key = key
        entry.size_bytes = size
        with self._lock:
            if not self._allows(size):
                return size
            self._entries[key] = entry
            self._add(size)
        return 0

    def _settle(self, tensor: Tensor) -> None:
        """Follow a counted storage that an operation has grown; it is counted even when that passes the budget."""
        if not tensor.is_cpu:
            return
        storage = tensor.untyped_storage()
        entry = self._entries.get(storage._cdata)
        if entry is None or entry.size_bytes == (size := storage.nbytes()):
            return
        with self._lock:
            refusal = [] if self._allows(size) else [self._error(size)]
            self._add(size)
            self.live_bytes -= entry.size_bytes  # the old memory lives until its content is copied
            entry.size_bytes = size
        if refusal:
            raise refusal.pop()

    def _add(self, size: int) -> None:
        self.allocations += size > 0
        self.live_bytes += size
        self._peaks[-1] = max(self._peaks[-1], self.live_bytes)

    def _allows(self, size: int) -> bool:
        return size <= 0 or self.budget_bytes is None or self.live_bytes + size <= self.budget_bytes

    def _error(self, size: int) -> Exception:
        assert self.budget_bytes is not None
        return BudgetExceeded(requested_bytes=size, live_bytes=self.live_bytes, budget_bytes=self.budget_bytes)

    def _forget(self, entry: weakref.ref[UntypedStorage]) -> None:
        assert isinstance(entry, _Entry)
        with self._lock:
            if self._entries.pop(entry.key, None) is not None:
                self.live_bytes -= entry.size_bytes


def _tensors(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, (tuple, list)):
        for item in result:
            yield from _tensors(item)


def _holds(values: Sequence[Any], storage: UntypedStorage) -> bool:
    for value in values:
        if isinstance(value, Tensor):
            if value.is_cpu and not value.is_sparse and value.untyped_storage() is storage:
                return True
        elif isinstance(value, (tuple, list)) and value and isinstance(value[0], (Tensor, type(None))):
            if _holds(value, storage):
                return True
    return False
