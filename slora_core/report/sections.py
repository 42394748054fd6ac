"""The sections of tables: stages, plans, accuracies, notices; a run without a thing is left out of its section."""

from __future__ import annotations

from collections.abc import Sequence

from slora_core.events import RunCancelledEvent, RunFailed
from slora_core.memory.planner import choice_words
from slora_core.records.deviation import Deviation
from slora_core.records.tables import NOT_AVAILABLE, TextTable
from slora_core.report.model import Block, Paragraph, Section
from slora_core.report.phrases import Phrases
from slora_core.report.reading import ReadRun
from slora_core.types import UNCOMPENSATED


def stages_section(runs: Sequence[ReadRun], say: Phrases) -> Section:
    return Section(say("Stages"), tuple(_stages_table(run, say) for run in runs if run.stages))


def plan_section(runs: Sequence[ReadRun], say: Phrases) -> Section:
    """What was chosen, what it was predicted to need, and what the counters said."""
    blocks: list[Block] = []
    for run in runs:
        if run.plan and run.plan.get("stages"):
            blocks += [_plan_table(run, say), Paragraph(_plan_totals(run, say), "small")]
    return Section(say("Plan: chosen, predicted, measured"), tuple(blocks))


def accuracy_section(runs: Sequence[ReadRun], deviations: Sequence[tuple[Deviation, ...]], say: Phrases) -> Section:
    """One column a run, with the change against the first; then how far the moved statistics are apart."""
    blocks: list[Block] = []
    pairs = list(dict.fromkeys(pair for run in runs for pair in run.accuracy_of))
    shown = [run for run in runs if run.accuracies]
    for first in range(0, len(shown), 5):  # as many columns as a page is wide
        blocks.append(_accuracy_table(pairs, runs[0], shown[first : first + 5], say))
    for run, moved in zip(runs, deviations, strict=True):
        if moved:
            blocks.append(_deviation_table(run, runs[0], moved, say))
    return Section(say("Accuracy and deviation"), tuple(blocks))


def notices_section(runs: Sequence[ReadRun], say: Phrases) -> Section:
    blocks: list[Block] = []
    for run in runs:
        rows = [(_at(notice.t_s), say(notice.kind), notice.stage, notice.message) for notice in run.notices] + _ending(
            run, say
        )
        if rows:
            columns = (say("at"), say("kind"), say("stage"), say("message"))
            blocks.append(say.table(run.label, columns, rows, texts=4))
    return Section(say("Notices"), tuple(blocks or [Paragraph(say("None of the runs had anything to report."))]))


def _stages_table(run: ReadRun, say: Phrases) -> TextTable:
    ends = {True: "", False: say("not finished"), None: say("cut off")}
    rows: list[tuple[str, ...]] = [
        (
            stage.stage,
            say.seconds(stage.seconds),
            say.size(stage.allocated_bytes),
            say.size(stage.reserved_bytes),
            say.size(stage.rss_bytes),
            say.size(stage.live_after_bytes),
            ends[stage.completed],
        )
        for stage in run.stages
    ]
    columns = (
        say("stage"),
        say("time"),
        say("peak allocated"),
        say("peak reserved"),
        say("peak RSS"),
        say("live afterwards"),
        "",
    )
    empty = {"", say(NOT_AVAILABLE)}
    told = [number for number in range(len(columns)) if not {row[number] for row in rows} <= empty]
    return say.table(
        run.label, tuple(columns[number] for number in told), [tuple(row[number] for number in told) for row in rows]
    )


def _plan_table(run: ReadRun, say: Phrases) -> TextTable:
    measured = {stage.stage: stage for stage in run.stages}  # of a retried stage, the last
    rows = []
    for planned in (run.plan or {}).get("stages", ()):
        stage = measured.get(planned["stage"])
        rows.append(
            (
                planned["stage"],
                choice_words(planned.get("choice") or {}),
                say.size(planned.get("predicted_peak_bytes")),
                say.size(planned.get("bound_bytes")),
                say.size(stage.allocated_bytes if stage else None),
                say.seconds(planned.get("seconds")),
                say.seconds(stage.seconds if stage else None),
            )
        )
    columns = (
        say("stage"),
        say("chosen"),
        say("predicted peak"),
        say("bound"),
        say("measured peak"),
        say("predicted time"),
        say("measured time"),
    )
    return say.table(run.label, columns, rows, texts=2)


def _plan_totals(run: ReadRun, say: Phrases) -> str:
    plan = run.plan or {}
    return say(
        "Budget {budget}, policy {policy}; binding stage {stage}; smallest feasible budget {smallest}; predicted peak"
        " {peak}, measured {measured}.",
        budget=say.budget(plan.get("budget_bytes")),
        policy=plan.get("policy") or say(NOT_AVAILABLE),
        stage=plan.get("binding_stage") or say(NOT_AVAILABLE),
        smallest=say.size(plan.get("smallest_feasible_bytes")),
        peak=say.size(plan.get("predicted_peak_bytes")),
        measured=say.size(run.peaks.allocated_bytes),
    )


def _accuracy_table(
    pairs: Sequence[tuple[str, str]], base: ReadRun, runs: Sequence[ReadRun], say: Phrases
) -> TextTable:
    rows = []
    for pair in pairs:
        reference = base.accuracy_of.get(pair)
        cells = [pair[0] + (f" ({say('no compensation')})" if pair[0] == UNCOMPENSATED else ""), pair[1]]
        for run in runs:
            value = run.accuracy_of.get(pair)
            changed = (
                "" if run is base or value is None or reference is None else f" ({100 * (value - reference):+.2f})"
            )
            cells.append(say.percent(value) + changed)
        rows.append(tuple(cells))
    columns = (say("variant"), say("classifier"), *(run.label for run in runs))
    title = say("Accuracy after the last task")
    if any(run is not base for run in runs):
        title = say("Accuracy after the last task (in brackets: points against {base})", base=base.label)
    return say.table(title, columns, rows, texts=2)


def _deviation_table(run: ReadRun, base: ReadRun, moved: tuple[Deviation, ...], say: Phrases) -> TextTable:
    rows = [
        (
            row.variant or say("(unnamed)"),
            str(row.classes),
            f"{row.mean:.2e}",
            f"{row.covariance:.2e}",
            f"{row.worst_mean:.2e} ({row.worst_mean_class})",
            f"{row.worst_covariance:.2e} ({row.worst_covariance_class})",
        )
        for row in moved
    ]
    columns = (
        say("operator"),
        say("classes"),
        say("means"),
        say("covariances"),
        say("worst mean (class)"),
        say("worst covariance (class)"),
    )
    title = say("Moved statistics of {run}: relative Frobenius deviation from {base}", run=run.label, base=base.label)
    return say.table(title, columns, rows)


def _at(t_s: float) -> str:
    return f"{t_s:.2f}\u00a0s"


def _ending(run: ReadRun, say: Phrases) -> list[tuple[str, str, str, str]]:
    """The end of a run that did not finish, and what to do about it."""
    result = run.result
    if isinstance(result, RunFailed):
        text = f"{result.what}. {result.remedy}".removesuffix(" ") if result.remedy else result.what
        return [(_at(result.t_s), say("failed"), "", text)]
    if isinstance(result, RunCancelledEvent):
        return [(_at(result.t_s), say("cancelled"), result.stage, say("The run was cancelled."))]
    if result is None:
        return [(_at(run.end_s), say(run.header.status), "", say("The record ends here, without a result."))]
    return []
