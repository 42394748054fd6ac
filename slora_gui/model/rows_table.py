"""The base of the table models: rows of plain records, columns that say how a value is found and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

AnyIndex = QModelIndex | QPersistentModelIndex
Row = TypeVar("Row")

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """``raw`` finds the value to sort by (None: not available), ``text`` what is shown of the row.

    ``title`` and ``tip`` are source texts of the context "Tables", or ready texts that no translation knows.
    """

    title: str
    raw: Callable[[Row], Any]
    text: Callable[[Row], str]
    numeric: bool = False
    tip: str = ""


class RowsTable(QAbstractTableModel, Generic[Row]):
    """Shows records. ``Qt.UserRole`` has the raw value, for a proxy that sorts; figures are aligned right.

    A new list of rows tells views only what changed, so that selection and scroll position survive.
    """

    def __init__(self, columns: Sequence[Column[Row]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[Row] = []

    @property
    def rows(self) -> list[Row]:
        return self._rows

    def item(self, row: int) -> Row:
        """The record in a row of this model (not of a proxy). Raises IndexError."""
        return self._rows[row]

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these records; those that come on as many as before are taken for additions."""
        before, after = self._rows, list(rows)
        if len(after) < len(before):
            self.beginResetModel()
            self._rows = after
            self.endResetModel()
            return
        changed = [number for number, row in enumerate(before) if row != after[number]]
        self._rows = after[: len(before)]
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(self._columns) - 1))
        if len(after) > len(before):
            self.beginInsertRows(QModelIndex(), len(before), len(after) - 1)
            self._rows = after
            self.endInsertRows()

    def set_columns(self, columns: Sequence[Column[Row]], rows: Sequence[Row]) -> None:
        """Other columns, with their rows."""
        self.beginResetModel()
        self._columns, self._rows = tuple(columns), list(rows)
        self.endResetModel()

    def retranslate(self) -> None:
        """Show headings and texts in the language of now."""
        if self._columns:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)
        if self._rows and self._columns:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(self._columns) - 1))

    def rowCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, row = self._columns[index.column()], self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.UserRole:
            return column.raw(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.numeric else _LEFT
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return QCoreApplication.translate("Tables", column.title)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.numeric else _LEFT
        if role == Qt.ItemDataRole.ToolTipRole and column.tip:
            return QCoreApplication.translate("Tables", column.tip)
        return None
