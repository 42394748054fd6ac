"""What a report says first: one sentence a run, or one for many, of runs that can be held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from slora_core.events import RunFailed
from slora_core.report.phrases import Phrases
from slora_core.report.reading import ReadRun

_FEW: Final = 4
"""Runs that get a sentence each; the first page has no room for more."""


def headlines(runs: Sequence[ReadRun], say: Phrases) -> list[str]:
    base = runs[0]
    if len(runs) == 1 or base.header.status != "finished":
        return [_alone(base, say)]
    against = [run for run in runs[1:] if comparable(run, base)]
    if len(runs) > _FEW and against:
        return [_extremes([base, *against], say)]
    return [_against(run, base, say) for run in against]


def same_job(run: ReadRun, base: ReadRun) -> bool:
    """Whether both had the same work to do; a run that ended before it began had none of its own."""
    jobs = [(known.config.get("source"), known.config.get("operators")) for known in (run, base)]
    return not run.config or not base.config or jobs[0] == jobs[1]


def comparable(run: ReadRun, base: ReadRun) -> bool:
    """Whether both came to the end of the same job: less work takes less memory and time."""
    return run.header.status == base.header.status == "finished" and same_job(run, base)


def peak_ratio(run: ReadRun, base: ReadRun) -> float | None:
    return _ratio(run.peaks.allocated_bytes, base.peaks.allocated_bytes) if comparable(run, base) else None


def time_ratio(run: ReadRun, base: ReadRun) -> float | None:
    return _ratio(run.header.seconds, base.header.seconds) if comparable(run, base) else None


def _alone(run: ReadRun, say: Phrases) -> str:
    if isinstance(run.result, RunFailed):
        return say("{run} failed: {what}", run=run.label, what=run.result.what)
    return say(
        "{run}: {status}, peak memory {peak}, time {time}.",
        run=run.label,
        status=say(run.header.status),
        peak=say.tied(say.size(run.peaks.allocated_bytes)),
        time=say.tied(say.seconds(run.header.seconds)),
    )


def _against(run: ReadRun, base: ReadRun, say: Phrases) -> str:
    return say(
        "{run} against {base}: peak memory {peak} instead of {base_peak} ({peak_factor}),"
        " time {time} instead of {base_time} ({time_factor}).",
        run=run.label,
        base=base.label,
        peak=say.tied(say.size(run.peaks.allocated_bytes)),
        base_peak=say.tied(say.size(base.peaks.allocated_bytes)),
        peak_factor=say.tied(say.factor(peak_ratio(run, base))),
        time=say.tied(say.seconds(run.header.seconds)),
        base_time=say.tied(say.seconds(base.header.seconds)),
        time_factor=say.tied(say.factor(time_ratio(run, base))),
    )


def _extremes(runs: Sequence[ReadRun], say: Phrases) -> str:
    leanest = min(runs, key=lambda run: _or_infinite(run.peaks.allocated_bytes))
    fastest = min(runs, key=lambda run: _or_infinite(run.header.seconds))
    return say(
        "{n} runs of the same job: the lowest peak memory is {peak} ({leanest}), the shortest time {time} ({fastest}).",
        n=len(runs),
        peak=say.tied(say.size(leanest.peaks.allocated_bytes)),
        leanest=leanest.label,
        time=say.tied(say.seconds(fastest.header.seconds)),
        fastest=fastest.label,
    )


def _or_infinite(value: float | None) -> float:
    return float("inf") if value is None else value


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base
