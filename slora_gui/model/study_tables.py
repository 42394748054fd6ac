"""The tables of the studies: expected beside measured savings of the measures, and the tuner's trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication, QObject

from slora_gui.model.rows_table import Column, RowsTable
from slora_gui.model.tables import seconds_column, size_column, text_column
from slora_gui.model.texts import QT_TRANSLATE_NOOP, not_available, percent_text, seconds_text, size_text


@dataclass(frozen=True, slots=True)
class AblationRow:
    """One measure in one way of switching it: alone "off", alone "on", or "cumulated" with those before it.

    ``expected`` is the saving of peak memory that the original plan hoped for, as a range of fractions; ``saving`` the
    measured one (median of the repeats, with the least and the most); changes are against the run without the measure.
    ``no_effect``: the measure does nothing in this source. None is not measured.
    """

    measure: str
    way: str
    expected: tuple[float, float] | None = None
    saving: float | None = None
    least: float | None = None
    most: float | None = None
    saved_bytes: int | None = None
    seconds_change: float | None = None
    accuracy_change: float | None = None
    no_effect: bool = False


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One measured trial of the tuner; ``reused`` from an earlier tuning, ``chosen`` by this one."""

    stage: str
    choice: str
    peak_bytes: int | None
    seconds: float | None
    predicted_s: float | None = None
    reused: bool = False
    chosen: bool = False


def _expected_text(row: AblationRow) -> str:
    if row.expected is None:
        return ""
    low, high = (round(100 * value) for value in row.expected)
    return f"{low}–{high} %"


def _saving_text(row: AblationRow) -> str:
    if row.no_effect:
        return QCoreApplication.translate("Tables", "no effect here")
    if row.saving is None:
        return not_available()
    return percent_text(row.saving).replace("-", "\u2212", 1)


def _spread_text(row: AblationRow) -> str:
    if row.least is None or row.most is None:
        return ""
    return QCoreApplication.translate("Tables", "{least} to {most}").format(
        least=percent_text(row.least).replace("-", "\u2212", 1), most=percent_text(row.most).replace("-", "\u2212", 1)
    )


def _way_text(row: AblationRow) -> str:
    translate = QCoreApplication.translate
    texts = {
        "off": translate("Tables", "alone off"),
        "on": translate("Tables", "alone on"),
        "cumulated": translate("Tables", "cumulated"),
    }
    return texts.get(row.way, row.way)


def _origin_text(row: TrialRow) -> str:
    translate = QCoreApplication.translate
    if row.chosen:
        return translate("Tables", "chosen")
    return translate("Tables", "measured earlier") if row.reused else ""


_ABLATION: Final[tuple[Column[AblationRow], ...]] = (
    text_column(QT_TRANSLATE_NOOP("Tables", "measure"), "measure"),
    Column(QT_TRANSLATE_NOOP("Tables", "switched"), _way_text, _way_text),
    Column(
        QT_TRANSLATE_NOOP("Tables", "expected saving"),
        lambda row: None if row.expected is None else row.expected[0],
        _expected_text,
        True,
        QT_TRANSLATE_NOOP("Tables", "What the original plan hoped for"),
    ),
    Column(QT_TRANSLATE_NOOP("Tables", "measured saving"), lambda row: row.saving, _saving_text, True),
    Column(
        QT_TRANSLATE_NOOP("Tables", "spread"),
        lambda row: None if row.least is None or row.most is None else row.most - row.least,
        _spread_text,
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("Tables", "saved"),
        lambda row: row.saved_bytes,
        lambda row: size_text(row.saved_bytes, signed=True),
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("Tables", "change in time"),
        lambda row: row.seconds_change,
        lambda row: seconds_text(row.seconds_change, signed=True),
        True,
    ),
    Column(
        QT_TRANSLATE_NOOP("Tables", "change in accuracy"),
        lambda row: row.accuracy_change,
        lambda row: percent_text(row.accuracy_change, signed=True),
        True,
    ),
)

_TRIALS: Final[tuple[Column[TrialRow], ...]] = (
    text_column(QT_TRANSLATE_NOOP("Tables", "stage"), "stage"),
    text_column(QT_TRANSLATE_NOOP("Tables", "choice"), "choice"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak"), "peak_bytes"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "time"), "seconds"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "predicted time"), "predicted_s"),
    Column("", lambda row: (2 if row.chosen else 0) + row.reused, _origin_text),
)


class AblationTable(RowsTable[AblationRow]):
    """Expected beside measured saving; ``set_rows`` as results come."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_ABLATION, parent)


class TrialsTable(RowsTable[TrialRow]):
    """The tuner's trials; ``set_rows`` as they are measured."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_TRIALS, parent)
