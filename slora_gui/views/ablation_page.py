"""The ablation: what each memory measure was expected to save, and what it saves, alone and together."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox, QWidget

from slora_gui.i18n import Retranslating
from slora_gui.theme import icon
from slora_gui.views.data_table import DataTable
from slora_gui.views.layout import MARGIN, column, heading, row, wrapping_label
from slora_gui.views.study_bar import StudyBar


class AblationPage(Retranslating, QWidget):
    """Shows a table model of ablation rows, growing as runs finish."""

    start_requested = Signal(int)
    """Repeats of every run."""
    resume_requested = Signal(int)
    cancel_requested = Signal()
    export_requested = Signal(str)

    def __init__(self, rows: QAbstractItemModel | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: QAbstractItemModel | None = None
        self._title = heading(1)
        self._line = wrapping_label("muted")
        self._empty = wrapping_label("muted")
        self.repeats = QSpinBox()
        self.repeats.setRange(1, 20)
        self.repeats.setValue(3)
        self._repeats_label = QLabel()
        self._repeats_label.setBuddy(self.repeats)
        self.study = StudyBar(self._repeats_label, self.repeats)
        self.study.start_requested.connect(self._start)
        self.study.resume_requested.connect(self._resume)
        self.study.cancel_requested.connect(self.cancel_requested)
        self.csv_button = QPushButton()
        self.csv_button.setIcon(icon("export"))
        self.csv_button.clicked.connect(self._export)
        self.table = DataTable(sortable=True)
        layout = column(self, margin=MARGIN)
        layout.addWidget(self._title)
        layout.addWidget(self._line)
        layout.addWidget(self.study)
        layout.addLayout(row(self.csv_button))
        layout.addWidget(self._empty)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        self.retranslate()
        self.show_rows(rows)

    def show_rows(self, rows: QAbstractItemModel | None) -> None:
        """The table of the study of this job; None: it has not been done."""
        old = self._rows
        if old is not None and old is not rows:
            old.modelReset.disconnect(self._show)
            old.rowsInserted.disconnect(self._show)
        self._rows = rows
        self.table.show_model(rows)
        if rows is not None and rows is not old:
            rows.modelReset.connect(self._show)
            rows.rowsInserted.connect(self._show)
        self._show()

    def retranslate(self) -> None:
        self._title.setText(self.tr("Ablation"))
        self._line.setText(
            self.tr(
                "Every memory measure switched off alone, switched on alone, and added one after another in the"
                " original plan’s order: the saving that the plan expects beside the one that this job measures."
            )
        )
        self._empty.setText(self.tr("Not measured yet. Each run is short on the demo; on large files allow for many."))
        self._repeats_label.setText(self.tr("Repeats"))
        self.repeats.setToolTip(self.tr("Runs of each configuration; the table shows their median and spread"))
        self.repeats.setAccessibleName(self.tr("Repeats"))
        self.csv_button.setText(self.tr("Export CSV…"))
        self.table.setAccessibleName(self.tr("Expected and measured saving of each measure"))

    def _show(self) -> None:
        some = self._rows is not None and self._rows.rowCount() > 0
        self.table.setVisible(some)
        self.csv_button.setVisible(some)
        self._empty.setVisible(not some)

    def _export(self) -> None:
        self.export_requested.emit("csv")

    def _start(self) -> None:
        self.start_requested.emit(self.repeats.value())

    def _resume(self) -> None:
        self.resume_requested.emit(self.repeats.value())
