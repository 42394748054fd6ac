"""The first page: what was run, where, and what came out, understood without the rest."""

from __future__ import annotations

from collections.abc import Sequence

from slora_core.records.deviation import Deviation
from slora_core.records.tables import NOT_AVAILABLE, TextTable
from slora_core.report.headlines import peak_ratio, same_job, time_ratio
from slora_core.report.model import Block, Paragraph
from slora_core.report.phrases import Phrases
from slora_core.report.reading import ReadRun
from slora_core.types import UNCOMPENSATED


def summary_blocks(runs: Sequence[ReadRun], deviations: Sequence[tuple[Deviation, ...]], say: Phrases) -> list[Block]:
    """``deviations`` holds those of every run from the first; () where not available."""
    blocks: list[Block] = []
    others = [run.label for run in runs[1:] if not same_job(run, runs[0])]
    if others:
        text = say(
            "Another source or other operators than those of {base}: {runs}. Their figures cannot be held against it.",
            base=runs[0].label,
            runs=", ".join(others),
        )
        blocks.append(Paragraph(text))
    blocks += [_what_was_run(runs, say), _figures_table(runs, say)]
    if any(run.accuracies for run in runs) or any(deviations):
        blocks.append(_results_table(runs, deviations, say))
    else:
        blocks.append(Paragraph(say("Accuracy and deviation: not available for these runs.")))
    blocks.append(Paragraph(_reading_aid(runs, say), "small"))
    return blocks


def _what_was_run(runs: Sequence[ReadRun], say: Phrases) -> TextTable:
    rows = [
        (
            run.label,
            run.header.engine,
            run.header.source,
            run.header.operators,
            say(run.header.status),
            say.local_time(run.header.started_at),
            run.header.note,
        )
        for run in runs
    ]
    columns = (say("run"), say("engine"), say("source"), say("operators"), say("status"), say("started"), say("note"))
    return say.table(say("What was run"), columns, rows, texts=len(columns))


def _figures_table(runs: Sequence[ReadRun], say: Phrases) -> TextTable:
    """Memory and time, with the ratio to the first run."""
    base = runs[0]
    rows: list[tuple[str, ...]] = [
        (
            run.label,
            say.size(run.peaks.allocated_bytes),
            "" if run is base else _times(peak_ratio(run, base)),
            say.size(run.peaks.reserved_bytes),
            say.size(run.peaks.rss_bytes),
            say.seconds(run.header.seconds),
            "" if run is base else _times(time_ratio(run, base)),
            say.budget(run.header.budget_bytes),
            _within(run, say),
        )
        for run in runs
    ]
    columns: tuple[str, ...] = (
        say("run"),
        say("peak allocated"),
        say("ratio"),
        say("peak reserved"),
        say("peak RSS"),
        say("time"),
        say("ratio"),
        say("budget"),
        say("within budget"),
    )
    if len(runs) == 1:
        columns, rows = _without(columns, (2, 6)), [_without(row, (2, 6)) for row in rows]
    return say.table(say("Memory and time"), columns, rows)


def _within(run: ReadRun, say: Phrases) -> str:
    """With the peak of what the budget binds, where that is not the peak beside it."""
    header = run.header
    if header.budget_bytes is None:
        return ""
    kept = say.flag(header.within_budget)
    return kept if header.bound_peak_bytes is None else f"{kept} ({say.size(header.bound_peak_bytes)})"


def _results_table(runs: Sequence[ReadRun], deviations: Sequence[tuple[Deviation, ...]], say: Phrases) -> TextTable:
    """Accuracy, and the largest deviation of the moved statistics from those of the first run."""
    base = runs[0]
    rows: list[tuple[str, ...]] = []
    for run, moved in zip(runs, deviations, strict=True):
        known = {pair: value for pair, value in run.accuracy_of.items() if pair[0] != UNCOMPENSATED}
        best = max(known, key=lambda pair: known[pair], default=None)
        changes = [known[pair] - base.accuracy_of[pair] for pair in known if pair in base.accuracy_of]
        rows.append(
            (
                run.label,
                say(NOT_AVAILABLE) if best is None else f"{say.percent(known[best])} ({best[0]}, {best[1]})",
                "" if run is base else _points(min(changes), say) if changes else say(NOT_AVAILABLE),
                "" if run is base else _largest([row.mean for row in moved], say),
                "" if run is base else _largest([row.covariance for row in moved], say),
            )
        )
    columns: tuple[str, ...] = (
        say("run"),
        say("best accuracy"),
        say("lowest change of an accuracy"),
        say("deviation of means"),
        say("deviation of covariances"),
    )
    if len(runs) == 1:
        columns, rows = columns[:2], [row[:2] for row in rows]
    return say.table(say("Results"), columns, rows)


def _reading_aid(runs: Sequence[ReadRun], say: Phrases) -> str:
    text = say(
        "Peaks are counters, not samples. Allocated: live tensors; reserved: the allocator's pool; RSS: resident memory"
        " of the process."
    )
    if len(runs) > 1:
        text += " " + say(
            "Ratios and changes are against {base}, of runs that finished the same job. Deviation: relative Frobenius"
            " norm over all classes, the largest of the operators; not available where the moved states were not kept.",
            base=runs[0].label,
        )
    if any(str(run.environment.get("device", "")).startswith("cpu") for run in runs):
        text += " " + say("On a CPU the compute device is the CPU, and it has no pool: reserved is not available.")
    return text


def _without(cells: tuple[str, ...], left_out: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(cell for number, cell in enumerate(cells) if number not in left_out)


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}x"


def _points(difference: float, say: Phrases) -> str:
    return say("{points} points", points=f"{100 * difference:+.2f}")


def _largest(values: list[float], say: Phrases) -> str:
    return f"{max(values):.1e}" if values else say(NOT_AVAILABLE)
