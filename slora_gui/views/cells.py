"""Numbers that know how they are written, so that a table shows text and sorts by value."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from slora_core.memory.sizes import format_size
from slora_core.records.compare import COMPENSATION, Metric, Unit, Value
from slora_core.records.tables import format_seconds, format_value


class Size(int):
    """Bytes."""

    def __str__(self) -> str:
        return format_size(int(self))


class Seconds(float):
    def __str__(self) -> str:
        return format_seconds(float(self))


class Percent(float):
    """A fraction, written in percent."""

    def __str__(self) -> str:
        return f"{100 * float(self):.1f} %"


class SignedPercent(float):
    """A change as a fraction, written in percent with its sign."""

    def __str__(self) -> str:
        return f"{100 * float(self):+.1f} %"


class Range(float):
    """From one fraction to another, written in percent; sorted by its lower end."""

    def __new__(cls, low: float, high: float) -> Range:
        made = super().__new__(cls, low)
        made.high = high
        return made

    high: float

    def __str__(self) -> str:
        return f"{100 * float(self):.0f}–{100 * self.high:.0f} %"


class Measured(float):
    """A value of a unit, written as that unit is; ``signed`` for a difference."""

    def __new__(cls, value: float, unit: Unit, signed: bool = False) -> Measured:
        made = super().__new__(cls, value)
        made.text = format_value(value, unit, signed)
        return made

    text: str

    def __str__(self) -> str:
        return self.text


class Ratio(float):
    def __str__(self) -> str:
        return f"{float(self):.3g}×"


def metric_cells(metric: Metric, base: int) -> list[object]:
    """The value of each run, and for those that are not the base difference and ratio; None: not available."""
    cells: list[object] = []
    for index, value in enumerate(metric.values):
        cells.append(_value(value, metric.unit))
        if index != base:
            difference, ratio = metric.differences[index], metric.ratios[index]
            cells.append(None if difference is None else Measured(difference, metric.unit, signed=True))
            cells.append(None if ratio is None else Ratio(ratio))
    return cells


def metric_name(metric: Metric) -> str:
    """As a reader would write it: "attention.move: peak allocated"."""
    tr = QCoreApplication.translate
    names = {
        "peak_allocated_bytes": tr("Metrics", "peak allocated"),
        "peak_reserved_bytes": tr("Metrics", "peak reserved"),
        "peak_rss_bytes": tr("Metrics", "peak RSS"),
        "seconds": tr("Metrics", "time"),
        "budget_bytes": tr("Metrics", "budget"),
        "within_budget": tr("Metrics", "within budget"),
    }
    if metric.group == "accuracy":
        return metric.subject
    name = names.get(metric.name, metric.name)
    subject = tr("Metrics", "all operators") if metric.subject == COMPENSATION else metric.subject
    return f"{subject}: {name}" if subject else name


def _value(value: Value, unit: Unit) -> object:
    return None if value is None else Measured(float(value), unit)
