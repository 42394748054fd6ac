"""Composes the report of recorded runs: the summary, then a section for each kind of figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slora_core.errors import InputError
from slora_core.records.deviation import Deviation
from slora_core.records.run_file import RunFile
from slora_core.report.ablation import ablation_headlines, ablation_section, ablation_summary
from slora_core.report.configuration import configuration_section
from slora_core.report.curves import of_run, overlaid
from slora_core.report.headlines import headlines
from slora_core.report.machine import machine_table
from slora_core.report.model import Block, Paragraph, Report, Section
from slora_core.report.phrases import Phrases
from slora_core.report.reading import ReadRun, moved_deviations, read_runs
from slora_core.report.sections import accuracy_section, notices_section, plan_section, stages_section
from slora_core.report.studies import ReadAblation
from slora_core.report.summary import summary_blocks


def build_report(
    runs: Sequence[RunFile],
    language: str = "en",
    now: datetime | None = None,
    *,
    ablations: Sequence[ReadAblation] = (),
) -> Report:
    """The report of ``runs``, the first of which is the base, and of ``ablations``, in a language of LANGUAGES.

    Raises InputError for another language and where there is nothing to report.
    """
    if not (runs or ablations):
        raise InputError("a report of nothing: expected at least one run file or study")
    say = Phrases(language)
    read = read_runs(runs)
    deviations = tuple(moved_deviations(read[0], other) if number else () for number, other in enumerate(read))
    stamp = (now or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M %z").strip()
    of_runs: tuple[Section, ...] = ()
    if read:
        of_runs = (
            _memory_section(read, say),
            stages_section(read, say),
            plan_section(read, say),
            accuracy_section(read, deviations, say),
        )
    sections = (
        *of_runs,
        ablation_section(ablations, say, summarised=not read),
        *((notices_section(read, say),) if read else ()),
        configuration_section([*read, *ablations], say),
    )
    return Report(
        language,
        say("Distribution compensation: {title}", title=_title(read, say)),
        say("SLoRA, {date}", date=stamp),
        say("Contents"),
        say("page {page} of {pages}"),
        _summary(read, deviations, ablations, say),
        tuple(section for section in sections if section.blocks),
    )


def _title(runs: Sequence[ReadRun], say: Phrases) -> str:
    if not runs:
        return say("ablation")
    return say("comparison of runs") if len(runs) > 1 else say("report of a run")


def _summary(
    runs: Sequence[ReadRun],
    deviations: Sequence[tuple[Deviation, ...]],
    ablations: Sequence[ReadAblation],
    say: Phrases,
) -> tuple[Block, ...]:
    leads = [*(headlines(runs, say) if runs else ()), *ablation_headlines(ablations, say)]
    body = summary_blocks(runs, deviations, say) if runs else ablation_summary(ablations, say)
    return (*(Paragraph(text, "lead") for text in leads), *body, machine_table([*runs, *ablations], say))


def _memory_section(runs: Sequence[ReadRun], say: Phrases) -> Section:
    figures: list[Block] = [*overlaid(runs, say)] if len(runs) > 1 else []
    for run in runs:
        figures += of_run(run, say)
    return Section(say("Memory curves"), tuple(figures))
