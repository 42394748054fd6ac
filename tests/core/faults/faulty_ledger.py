"""A ledger that refuses on demand."""

from __future__ import annotations

from slora_core.memory.ledger import Ledger

UNLIMITED = 2**62


class FaultyLedger(Ledger):
    """Refuses one counted allocation, once, as if memory had run out there; ``allocations`` counts them."""

    def __init__(self, budget_bytes: int | None = None) -> None:
        super().__init__(UNLIMITED if budget_bytes is None else budget_bytes)
        self._fault: int | None = None

    def fail_at(self, nth: int) -> None:
        """Refuse the ``nth`` allocation from now (1: the next)."""
        self._fault = self.allocations + nth

    def _allows(self, size: int) -> bool:
        return not (size > 0 and self.allocations + 1 == self._fault) and super()._allows(size)

    def _error(self, size: int) -> Exception:
        self._fault = None
        return super()._error(size)
