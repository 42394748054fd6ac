"""Composes the report of recorded runs: the summary, then a section for each kind of figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slora_core.errors import InputError
from slora_core.records.report.configuration import configuration_section
from slora_core.records.report.curves import of_run, overlaid
from slora_core.records.report.model import Block, Report, Section
from slora_core.records.report.phrases import Phrases
from slora_core.records.report.reading import ReadRun, moved_deviations, read_runs
from slora_core.records.report.sections import accuracy_section, notices_section, plan_section, stages_section
from slora_core.records.report.summary import summary_blocks
from slora_core.records.run_file import RunFile


def build_report(runs: Sequence[RunFile], language: str = "en", now: datetime | None = None) -> Report:
    """The report of ``runs``, the first of which is the base, in a language of LANGUAGES. Raises InputError."""
    if not runs:
        raise InputError("a report of no runs: expected at least one run file")
    say = Phrases(language)
    read = read_runs(runs)
    deviations = ((), *(moved_deviations(read[0], other) for other in read[1:]))
    stamp = (now or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M %z").strip()
    title = say("comparison of runs") if len(read) > 1 else say("report of a run")
    sections = (
        _memory_section(read, say),
        stages_section(read, say),
        plan_section(read, say),
        accuracy_section(read, deviations, say),
        notices_section(read, say),
        configuration_section(read, say),
    )
    return Report(
        language,
        say("Distribution compensation: {title}", title=title),
        say("SLoRA, {date}", date=stamp),
        say("Contents"),
        say("page {page} of {pages}"),
        summary_blocks(read, deviations, say),
        tuple(section for section in sections if section.blocks),
    )


def _memory_section(runs: Sequence[ReadRun], say: Phrases) -> Section:
    figures: list[Block] = [*overlaid(runs, say)] if len(runs) > 1 else []
    for run in runs:
        figures += of_run(run, say)
    return Section(say("Memory curves"), tuple(figures))
