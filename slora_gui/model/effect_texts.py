"""What a memory measure saves or costs, as a sentence in the language of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from slora_core.studies.ablation.results import NOTABLE
from slora_gui.model.stage_texts import stage_text

if TYPE_CHECKING:
    from slora_core.studies.ablation.results import Effect


def effect_text(effect: Effect) -> str:
    """The verdict on a measure, as :func:`slora_core.studies.ablation.results` reaches it; why it failed if it did."""
    if effect.failure:
        return effect.failure
    parts = [text for text in (_saving(effect), _time(effect), _accuracy(effect)) if text]
    if parts:
        return QCoreApplication.translate("Effects", ", ").join(parts)
    translate = QCoreApplication.translate
    fixed = {
        "no effect": translate("Effects", "no effect"),
        "no notable effect": translate("Effects", "no notable effect"),
        "not measured": translate("Effects", "not measured"),
    }
    return fixed.get(effect.verdict, effect.verdict)


def _saving(effect: Effect) -> str:
    saving = effect.saving or 0.0
    if saving >= NOTABLE:
        text = QCoreApplication.translate("Effects", "saves {percent} % of the peak")
        return text.format(percent=f"{100 * saving:.1f}")
    if saving <= -NOTABLE:
        return QCoreApplication.translate("Effects", "takes {times} times the peak").format(times=f"{1 - saving:.3g}")
    if (effect.best_stage_saving or 0.0) >= NOTABLE:
        text = QCoreApplication.translate("Effects", "saves {percent} % of {stage} only")
        return text.format(
            percent=f"{100 * (effect.best_stage_saving or 0.0):.1f}", stage=stage_text(effect.best_stage)
        )
    return ""


def _time(effect: Effect) -> str:
    """Beyond the spread of the repetitions."""
    change = effect.time_change
    if change is None or change.runs < 2 or change.least <= 0 <= change.most:
        return ""
    text = (
        QCoreApplication.translate("Effects", "{percent} % slower")
        if change.median > 0
        else QCoreApplication.translate("Effects", "{percent} % faster")
    )
    return text.format(percent=f"{100 * abs(change.median):.0f}")


def _accuracy(effect: Effect) -> str:
    if not effect.accuracy_change:
        return ""
    text = QCoreApplication.translate("Effects", "accuracy {points} points")
    return text.format(points=f"{100 * effect.accuracy_change:+.2f}".replace("-", "\u2212"))
