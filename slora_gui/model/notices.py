"""The budget's notices: one a crossing, and what a person can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slora_core.events import MemorySample, Notice
from slora_core.memory.sizes import format_size

NEAR: Final = 0.9
REARM: Final = 0.8
NEAR_KIND: Final = "budget-near"
CROSSED_KIND: Final = "budget-crossed"
BUDGET_KINDS: Final = (NEAR_KIND, CROSSED_KIND)
_STEPS: Final = 4
"""Sensible sizes between two powers of two."""


class BudgetWatch:
    """Watches samples against a line that the engine does not enforce itself.

    Usage is what a budget bounds: reserved bytes where there is a pool, else allocated bytes. A notice comes when
    it rises above 90 % and above the whole of the budget; the same comes again only after usage was below 80 %.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._told = 0.0

    def look(self, sample: MemorySample) -> Notice | None:
        """The notice of a crossing. A jump past both marks is one crossing, of the budget."""
        used = sample.allocated_bytes if sample.reserved_bytes is None else sample.reserved_bytes
        if used is None:
            return None
        ratio = used / self.budget_bytes
        if ratio < REARM:
            self._told = 0.0
            return None
        mark = 1.0 if ratio > 1.0 else NEAR if ratio > NEAR else 0.0
        if mark <= self._told:
            return None
        self._told = mark
        share = "the budget line" if mark == 1.0 else "90 % of the budget line"
        message = f"memory is above {share}: {format_size(used)} of {format_size(self.budget_bytes)}"
        data = {"used_bytes": used, "budget_bytes": self.budget_bytes, "line": True}
        return Notice(sample.t_s, CROSSED_KIND if mark == 1.0 else NEAR_KIND, message, sample.stage, data)


@dataclass(frozen=True, slots=True)
class NoticeActions:
    """What a notice offers.

    ``show_s`` is the moment to show on the plot, ``raised_budget_bytes`` a budget that what happened fits in with room
    to spare (None: raising it does not help), ``replan`` whether another plan may help.
    """

    show_s: float
    raised_budget_bytes: int | None = None
    replan: bool = False


def notice_actions(notice: Notice) -> NoticeActions:
    """The actions of any notice."""
    if notice.kind not in BUDGET_KINDS:
        return NoticeActions(notice.t_s, replan=notice.kind == "retry")
    used, budget = notice.data.get("used_bytes"), notice.data.get("budget_bytes")
    if not isinstance(used, int) or not isinstance(budget, int):
        return NoticeActions(notice.t_s, replan=True)
    return NoticeActions(notice.t_s, sensible_size(max(int(used / NEAR), budget) + 1), replan=True)


def sensible_size(size_bytes: int) -> int:
    """The next size from ``size_bytes`` on that people would type: a power of two, or a quarter of the way to the next.

    ``256 MiB, 320 MiB, 384 MiB, 448 MiB, 512 MiB``.
    """
    step = max(1, (1 << max(1, size_bytes - 1).bit_length() - 1) // _STEPS)
    return -(-size_bytes // step) * step
