"""The tables of an ablation: what the original plan expects of each measure beside what was measured. Torch-free."""

from __future__ import annotations

from collections.abc import Collection

from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds
from slora_core.studies.ablation.effects import Effect, Spread
from slora_core.studies.ablation.results import Ablation
from slora_core.studies.ablation.verdict import Say, in_english, verdict_of


def ablation_tables(ablation: Ablation, say: Say = in_english, left_out: Collection[str] = ()) -> tuple[TextTable, ...]:
    """One table a view; columns that no row has anything for are left out, and those named in ``left_out``."""
    return (
        _table(say("Each measure alone off, all others on"), ablation.view("off alone"), say, left_out),
        _table(say("Each measure alone on, all others off"), ablation.view("on alone"), say, left_out),
        _table(say("Cumulated in the order of priority"), ablation.view("cumulated"), say, left_out),
    )


def overview_table(ablation: Ablation, say: Say = in_english) -> TextTable:
    """The expected saving of the peak beside the measured one of each view."""
    views = [ablation.view(name) for name in ("off alone", "on alone", "cumulated")]
    rows = [
        (effects[0].measure, _priority(effects[0], say), _expected(effects[0]), *(_percent(e.saving) for e in effects))
        for effects in zip(*views, strict=True)
    ]
    columns = (
        say("measure"),
        say("priority"),
        say("expected saving"),
        say("alone off"),
        say("alone on"),
        say("cumulated"),
    )
    title = say("Saving of the peak, expected and measured")
    return TextTable(title, columns, (False, False, *(True,) * 4), tuple(rows))


def _table(title: str, effects: list[Effect], say: Say, left_out: Collection[str]) -> TextTable:
    columns = {
        "measure": (say("measure"), [effect.measure for effect in effects]),
        "priority": (say("priority"), [_priority(effect, say) for effect in effects]),
        "expected": (say("expected"), [_expected(effect) for effect in effects]),
        "saved": (say("saved"), [_percent(effect.saving) for effect in effects]),
        "peak without": (say("peak without"), [_size(effect.peak_without_bytes) for effect in effects]),
        "peak with": (say("peak with"), [_size(effect.peak_with_bytes) for effect in effects]),
        "saved of reserved": (say("saved of reserved"), [_percent(effect.saving_reserved) for effect in effects]),
        "reserved without": (say("reserved without"), [_size(effect.reserved_without_bytes) for effect in effects]),
        "reserved with": (say("reserved with"), [_size(effect.reserved_with_bytes) for effect in effects]),
        "time without": (say("time without"), [_seconds(effect.seconds_without) for effect in effects]),
        "time with": (say("time with"), [_seconds(effect.seconds_with) for effect in effects]),
        "time": (say("time"), [_change(effect.time_change, say) for effect in effects]),
        "deviation": (say("deviation"), [_deviation(effect) for effect in effects]),
        "accuracy": (say("accuracy"), [_points(effect.accuracy_change, say) for effect in effects]),
        "effect": (say("effect"), [effect.failure or verdict_of(effect, say) for effect in effects]),
    }
    kept = {name: column for name, column in columns.items() if any(column[1]) and name not in left_out}
    numeric = tuple(name not in ("measure", "priority", "effect") for name in kept)
    headings, cells = zip(*kept.values(), strict=True)
    return TextTable(title, headings, numeric, tuple(zip(*cells, strict=True)))


def _priority(effect: Effect, say: Say) -> str:
    return {"high": say("high"), "middle": say("middle"), "low": say("low")}.get(effect.priority, effect.priority)


def _expected(effect: Effect) -> str:
    return "" if effect.expected is None else f"{100 * effect.expected[0]:.0f}-{100 * effect.expected[1]:.0f} %"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _size(value: int | None) -> str:
    return "" if value is None else format_size(value)


def _deviation(effect: Effect) -> str:
    if effect.deviation is None:
        return ""
    return f"{effect.deviation:.1e}" if effect.deviation else "0"


def _seconds(spread: Spread | None) -> str:
    """``1.2 s (1.1-1.5)``: the median and the extremes."""
    if spread is None:
        return ""
    if spread.runs == 1:
        return format_seconds(spread.median)
    return f"{format_seconds(spread.median)} ({spread.least:.3g}-{spread.most:.3g})"


def _change(spread: Spread | None, say: Say) -> str:
    if spread is None:
        return ""
    median, least, most = (f"{100 * value:+.0f}" for value in (spread.median, spread.least, spread.most))
    if spread.runs == 1:
        return f"{median} %"
    return say("{median} % ({least} to {most})", median=median, least=least, most=most)


def _points(change: float | None, say: Say) -> str:
    return "" if change is None else say("{points} points", points=f"{100 * change:+.2f}")
