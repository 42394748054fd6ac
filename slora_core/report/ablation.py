"""What an ablation adds to a report: a sentence, what was studied, and the expected beside the measured savings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from slora_core.records.tables import TextTable
from slora_core.report.model import Block, Paragraph, Section
from slora_core.report.phrases import Phrases
from slora_core.report.studies import ReadAblation
from slora_core.studies.ablation.tables import ablation_tables, overview_table
from slora_core.studies.ablation.verdict import NOTABLE

_TOO_WIDE = ("priority", "time without", "time with", "reserved without", "reserved with")
"""What a page has no room for; the CSV holds it."""


def ablation_headlines(studies: Sequence[ReadAblation], say: Phrases) -> list[str]:
    return [f"{_together(study, say)} {_largest(study, say)}".strip() for study in studies]


def ablation_summary(studies: Sequence[ReadAblation], say: Phrases) -> list[Block]:
    """What was studied, and the savings of every study at a glance."""
    return [_what_was_studied(studies, say), *(_overview(study, studies, say) for study in studies)]


def ablation_section(studies: Sequence[ReadAblation], say: Phrases, *, summarised: bool) -> Section:
    """Every view of every study, each measure's expected saving beside the measured one.

    ``summarised``: the first page shows :func:`ablation_summary` already.
    """
    blocks: list[Block] = []
    if studies and not summarised:
        blocks += ablation_summary(studies, say)
    for study in studies:
        blocks += _views(study, studies, say)
    if studies:
        blocks.append(Paragraph(_reading_aid(say), "small"))
    return Section(say("Ablation of the memory measures"), tuple(blocks))


def _together(study: ReadAblation, say: Phrases) -> str:
    """All measures on against all off; "" while these are not measured."""
    on, off = study.ablation.view("off alone"), study.ablation.view("on alone")
    peak, base = _first(e.peak_with_bytes for e in on), _first(e.peak_without_bytes for e in off)
    spent, base_spent = _first(e.seconds_with for e in on), _first(e.seconds_without for e in off)
    if None in (peak, base, spent, base_spent):
        return ""
    return say(
        "{study}, all nine measures on against all off: peak memory {peak} instead of {base_peak} ({peak_factor}),"
        " time {time} instead of {base_time} ({time_factor}).",
        study=study.label,
        peak=say.tied(say.size(peak)),
        base_peak=say.tied(say.size(base)),
        peak_factor=say.tied(say.factor(peak / base if base else None)),
        time=say.tied(say.seconds(spent.median)),
        base_time=say.tied(say.seconds(base_spent.median)),
        time_factor=say.tied(say.factor(spent.median / base_spent.median if base_spent.median else None)),
    )


def _largest(study: ReadAblation, say: Phrases) -> str:
    known = [effect for effect in study.ablation.view("off alone") if effect.saving is not None]
    best = max(known, key=lambda effect: effect.saving or 0.0, default=None)
    if best is None or best.saving is None:
        return say("{study}: no saving is measured yet.", study=study.label)
    if best.saving < NOTABLE:
        return say("With the others on, no single measure saves half a percent of the peak.")
    return say(
        "With the others on, {measure} saves most: {share} of the peak.",
        measure=best.measure,
        share=say.tied(say.percent(best.saving, 1)),
    )


def _what_was_studied(studies: Sequence[ReadAblation], say: Phrases) -> TextTable:
    rows = [
        (
            study.label,
            str(study.config.get("source", {}).get("kind", "")),
            ", ".join(study.config.get("operators", {}).get("names", ())),
            say.budget(study.config.get("memory", {}).get("budget")),
            say("{done} of {all}", done=study.runs, all=study.runs_planned),
            say("finished" if study.finished else "interrupted"),
            say.local_time(study.started_at),
        )
        for study in studies
    ]
    columns = (
        say("study"),
        say("source"),
        say("operators"),
        say("budget"),
        say("runs"),
        say("status"),
        say("started"),
    )
    return say.table(say("What was studied"), columns, rows, texts=len(columns))


def _overview(study: ReadAblation, studies: Sequence[ReadAblation], say: Phrases) -> TextTable:
    return _titled(overview_table(study.ablation, say), study, studies)


def _views(study: ReadAblation, studies: Sequence[ReadAblation], say: Phrases) -> list[TextTable]:
    return [_titled(table, study, studies) for table in ablation_tables(study.ablation, say, _TOO_WIDE)]


def _titled(table: TextTable, study: ReadAblation, studies: Sequence[ReadAblation]) -> TextTable:
    title = f"{study.label}: {table.title}" if len(studies) > 1 else table.title
    return TextTable(title, table.columns, table.numeric, table.rows)


def _reading_aid(say: Phrases) -> str:
    return say(
        "Expected: the saving of VRAM that the original plan states; empty where it states none. Saved: of the"
        " allocated peak over all stages, 1 - with / without. Time: median change, in brackets the extremes of the"
        " repetitions. Deviation: of the moved statistics from the run that the table starts from. Accuracy: mean"
        " change over variants and classifiers. Empty: not available."
    )


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)
