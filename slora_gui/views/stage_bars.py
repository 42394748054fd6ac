"""The predicted peak of every stage as a bar against the budget; what each colour means is written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from slora_core.memory.planner import PlanRow
from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds
from slora_gui.i18n import Retranslating
from slora_gui.model.stage_texts import stage_text
from slora_gui.theme import Theme, load_theme
from slora_gui.views.layout import GRID

ROW_HEIGHT: Final = 24
_WIDE: Final = 480
_MARKS: Final = {"fits": "✓", "binds": "▲", "infeasible": "×"}
_COLORS: Final = {"fits": "good", "binds": "warning", "infeasible": "danger"}


class StageBars(Retranslating, QWidget):
    """Bar: the prediction; the faint rest: up to its bound; the line through all rows: the budget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[PlanRow] = ()
        self._budget_bytes: int | None = None
        self._theme = load_theme("light")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_rows(self, rows: Sequence[PlanRow], budget_bytes: int | None) -> None:
        if len(rows) != len(self._rows):
            self.updateGeometry()
        self._rows, self._budget_bytes = rows, budget_bytes
        self.setAccessibleDescription("; ".join(self._sentence(row) for row in rows))
        self.update()

    def retranslate(self) -> None:
        self._verdicts = {
            "fits": self.tr("fits"),
            "binds": self.tr("binds"),
            "infeasible": self.tr("too big"),
        }
        self.setAccessibleName(self.tr("Predicted peak of each stage"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, ROW_HEIGHT * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, ROW_HEIGHT * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names, bars, texts = self._columns()
        scale = self._scale()
        first = max(0, event.rect().top() // ROW_HEIGHT)
        last = min(len(self._rows), event.rect().bottom() // ROW_HEIGHT + 1)
        for index in range(first, last):
            top = index * ROW_HEIGHT
            self._paint_row(painter, self._rows[index], top, (names, bars, texts), scale)
        if self._budget_bytes is not None and self._budget_bytes <= scale:
            x = bars.left() + bars.width() * self._budget_bytes / scale
            painter.setPen(QPen(QColor(self._theme.colors["text"]), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(round(x), 0, round(x), ROW_HEIGHT * len(self._rows))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event.pos(), event.globalPos())
            return True
        return super().event(event)

    def _show_tip(self, pos: QPoint, where: QPoint) -> None:
        index = pos.y() // ROW_HEIGHT
        QToolTip.showText(where, self._sentence(self._rows[index]) if 0 <= index < len(self._rows) else "", self)

    def _paint_row(
        self, painter: QPainter, row: PlanRow, top: int, columns: tuple[QRect, QRect, QRect], scale: float
    ) -> None:
        names, bars, texts = (QRect(rect.left(), top, rect.width(), ROW_HEIGHT) for rect in columns)
        colors, metrics = self._theme.colors, QFontMetrics(painter.font())
        center = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(colors["text"]))
        elided = metrics.elidedText(stage_text(row.stage), Qt.TextElideMode.ElideMiddle, names.width())
        painter.drawText(names, center | Qt.AlignmentFlag.AlignLeft, elided)
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
        painter.drawText(texts, center | Qt.AlignmentFlag.AlignLeft, f"{format_size(row.predicted_peak_bytes):>1}")
        verdict_text = _MARKS[verdict] + (f" {self._verdicts[verdict]}" if self._wide() else "")
        painter.setPen(QColor(colors["muted"]))
        if self._wide():
            painter.drawText(
                texts.adjusted(80, 0, -76, 0), center | Qt.AlignmentFlag.AlignRight, format_seconds(row.seconds)
            )
        painter.setPen(color)
        painter.drawText(texts, center | Qt.AlignmentFlag.AlignRight, verdict_text)

    def _columns(self) -> tuple[QRect, QRect, QRect]:
        width = self.width()
        names = min(168, max(104, width // 4))
        texts = 232 if self._wide() else 104
        bars = max(24, width - names - texts - 2 * GRID)
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


def verdict_of(row: PlanRow) -> str:
    """ "infeasible" above the budget, else "binds" for the stage that sets the smallest budget, else "fits"."""
    if row.share is not None and row.share > 1:
        return "infeasible"
    return "binds" if row.binding else "fits"
