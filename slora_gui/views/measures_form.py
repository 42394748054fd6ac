"""The nine memory measures as switches, with the saving that was expected and the one that was measured."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QLabel, QWidget

from slora_core.config import MeasuresConfig
from slora_gui.i18n import Retranslating
from slora_gui.model.job_model import JobModel
from slora_gui.views.layout import GRID, column, wrapping_label
from slora_gui.views.setting_field import SettingField

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
        layout = column(self, spacing=2)
        for name, switch in self.switches.items():
            layout.addWidget(switch)
            self._effects[name].setContentsMargins(3 * GRID, 0, 0, 4)
            layout.addWidget(self._effects[name])
        self.retranslate()

    def set_measured(self, savings: Mapping[str, float]) -> None:
        """Savings of peak memory by measure, as fractions of the peak without it; from an ablation."""
        self._measured = dict(savings)
        self._show_effects()

    def retranslate(self) -> None:
        for name, (label, tip) in self._texts().items():
            if name in self.switches:
                self.switches[name].set_texts(label, tip, self.tr("Switch “{measure}”").format(measure=label))
        for name in self.switches.keys() - self._texts().keys():
            self.switches[name].set_texts(name.replace("_", " "), "", name)
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

    def _texts(self) -> dict[str, tuple[str, str]]:
        return {
            "feature_cache": (
                self.tr("Smart feature cache"),
                self.tr("Features of images seen before are kept, least recently used out first"),
            ),
            "progressive_release": (
                self.tr("Progressive release"),
                self.tr("Extracted features leave the device batch by batch"),
            ),
            "tiled_attention": (
                self.tr("Tiled attention"),
                self.tr("The attention is computed in tiles that fit the budget"),
            ),
            "device_split": (
                self.tr("CPU/GPU split statistics"),
                self.tr("Class statistics wait on the host and visit the device a batch at a time"),
            ),
            "adaptive_budget": (
                self.tr("Budget manager"),
                self.tr("Chunk sizes follow the budget; without it they are the original’s 128"),
            ),
            "stage_release": (self.tr("Release at stage borders"), self.tr("What a stage leaves behind is given back")),
            "mixed_precision": (
                self.tr("Mixed precision"),
                self.tr("Half precision off the critical path; the one measure that changes results"),
            ),
            "activation_checkpointing": (
                self.tr("Activation checkpointing"),
                self.tr("Intermediate activations are computed again instead of kept"),
            ),
            "weak_chunks": (
                self.tr("Weak-nonlinear in chunks"),
                self.tr("Samples are pushed through the network a chunk at a time"),
            ),
        }
