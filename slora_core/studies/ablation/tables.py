"""The tables of an ablation: what the original plan expects of each measure beside what was measured. Torch-free."""

from __future__ import annotations

from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable, format_seconds
from slora_core.studies.ablation.results import Ablation, Effect, Spread

_TITLES = {
    "off alone": "Each measure alone off, all others on",
    "on alone": "Each measure alone on, all others off",
    "cumulated": "Cumulated in the order of priority",
}


def ablation_tables(ablation: Ablation) -> tuple[TextTable, ...]:
    """One table a view; columns that no row has anything for are left out."""
    return tuple(_table(title, ablation.view(view)) for view, title in _TITLES.items())


def _table(title: str, effects: list[Effect]) -> TextTable:
    columns: dict[str, list[str]] = {
        "measure": [effect.measure for effect in effects],
        "priority": [effect.priority for effect in effects],
        "expected": [_expected(effect) for effect in effects],
        "saved": [_percent(effect.saving) for effect in effects],
        "peak without": [_size(effect.peak_without_bytes) for effect in effects],
        "with": [_size(effect.peak_with_bytes) for effect in effects],
        "saved of reserved": [_percent(effect.saving_reserved) for effect in effects],
        "reserved without": [_size(effect.reserved_without_bytes) for effect in effects],
        "reserved with": [_size(effect.reserved_with_bytes) for effect in effects],
        "time without": [_seconds(effect.seconds_without) for effect in effects],
        "time with": [_seconds(effect.seconds_with) for effect in effects],
        "time": [_change(effect.time_change) for effect in effects],
        "deviation": ["" if effect.deviation is None else f"{effect.deviation:.1e}" for effect in effects],
        "accuracy": [_points(effect.accuracy_change) for effect in effects],
        "effect": [effect.failure or effect.verdict for effect in effects],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    numeric = tuple(name not in ("measure", "priority", "effect") for name in kept)
    return TextTable(title, tuple(kept), numeric, tuple(zip(*kept.values(), strict=True)))


def _expected(effect: Effect) -> str:
    return "" if effect.expected is None else f"{100 * effect.expected[0]:.0f}-{100 * effect.expected[1]:.0f} %"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _size(value: int | None) -> str:
    return "" if value is None else format_size(value)


def _seconds(spread: Spread | None) -> str:
    """``1.2 s (1.1-1.5)``: the median and the extremes."""
    if spread is None:
        return ""
    if spread.runs == 1:
        return format_seconds(spread.median)
    return f"{format_seconds(spread.median)} ({spread.least:.3g}-{spread.most:.3g})"


def _change(spread: Spread | None) -> str:
    if spread is None:
        return ""
    if spread.runs == 1:
        return f"{100 * spread.median:+.0f} %"
    return f"{100 * spread.median:+.0f} % ({100 * spread.least:+.0f} to {100 * spread.most:+.0f})"


def _points(change: float | None) -> str:
    return "" if change is None else f"{100 * change:+.2f} points"
