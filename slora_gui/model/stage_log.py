"""The stages of one process of a run: rows as they begin and end, and the bands that a plot draws behind its curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

from slora_core.events import StageFinished, StagePeaks, StageStarted
from slora_core.records.run_file import StageRecord
from slora_core.types import largest_known

StageRow = StageRecord
"""One run of a stage; ``seconds`` and ``completed`` are None while it runs, or if it was cut off."""


@dataclass(frozen=True, slots=True)
class StageBand:
    """A stage on the time axis; ``depth`` counts the stages around it."""

    start_s: float
    end_s: float
    stage: str
    depth: int


class StageLog:
    """Rows in the order in which the stages began."""

    def __init__(self, rows: Iterable[StageRow] = ()) -> None:
        self.rows = list(rows)
        self._open = [index for index, row in enumerate(self.rows) if row.completed is None]
        self._depths: dict[str, int] = {}
        self._bands: list[StageBand] = []
        self._moving: list[int] = []

    def start(self, event: StageStarted) -> None:
        """A new row without figures."""
        self._open.append(len(self.rows))
        row = StageRow(
            event.stage, event.parent, event.t_s, event.predicted_peak_bytes, event.predicted_s, *(None,) * 6
        )
        self.rows.append(_of_rank(row, getattr(event, "rank", 0)))

    def finish(self, event: StageFinished) -> None:
        """Completes the newest open row of the stage; a stage may run more than once."""
        index = next((index for index in reversed(self._open) if self.rows[index].stage == event.stage), None)
        if index is None:
            return
        self._open.remove(index)
        allocated, reserved, rss = astuple(event.peaks)
        changes = {"seconds": event.seconds, "allocated_bytes": allocated, "reserved_bytes": reserved, "rss_bytes": rss}
        changes |= {"live_after_bytes": event.live_after_bytes, "completed": event.completed}
        if hasattr(event, "communicated_bytes"):
            changes["communicated_bytes"] = event.communicated_bytes
        self.rows[index] = replace(self.rows[index], **changes)

    @property
    def open_stage(self) -> str:
        """The innermost stage that has not ended; "" for none."""
        return self.rows[self._open[-1]].stage if self._open else ""

    @property
    def peaks(self) -> StagePeaks:
        """The largest of all stages that have ended, counter by counter."""
        return StagePeaks(
            *(
                largest_known(getattr(row, name) for row in self.rows)
                for name in ("allocated_bytes", "reserved_bytes", "rss_bytes")
            )
        )

    def bands(self, now_s: float) -> list[StageBand]:
        """One band a row; a stage that has not ended reaches to ``now_s``."""
        for row in self.rows[len(self._bands) :]:  # a stage begins after the one around it
            depth = self._depths[row.parent] + 1 if row.parent in self._depths else 0
            self._depths[row.stage] = depth
            self._moving.append(len(self._bands))
            self._bands.append(StageBand(row.started_s, row.started_s, row.stage, depth))
        for index in self._moving:  # those that had ended before stay as they are
            row = self.rows[index]
            end_s = max(row.started_s, now_s) if row.seconds is None else row.started_s + row.seconds
            self._bands[index] = replace(self._bands[index], end_s=end_s)
        self._moving = [index for index in self._moving if self.rows[index].seconds is None]
        return self._bands.copy()


def _of_rank(row: StageRow, rank: int) -> StageRow:
    """Run files of one process alone know no ranks."""
    return replace(row, rank=rank) if rank and hasattr(row, "rank") else row
