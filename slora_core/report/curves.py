"""Memory curves of recorded runs as figures: thinned without losing a peak, with the stages, budget and counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from slora_core.memory.sizes import format_size
from slora_core.records.run_file import StageRecord
from slora_core.report.model import Curve, Figure, PeakMarker, StageBand
from slora_core.report.phrases import Phrases
from slora_core.report.reading import ReadRun

BINS: Final = 800
"""Groups of samples a curve is thinned to, each kept as its lowest and its highest: finer than print shows."""


def thinned(
    t_s: NDArray[np.float64], values: NDArray[np.float64], bins: int = BINS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At most ``2 * bins`` of the n points: the lowest and the highest of each group of neighbours, in order of time.

    NaN are left out of a group that has a number, and kept as a gap otherwise.
    """
    count = len(t_s)
    if count <= 2 * bins:
        return t_s, values
    starts = np.linspace(0, count, bins, endpoint=False).astype(np.intp)
    width = int(np.diff(np.append(starts, count)).max())
    index = np.minimum(starts[:, None] + np.arange(width), np.append(starts[1:], count)[:, None] - 1)
    groups = values[index]
    lowest = np.where(np.isnan(groups), np.inf, groups).argmin(axis=1)
    highest = np.where(np.isnan(groups), -np.inf, groups).argmax(axis=1)
    rows = np.arange(bins)
    kept = np.unique(np.concatenate([index[rows, lowest], index[rows, highest]]))
    return t_s[kept], values[kept]


def overlaid(runs: Sequence[ReadRun], say: Phrases) -> tuple[Figure, ...]:
    """All runs over one time axis: compute device, then process."""
    device = _overlay(runs, "allocated_bytes", say("Allocated memory of the compute device, all runs"), say)
    host = _overlay(runs, "rss_bytes", say("Resident memory of the process (RSS), all runs"), say)
    return tuple(figure for figure in (device, host) if figure.curves)


def of_run(run: ReadRun, say: Phrases) -> tuple[Figure, ...]:
    """The run alone: counters of the compute device with its budget, then those of the host."""
    bands = stage_bands(run)
    device = Figure(
        say("{run}: memory of the compute device", run=run.label),
        say("Shaded: stages. Triangles: peaks of the stages by their counters. The curve between them is sampled."),
        say("time (s)"),
        say("memory"),
        _curves(run, {"allocated_bytes": say("allocated"), "reserved_bytes": say("reserved")}),
        bands,
        stage_peaks(run, "allocated_bytes", say),
        run.header.budget_bytes,
        say("budget"),
    )
    host = Figure(
        say("{run}: memory of the host", run=run.label),
        "",
        say("time (s)"),
        say("memory"),
        _curves(run, {"rss_bytes": say("RSS"), "tensor_ram_bytes": say("tensors in RAM")}),
        bands,
        stage_peaks(run, "rss_bytes", say),
    )
    return tuple(figure for figure in (device, host) if figure.curves)


def stage_bands(run: ReadRun) -> tuple[StageBand, ...]:
    """The stages that hold no other stage, in order of time; one that was cut off ends with the run."""
    ends = run.end_s
    return tuple(
        StageBand(stage.stage, stage.started_s, ends if stage.seconds is None else stage.started_s + stage.seconds)
        for stage in leaves(run.stages)
    )


def stage_peaks(run: ReadRun, counter: str, say: Phrases) -> tuple[PeakMarker, ...]:
    """The counter of every stage without parts; the highest is labelled."""
    found = [(stage, size) for stage in leaves(run.stages) if (size := getattr(stage, counter)) is not None]
    if not found:
        return ()
    highest = max(size for _, size in found)
    labelled = next(stage for stage, size in found if size == highest)
    text = say("peak {size}", size=format_size(highest))
    return tuple(
        PeakMarker(_time_of_peak(run, stage, counter), float(size), text if stage is labelled else "")
        for stage, size in found
    )


def leaves(stages: Sequence[StageRecord]) -> list[StageRecord]:
    parents = {stage.parent for stage in stages}
    return [stage for stage in stages if stage.stage not in parents]


def _overlay(runs: Sequence[ReadRun], counter: str, title: str, say: Phrases) -> Figure:
    curves = [curve for run in runs for curve in _curves(run, {counter: run.label})]
    budgets = {run.header.budget_bytes for run in runs}
    budget = budgets.pop() if len(budgets) == 1 and counter == "allocated_bytes" else None
    peaks = [peak for run in runs for peak in stage_peaks(run, counter, say) if peak.text]
    return Figure(
        title,
        say("Time since the start of each run. Triangles: highest stage peak of each run by its counter."),
        say("time (s)"),
        say("memory"),
        tuple(curves),
        (),
        tuple(PeakMarker(peak.t_s, peak.size_bytes) for peak in peaks),
        budget,
        say("budget"),
    )


def _curves(run: ReadRun, counters: dict[str, str]) -> tuple[Curve, ...]:
    curves = []
    for counter, name in counters.items():
        values = run.samples.counters[counter]
        if not np.isnan(values).all():
            curves.append(Curve(name, *thinned(run.samples.t_s, values)))
    return tuple(curves)


def _time_of_peak(run: ReadRun, stage: StageRecord, counter: str) -> float:
    """When the samples of the stage were highest; its middle where it was too short for one."""
    end = run.end_s if stage.seconds is None else stage.started_s + stage.seconds
    first, last = np.searchsorted(run.samples.t_s, [stage.started_s, end])
    values = run.samples.counters[counter][first:last]
    if len(values) and not np.isnan(values).all():
        return float(run.samples.t_s[first + int(np.nanargmax(values))])
    return (stage.started_s + end) / 2
