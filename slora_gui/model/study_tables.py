"""The table of the tuner's trials."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QObject

from slora_core.studies.tuning.results import StageTrial
from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.rows_table import Column, RowsTable
from slora_gui.model.tables import seconds_column, size_column, stage_column, text_column


def _how_text(trial: StageTrial) -> str:
    translate = QCoreApplication.translate
    if trial.failure:
        return translate("Tables", "failed: {why}").format(why=trial.failure)
    return translate("Tables", "whole stage") if trial.whole else translate("Tables", "drawn out from a part")


_TRIALS: Final[tuple[Column[StageTrial], ...]] = (
    stage_column(),
    text_column(QT_TRANSLATE_NOOP("Tables", "choice"), "choice"),
    size_column(QT_TRANSLATE_NOOP("Tables", "peak"), "peak_bytes"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "time"), "seconds"),
    seconds_column(QT_TRANSLATE_NOOP("Tables", "built-in model"), "modelled_s"),
    Column(QT_TRANSLATE_NOOP("Tables", "measured"), _how_text, _how_text),
)


class TrialsTable(RowsTable[StageTrial]):
    """The tuner's trials; ``set_rows`` as they are measured."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_TRIALS, parent)
