"""The one table of the window: sortable by value, right-aligned figures, copied as text by Ctrl+C."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from slora_core.memory.sizes import format_size
from slora_gui.model.texts import not_available
from slora_gui.plots.table import TableData

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WIDEST = 360
AnyIndex = QModelIndex | QPersistentModelIndex


class _ByValue(QSortFilterProxyModel):
    """Sorts by raw values; what is not available is the least. Qt's own order is wrong for sizes above 2^31."""

    def lessThan(self, left: AnyIndex, right: AnyIndex) -> bool:
        first, second = (index.data(Qt.ItemDataRole.UserRole) for index in (left, right))
        if first is None or second is None:
            return first is None and second is not None
        if isinstance(first, str) or isinstance(second, str):
            return str(first).casefold() < str(second).casefold()
        return bool(first < second)


class DataTable(QTableView):
    """Shows any table model; sorts by its ``Qt.UserRole`` unless ``sortable`` is off."""

    row_activated = Signal(int)
    """A row of the model, not of the view: by Enter or a double click."""
    selection_changed = Signal()

    def __init__(self, *, sortable: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proxy = _ByValue(self)
        self._natural: list[int] = []
        self._filling = self._seen = False
        self.setStyleSheet("QTableView::item { padding: 0 5px; }")  # and 3 of the style: as the headings have
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(28)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(48)
        self.setSortingEnabled(sortable)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        header.sectionResized.connect(self._resized)
        self.activated.connect(self._activate)

    def show_model(self, model: QAbstractItemModel | None) -> None:
        """Show ``model`` (None: nothing), its columns as wide as what they hold."""
        old = self._proxy.sourceModel()
        if old is not None and old is not model:
            old.modelReset.disconnect(self._refit)
            old.rowsInserted.disconnect(self._fit)
        self._natural = []
        self._proxy.setSourceModel(model)  # type: ignore[arg-type]  # None is allowed
        if self.model() is not self._proxy:
            self.setModel(self._proxy)
            self.selectionModel().selectionChanged.connect(self._selected)
        if model is not None and old is not model:
            model.modelReset.connect(self._refit)
            model.rowsInserted.connect(self._fit)
        self._fit()

    def selected_rows(self) -> list[int]:
        """Rows of the model that are selected, in the order in which they are shown."""
        if self.selectionModel() is None:
            return []
        shown = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._proxy.mapToSource(self._proxy.index(row, 0)).row() for row in shown]

    def select_row(self, source_row: int) -> None:
        source = self._proxy.sourceModel()
        index = self._proxy.mapFromSource(source.index(source_row, 0))
        if index.isValid():
            self.selectRow(index.row())
            self.scrollTo(index)

    def copy_selection(self) -> None:
        """Selected rows, or all, with their headings, as tab-separated text."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows()) if self.selectionModel() else []
        model = self._proxy
        columns = range(model.columnCount())
        role = Qt.ItemDataRole.DisplayRole
        lines = [[str(model.headerData(c, Qt.Orientation.Horizontal, role) or "") for c in columns]]
        for row in rows or range(model.rowCount()):
            lines.append([str(model.index(row, c).data(role) or "") for c in columns])
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        else:
            super().keyPressEvent(event)

    def _activate(self, index: QModelIndex) -> None:
        self.row_activated.emit(self._proxy.mapToSource(index).row())

    def _selected(self) -> None:
        self.selection_changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Widths measured before the first sight lack the style's fonts and paddings."""
        if not self._seen:
            self._seen, self._natural = True, []
            self._fit()
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    def _refit(self) -> None:
        """Other columns, other widths; the same columns keep theirs."""
        if len(self._natural) != self._proxy.columnCount():
            self._natural = []
        self._fit()

    def _fit(self) -> None:
        """Widths follow the content once, at the first rows; later they are the reader's."""
        if self._natural or self._proxy.rowCount() == 0:
            return
        self.resizeColumnsToContents()
        self._natural = [min(_WIDEST, self.columnWidth(section)) for section in range(self._proxy.columnCount())]
        self._fill()

    def _fill(self) -> None:
        """Share the room that is left among the columns, so that none lies empty beside them."""
        if not self._natural:
            return
        room = max(0, self.viewport().width() - sum(self._natural))
        share, rest = divmod(room, len(self._natural))
        self._filling = True
        for section, width in enumerate(self._natural):
            self.setColumnWidth(section, width + share + (rest if section == 0 else 0))
        self._filling = False

    def _resized(self, section: int, _old: int, width: int) -> None:
        if not self._filling and section < len(self._natural):
            self._natural[section] = width


class TableDataModel(QAbstractTableModel):
    """The data behind a plot as a table model; cells are asked for when they are shown."""

    def __init__(self, data: TableData | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = data or TableData("", (), (), ())

    def set_data(self, data: TableData) -> None:
        """Show other data; where only rows are new or changed, selection and scroll position stay."""
        shown, known = len(self._data.rows), len(data.rows)
        if data.columns != self._data.columns or known < shown or not shown:
            self.beginResetModel()
            self._data = data
            self.endResetModel()
            return
        if known > shown:
            self.beginInsertRows(QModelIndex(), shown, known - 1)
            self._data = data
            self.endInsertRows()
        self._data = data
        self.dataChanged.emit(self.index(0, 0), self.index(shown - 1, len(data.columns) - 1))

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self._data.rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._data.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _heading(self._data.columns[section])
        if role == Qt.ItemDataRole.TextAlignmentRole and self._data.numeric[section]:
            return _RIGHT
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole and self._data.numeric[column]:
            return _RIGHT
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.UserRole):
            return None
        value = self._data.rows[index.row()][column]
        return value if role == Qt.ItemDataRole.UserRole else _cell(value, self._data.columns[column])


def _heading(name: str) -> str:
    """Raw names of data columns, which carry their unit, as a reader would write them."""
    if name.endswith("_bytes"):
        return name.removesuffix("_bytes").replace("_", " ")
    return name.removesuffix("_s").replace("_", " ") + ", s" if name.endswith("_s") else name


def _cell(value: object, heading: str) -> str:
    if value is None:
        return not_available()
    if type(value) is int and "bytes" in heading:
        return format_size(value)
    return f"{value:.6g}" if type(value) is float else str(value)
