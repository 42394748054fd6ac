"""What a memory measure saves or costs, in a few words in the language of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QCoreApplication

from slora_core.studies.ablation.verdict import verdict_of
from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.stage_texts import stage_text

if TYPE_CHECKING:
    from slora_core.studies.ablation.effects import Effect

PHRASES: Final = (
    QT_TRANSLATE_NOOP("Effects", ", "),
    QT_TRANSLATE_NOOP("Effects", "not measured"),
    QT_TRANSLATE_NOOP("Effects", "no effect"),
    QT_TRANSLATE_NOOP("Effects", "no effect: {reason}"),
    QT_TRANSLATE_NOOP("Effects", "no model runs"),
    QT_TRANSLATE_NOOP("Effects", "no model is trained"),
    QT_TRANSLATE_NOOP("Effects", "no notable effect"),
    QT_TRANSLATE_NOOP("Effects", "saves {share} of the peak"),
    QT_TRANSLATE_NOOP("Effects", "takes {factor} times the peak"),
    QT_TRANSLATE_NOOP("Effects", "saves {share} of {stage} only"),
    QT_TRANSLATE_NOOP("Effects", "{share} slower"),
    QT_TRANSLATE_NOOP("Effects", "{share} faster"),
    QT_TRANSLATE_NOOP("Effects", "accuracy {change} points"),
)
"""Those of the engine's verdicts."""


def effect_text(effect: Effect) -> str:
    """The verdict on a measure; of runs that failed why they did."""
    return effect.failure or verdict_of(effect, _say)


def _say(text: str, **values: Any) -> str:
    if "stage" in values:
        values["stage"] = stage_text(values["stage"])
    return QCoreApplication.translate("Effects", text).format(**values)
