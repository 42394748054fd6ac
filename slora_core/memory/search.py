"""The search behind a plan: which option of each stage, under a limit of predicted bytes. Torch-free.

Stages run one after another; what a stage keeps stays live during the ``keeps_for`` stages after it, so its choice can
take room from them. For a limit, the choice that keeps least at every stage leaves every later stage the most room:
the limit is feasible if and only if that walk reaches the end, which makes feasibility exact and cheap to ask.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeAlias

from slora_core.memory.plan import StageRequest

Pick: TypeAlias = Callable[["StageTable", int, int, int | None], int | None]
"""(table, live bytes before, limit, most bytes to keep) -> index of the chosen option, or None if none fits."""


class StageTable:
    """The options of one stage as numbers, ready to be searched again and again.

    With ``arenas`` sizes are those of the blocks that a workspace is cut from. ``order`` lists the options from the
    cheapest: by seconds, then by peak; those within ``nearly`` times the least seconds count as equally fast.
    ``uniform``: every option keeps as much.
    """

    def __init__(self, request: StageRequest, rounding: int, *, arenas: bool = False, nearly: float = 1.0) -> None:
        if not request.options:
            raise ValueError(f"stage {request.stage!r} has no option")
        self.request = request
        self.nearly = nearly
        self.keeps_for = request.keeps_for
        footprints = [option.footprint for option in request.options]
        totals = [found.arena_totals() if arenas else found.totals(rounding) for found in footprints]
        self.peaks = [peak for peak, _ in totals]
        self.kept = [kept for _, kept in totals] if request.keeps_for else [0] * len(totals)
        indices = range(len(totals))
        seconds = [option.seconds for option in request.options]
        self.order = [index for _, _, index in sorted(zip(seconds, self.peaks, indices, strict=True))]
        self.smallest = min(zip(self.peaks, seconds, indices, strict=True))[2]
        self.uniform = self.kept.count(self.kept[0]) == len(self.kept)
        if self.uniform:
            self._peaks_sorted, self._kept_of_prefix = [self.peaks[self.smallest]], [self.kept[0]]
        else:
            pairs = sorted(zip(self.peaks, self.kept, strict=True))
            self._peaks_sorted = [peak for peak, _ in pairs]
            self._kept_of_prefix = list(accumulate((kept for _, kept in pairs), min))

    @property
    def least_peak(self) -> int:
        return self.peaks[self.smallest]

    def least_kept(self, room: int) -> int | None:
        """The fewest bytes that an option with a peak within ``room`` keeps; None if none is within it."""
        count = bisect_right(self._peaks_sorted, room)
        return self._kept_of_prefix[count - 1] if count else None


class Live:
    """Bytes kept by earlier stages, by the last stage that still has them."""

    __slots__ = ("base", "held")

    def __init__(self, base: int, held: Sequence[tuple[int, int]] = ()) -> None:
        self.base = base
        self.held = list(held)

    def before(self, stage: int) -> int:
        return self.base + sum(size for last, size in self.held if last >= stage)

    def keep(self, stage: int, table: StageTable, size: int) -> None:
        if size:
            self.held.append((stage + table.keeps_for, size))


def feasible(tables: Sequence[StageTable], live: Live, limit: int, start: int = 0) -> bool:
    """Whether the stages from ``start`` can all run with predicted peaks of at most ``limit``."""
    live = Live(live.base, live.held)
    for stage in range(start, len(tables)):
        least = tables[stage].least_kept(limit - live.before(stage))
        if least is None:
            return False
        live.keep(stage, tables[stage], least)
    return True


def least_needs(tables: Sequence[StageTable], base: int) -> list[int]:
    """For each stage alone, the smallest predicted peak it can have, earlier stages keeping as little as they can."""
    live, needs = Live(base), []
    for stage, table in enumerate(tables):
        needs.append(live.before(stage) + table.least_peak)
        live.keep(stage, table, min(table.kept))
    return needs


def smallest_limit(tables: Sequence[StageTable], base: int) -> int:
    """The smallest limit that is feasible: exact."""
    low = max(least_needs(tables, base), default=base)
    if feasible(tables, Live(base), low):
        return low
    high = base + sum(max(table.peaks) + max(table.kept) for table in tables)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if feasible(tables, Live(base), middle) else (middle, high)
    return high


def choose(tables: Sequence[StageTable], base: int, limit: int, pick: Pick) -> list[tuple[int, int]]:
    """(option, live bytes before) of every stage in order.

    A stage takes what ``pick`` says, among options that leave the later stages feasible; where nothing fits it takes
    its smallest option, and the caller sees that by the limit.
    """
    live, chosen = Live(base), []
    reachable = feasible(tables, live, limit)
    for stage, table in enumerate(tables):
        before = live.before(stage)
        most = _most_kept(tables, live, limit, stage) if reachable and not table.uniform else None
        option = pick(table, before, limit, most)
        chosen.append((table.smallest if option is None else option, before))
        live.keep(stage, table, table.kept[chosen[-1][0]])
    return chosen


def _most_kept(tables: Sequence[StageTable], live: Live, limit: int, stage: int) -> int:
    """The most bytes that ``stage`` may keep so that the stages after it stay feasible."""
    sizes = sorted(set(tables[stage].kept))
    low, high = 0, len(sizes) - 1
    while low < high:
        middle = (low + high + 1) // 2
        after = Live(live.base, live.held)
        after.keep(stage, tables[stage], sizes[middle])
        low, high = (middle, high) if feasible(tables, after, limit, stage + 1) else (low, middle - 1)
    return sizes[low]
