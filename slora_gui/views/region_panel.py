"""What the selected stretch of the memory curve says, curve by curve."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_core.wording import by_count
from slora_gui.i18n import Retranslating
from slora_gui.model.lists import listed
from slora_gui.model.stage_texts import stage_text
from slora_gui.plots.statistics import RegionStatistics
from slora_gui.plots.table import TableData
from slora_gui.views.data_table import DataTable, TableDataModel
from slora_gui.views.layout import column, wrapping_label
from slora_gui.views.readout import COUNTERS, counter_texts


class RegionPanel(Retranslating, QWidget):
    """A sentence on the stretch, and a table of minimum, maximum, mean and change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._region: RegionStatistics | None = None
        self.line = wrapping_label("muted")
        self.table = DataTable(sortable=False)
        self._model = TableDataModel(parent=self)
        self.table.show_model(self._model)
        layout = column(self)
        layout.addWidget(self.line)
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        self.retranslate()

    def show_region(self, region: RegionStatistics | None) -> None:
        self._region = region
        self.retranslate()

    def retranslate(self) -> None:
        self.table.setAccessibleName(self.tr("Statistics of the selected region"))
        region = self._region
        self.table.setVisible(region is not None)
        if region is None:
            self.line.setText(self.tr("Drag over the plot with Shift held to select a stretch of time."))
            return
        one = self.tr("{start} to {end}: {seconds}, 1 sample. {stages}")
        text = by_count(region.samples, one, self.tr("{start} to {end}: {seconds}, {samples} samples. {stages}"))
        self.line.setText(
            text.format(
                start=format_seconds(region.start_s),
                end=format_seconds(region.end_s),
                seconds=format_seconds(region.seconds),
                samples=region.samples,
                stages=listed(map(stage_text, region.stages)),
            )
        )
        self._model.set_data(self._table(region))

    def _table(self, region: RegionStatistics) -> TableData:
        headings = (self.tr("curve"), self.tr("minimum"), self.tr("maximum"), self.tr("mean"), self.tr("change"))
        rows = []
        for name in COUNTERS:
            found = region.curves.get(name)
            if found is not None:
                sign = "+" if found.change_bytes > 0 else ""
                sizes = format_size(found.min_bytes), format_size(found.max_bytes), format_size(round(found.mean_bytes))
                rows.append((counter_texts()[name][0], *sizes, sign + format_size(found.change_bytes)))
        return TableData(self.tr("Region"), headings, (False, True, True, True, True), rows)
