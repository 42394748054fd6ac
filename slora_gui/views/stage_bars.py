"""The predicted peak of every stage as a bar against the budget; what each colour means is written beside it.

Stages of several tasks stand under the name of their task, which leaves the room for their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slora_core.memory.planner import PlanRow
from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model.stage_texts import stage_text, task_and_stage
from slora_gui.theme import Theme, load_theme
from slora_gui.views.layout import GRID, in_sentences

ROW_HEIGHT: Final = 24
_WIDE: Final = 480
_LEAST_BAR: Final = 24
_MARK_WIDTH: Final = 16
_LONGEST_SIZE: Final = "888.8 MiB"
_MARKS: Final = {"fits": "✓", "binds": "▲", "infeasible": "×"}
_COLORS: Final = {"fits": "good", "binds": "warning", "infeasible": "danger"}


@dataclass(frozen=True, slots=True)
class _Line:
    """A stage by ``name``, or without ``row`` the task of the stages below it."""

    name: str
    row: PlanRow | None = None


class StageBars(Retranslating, QWidget):
    """Bar: the prediction; the faint rest: up to its bound; the line through all rows: the budget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[PlanRow] = ()
        self._lines: list[_Line] = []
        self._budget_bytes: int | None = None
        self._theme = load_theme("light")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_rows(self, rows: Sequence[PlanRow], budget_bytes: int | None) -> None:
        before = len(self._lines)
        self._rows, self._budget_bytes, self._lines = rows, budget_bytes, _lines(rows)
        if len(self._lines) != before:
            self.updateGeometry()
        self.setAccessibleDescription(in_sentences(map(self._sentence, rows)))
        self.update()

    def names(self) -> list[str]:
        """What stands at the left of each line: a task or a stage, shortened where its room ends."""
        metrics, width = QFontMetrics(self.font()), self._columns()[0].width()
        return [metrics.elidedText(stage_text(line.name), Qt.TextElideMode.ElideMiddle, width) for line in self._lines]

    def retranslate(self) -> None:
        self._verdicts = {
            "fits": self.tr("fits"),
            "binds": self.tr("binds"),
            "infeasible": self.tr("too big"),
        }
        self.setAccessibleName(self.tr("Predicted peak of each stage"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, ROW_HEIGHT * len(self._lines))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, ROW_HEIGHT * len(self._lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        columns, names, scale = self._columns(), self.names(), self._scale()
        first = max(0, event.rect().top() // ROW_HEIGHT)
        last = min(len(self._lines), event.rect().bottom() // ROW_HEIGHT + 1)
        for index in range(first, last):
            top, row = index * ROW_HEIGHT, self._lines[index].row
            painter.setPen(QColor(self._theme.colors["muted" if row is None else "text"]))
            place = QRect(0, top, columns[0].width(), ROW_HEIGHT)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, names[index])
            if row is not None:
                self._paint_row(painter, row, top, columns, scale)
        if self._budget_bytes is not None and self._budget_bytes <= scale:
            x = columns[1].left() + columns[1].width() * self._budget_bytes / scale
            painter.setPen(QPen(QColor(self._theme.colors["text"]), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(round(x), 0, round(x), ROW_HEIGHT * len(self._lines))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event.pos(), event.globalPos())
            return True
        return super().event(event)

    def _show_tip(self, pos: QPoint, where: QPoint) -> None:
        index = pos.y() // ROW_HEIGHT
        row = self._lines[index].row if 0 <= index < len(self._lines) else None
        QToolTip.showText(where, self._sentence(row) if row is not None else "", self)

    def _paint_row(
        self, painter: QPainter, row: PlanRow, top: int, columns: tuple[QRect, QRect, QRect], scale: float
    ) -> None:
        _, bars, texts = (QRect(rect.left(), top, rect.width(), ROW_HEIGHT) for rect in columns)
        colors, center = self._theme.colors, Qt.AlignmentFlag.AlignVCenter
        verdict = verdict_of(row)
        color = QColor(colors[_COLORS[verdict]])
        track = QRectF(bars).adjusted(0, 7, 0, -7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors["raised"]))
        painter.drawRoundedRect(track, 3, 3)
        for size, alpha in ((row.bound_bytes, 90), (row.predicted_peak_bytes, 255)):
            color.setAlpha(alpha)
            painter.setBrush(color)
            width = max(2.0, track.width() * min(1.0, size / scale))
            painter.drawRoundedRect(QRectF(track.left(), track.top(), width, track.height()), 3, 3)
        color.setAlpha(255)
        painter.setPen(QColor(colors["text"]))
        painter.drawText(texts, center | Qt.AlignmentFlag.AlignLeft, format_size(row.predicted_peak_bytes))
        verdict_text = _MARKS[verdict] + (f" {self._verdicts[verdict]}" if self._wide() else "")
        painter.setPen(QColor(colors["muted"]))
        if self._wide():
            painter.drawText(
                texts.adjusted(80, 0, -76, 0), center | Qt.AlignmentFlag.AlignRight, format_seconds(row.seconds)
            )
        painter.setPen(color)
        painter.drawText(texts, center | Qt.AlignmentFlag.AlignRight, verdict_text)

    def _columns(self) -> tuple[QRect, QRect, QRect]:
        """Names take what they need as long as a bar can still be read."""
        width, metrics = self.width(), QFontMetrics(self.font())
        texts = 232 if self._wide() else metrics.horizontalAdvance(_LONGEST_SIZE) + GRID + _MARK_WIDTH
        room = width - texts - 2 * GRID
        longest = max((metrics.horizontalAdvance(stage_text(line.name)) + 1 for line in self._lines), default=0)
        names = max(0, min(longest, room - _LEAST_BAR))
        bars = room - names
        return (
            QRect(0, 0, names, 0),
            QRect(names + GRID, 0, bars, 0),
            QRect(names + bars + 2 * GRID, 0, texts, 0),
        )

    def _wide(self) -> bool:
        return self.width() >= _WIDE

    def _scale(self) -> float:
        """Bytes at the right end: all bounds, and the budget unless it is far away."""
        most = max((row.bound_bytes for row in self._rows), default=1)
        return float(most if self._budget_bytes is None else max(most, min(self._budget_bytes * 1.02, 2 * most)))

    def _sentence(self, row: PlanRow) -> str:
        text = self.tr("{stage}: {peak} predicted, at most {bound}, {time}, {verdict}")
        return text.format(
            stage=stage_text(row.stage),
            peak=format_size(row.predicted_peak_bytes),
            bound=format_size(row.bound_bytes),
            time=format_seconds(row.seconds),
            verdict=self._verdicts[verdict_of(row)],
        )


def _lines(rows: Sequence[PlanRow]) -> list[_Line]:
    lines: list[_Line] = []
    under = ""
    for row in rows:
        task, stage = task_and_stage(row.stage)
        if task and task != under:
            lines.append(_Line(task))
        under = task
        lines.append(_Line(stage, row))
    return lines


def verdict_of(row: PlanRow) -> str:
    """ "infeasible" above the budget, else "binds" for the stage that sets the smallest budget, else "fits"."""
    if row.share is not None and row.share > 1:
        return "infeasible"
    return "binds" if row.binding else "fits"
