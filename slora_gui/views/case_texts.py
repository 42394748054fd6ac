"""What the cases of an ablation are called: which measures are on."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from slora_core.studies.ablation.measures import MEASURES
from slora_gui.views.setting_texts import measure_text


def case_text(case: str) -> str:
    """Of the names of the measures that are on, joined by commas."""
    translate = QCoreApplication.translate
    on = [name for name in case.split(",") if name]
    off = [measure.name for measure in MEASURES if measure.name not in on]
    if not off:
        return translate("Cases", "All measures on")
    if not on:
        return translate("Cases", "All measures off")
    if len(off) == 1:
        return translate("Cases", "{measure} alone off").format(measure=measure_text(off[0])[0])
    if len(on) == 1:
        return translate("Cases", "{measure} alone on").format(measure=measure_text(on[0])[0])
    return translate("Cases", "The first {count} measures on").format(count=len(on))
