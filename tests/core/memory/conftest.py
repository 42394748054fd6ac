"""The independent oracle of the ledger: what the framework's own CPU allocator reports to its profiler."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any, NamedTuple

import pytest
from torch.autograd.profiler import profile

from slora_core.memory.ledger import Ledger


class Account(NamedTuple):
    peak: int
    live: int
    allocations: int


class Both(NamedTuple):
    allocator: Account
    ledger: Account


class Recording:
    """Between entering and leaving: every allocation (positive bytes) and free (negative) of the CPU allocator."""

    def __init__(self) -> None:
        self._profiler = profile(profile_memory=True)
        self.changes: list[int] = []

    def __enter__(self) -> Recording:
        self._profiler.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._profiler.__exit__(*error)
        events = [event for event in self._profiler.kineto_results.events() if event.name() == "[memory]"]
        self.changes = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]

    @property
    def account(self) -> Account:
        curve = list(accumulate(self.changes, initial=0))
        return Account(max(curve), curve[-1], sum(change > 0 for change in self.changes))


def _profiled(program: Callable[[], Any]) -> Both:
    program()  # what the framework allocates once and for all
    ledger = Ledger()
    with Recording() as recording, ledger:
        result = program()
    both = Both(recording.account, Account(ledger.peak_bytes, ledger.live_bytes, ledger.allocations))
    del result
    assert ledger.live_bytes == 0
    return both


@pytest.fixture
def recording() -> Recording:
    """A context manager that records the allocator."""
    return Recording()


@pytest.fixture
def profiled() -> Callable[[Callable[[], Any]], Both]:
    """Runs a program under both accounts; its return value stays alive until they are read."""
    return _profiled
