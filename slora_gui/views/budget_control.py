"""The memory budget as a logarithmic slider and a size box, both ways with the job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QSlider, QWidget

from slora_core.memory.sizes import format_size
from slora_gui.i18n import Retranslating
from slora_gui.views.budget_steps import budget_steps, nearest_step
from slora_gui.views.changes import request_change
from slora_gui.views.layout import column, row, set_role, unbroken, wrapping_label
from slora_gui.views.size_edit import SizeEdit

if TYPE_CHECKING:
    from slora_gui.model.job_model import JobModel
    from slora_gui.model.what_if import Forecast


class BudgetControl(Retranslating, QWidget):
    """Slider, box, and a line that says whether the budget will do. The last stop of the slider is "unlimited"."""

    def __init__(self, job: JobModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job = job
        self._steps = budget_steps(None, None)
        self._forecast: Forecast | None = None
        self._device_bytes: int | None = None
        self._drag = 0
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(4)
        self.slider.valueChanged.connect(self._slide)
        self.slider.sliderPressed.connect(self._begin_drag)
        self.slider.sliderReleased.connect(self._fit_range)
        self.box = SizeEdit()
        self.box.setFixedWidth(128)
        self.box.committed.connect(self._type)
        self.verdict = wrapping_label("muted")
        self.raise_button = QPushButton()
        self.raise_button.clicked.connect(self._raise)
        self.raise_button.hide()
        line = row(self.slider, self.box, stretch=0)
        line.setAlignment(self.slider, Qt.AlignmentFlag.AlignTop)
        layout = column(self, spacing=4)
        layout.addLayout(line)
        layout.addWidget(self.verdict)
        layout.addWidget(self.raise_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        job.changed.connect(self._job_changed)
        self._fit_range()
        self.retranslate()

    def retranslate(self) -> None:
        self.slider.setAccessibleName(self.tr("Memory budget, logarithmic"))
        self.slider.setToolTip(self.tr("What the run may take of the compute device; the far right is unlimited"))
        self.raise_button.setToolTip(self.tr("Sets the smallest budget in which this run can be done"))
        self._show_verdict()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The groove lies at half the height of the box, also while something is written below that."""
        super().resizeEvent(event)
        self.slider.setFixedHeight(self.box.edit.sizeHint().height())

    def set_forecast(self, forecast: Forecast) -> None:
        """Take the verdict on the job's budget, and the sizes that matter for the range."""
        self._forecast = forecast
        if not self.slider.isSliderDown():
            self._fit_range()
        self._show_verdict()

    def set_device_total(self, total_bytes: int | None) -> None:
        self._device_bytes = total_bytes
        self._fit_range()

    def _job_changed(self, section: str) -> None:
        if section in ("", "memory"):
            self._show_budget()

    def _begin_drag(self) -> None:
        self._drag += 1

    def _slide(self, position: int) -> None:
        budget = self._steps[position] if position < len(self._steps) else None
        self._change(budget, f"budget-slider-{self._drag}")

    def _type(self, budget_bytes: int | None) -> None:
        self._change(budget_bytes, "")

    def _raise(self) -> None:
        if self._forecast is not None and self._forecast.smallest_bytes is not None:
            self._change(self._forecast.smallest_bytes, "")

    def _change(self, budget_bytes: int | None, merge_key: str) -> None:
        if budget_bytes == self._job.config.memory.budget:
            return
        sentence = request_change(self._job, {"memory": {"budget": budget_bytes}}, self.tr("Set budget"), merge_key)
        if sentence:
            self._show_budget()
            self.box.refuse(sentence)

    def _fit_range(self) -> None:
        forecast = self._forecast
        smallest = forecast.smallest_bytes if forecast is not None else None
        ample = self._device_bytes
        if ample is None and smallest is not None:
            ample = 64 * smallest
        steps = budget_steps(smallest, ample)
        budget = self._job.config.memory.budget
        if budget is not None and not steps[0] <= budget <= steps[-1]:
            steps = budget_steps(min(4 * budget, 4 * steps[0]), max(budget, steps[-1]))
        self._steps = steps
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, len(steps))
        self._show_budget()

    def _show_budget(self) -> None:
        budget = self._job.config.memory.budget
        position = len(self._steps) if budget is None else nearest_step(self._steps, budget)
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(position)
        self.box.set_size(budget)

    def _show_verdict(self) -> None:
        forecast = self._forecast
        smallest = None if forecast is None or forecast.plan is None else forecast.smallest_bytes
        short = forecast is not None and forecast.plan is not None and not forecast.plan.feasible
        self.raise_button.setVisible(short and smallest is not None)
        set_role(self.verdict, "danger" if short else "muted")
        self.verdict.setVisible(smallest is not None)
        if smallest is None:
            return
        size = format_size(smallest)
        self.raise_button.setText(self.tr("Set {size}").format(size=size))
        needs = self.tr("Too small: this run needs at least {size}.")
        text = needs if short else self.tr("Smallest that will do: {size}.")
        self.verdict.setText(unbroken(text.format(size=size)))
