"""The nine memory measures as switches, with the saving that was expected and the one that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QWidget

from slora_core.config import MeasuresConfig
from slora_gui.i18n import Retranslating
from slora_gui.views.layout import GRID, column, wrapping_label
from slora_gui.views.setting_field import SettingField
from slora_gui.views.setting_texts import measure_text

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel

EXPECTED = {
    "feature_cache": (20, 30),
    "progressive_release": (30, 40),
    "tiled_attention": (10, 15),
    "device_split": (20, 30),
    "stage_release": (15, 25),
}
"""Percent of memory that the original plan expects to save; it names none for the other measures."""


class MeasuresForm(Retranslating, QWidget):
    """A switch a measure; each can be off on its own, so that its effect can be measured."""

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._measured: dict[str, float] = {}
        self.switches = {name: SettingField(job, ("measures", name)) for name in MeasuresConfig.model_fields}
        self._effects: dict[str, QLabel] = {name: wrapping_label("muted") for name in self.switches}
        layout = column(self)
        for name, switch in self.switches.items():
            measure = column(spacing=2)
            measure.addWidget(switch)
            self._effects[name].setContentsMargins(3 * GRID, 0, 0, 0)
            measure.addWidget(self._effects[name])
            layout.addLayout(measure)
        self.retranslate()

    def set_measured(self, savings: Mapping[str, float]) -> None:
        """Savings of peak memory by measure, as fractions of the peak without it; from an ablation."""
        self._measured = dict(savings)
        self._show_effects()

    def retranslate(self) -> None:
        for name, switch in self.switches.items():
            label, tip = measure_text(name)
            switch.set_texts(label, tip, self.tr("Switch '{measure}'").format(measure=label))
        self._show_effects()

    def _show_effects(self) -> None:
        for name, line in self._effects.items():
            parts = []
            if name in EXPECTED:
                low, high = EXPECTED[name]
                parts.append(self.tr("expected {low}–{high} %").format(low=low, high=high))
            if name in self._measured:
                parts.append(self.tr("measured {percent:.1f} %").format(percent=100 * self._measured[name]))
            if name == "mixed_precision":
                parts.append(self.tr("changes results; all others do not"))
            line.setText(" · ".join(parts))
            line.setVisible(bool(parts))
            self.switches[name].editor.setAccessibleDescription(line.text())
