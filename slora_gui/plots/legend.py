"""The key of a plot as buttons: shows a curve's line and name, its value at the crosshair, and hides it on a click."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from slora_gui.plots.style import LIGHT, CurveStyle, PlotTheme, blend, curve_pen, line_pen, tabular

_LINE_PIXELS = 26
_WIDEST_VALUE = "1023.9 MiB"


class LegendKey(QAbstractButton):
    """Checked while its curve is shown."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._theme = LIGHT
        self._style = CurveStyle(LIGHT.foreground)
        self._value = ""
        self._with_value = True
        self._ringed = False
        self._fonts: tuple[str, QFont, QFont] = ("", QFont(), QFont())
        self.setAttribute(
            Qt.WidgetAttribute.WA_OpaquePaintEvent
        )  # else all that lies behind is painted with each value
        self.setCheckable(True)
        self.setChecked(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_look(self, theme: PlotTheme, style: CurveStyle) -> None:
        self._theme, self._style = theme, style
        self.update()

    def set_label(self, label: str, explanation: str = "") -> None:
        self.setText(label)
        self.setToolTip(explanation)
        self._tell_readers()
        self.updateGeometry()

    def set_value(self, value: str) -> None:
        """The value at the crosshair; "" for none."""
        if value != self._value:
            self._value = value
            self._tell_readers()
            self.update(self._value_place().toAlignedRect())

    def set_with_value(self, with_value: bool) -> None:
        """Whether room is kept for the value."""
        if with_value != self._with_value:
            self._with_value = with_value
            self.updateGeometry()

    def width_with_value(self) -> int:
        return self._width(True)

    def sizeHint(self) -> QSize:
        return QSize(self._width(self._with_value), self.fontMetrics().height() + 8)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A ring is drawn for who came by keyboard alone."""
        self._ringed = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ringed = False
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        shown = self.isChecked()
        theme, middle = self._theme, self.height() / 2
        painter.fillRect(event.rect(), QColor(theme.background))
        place = self._value_place()
        if self._with_value and shown and self._value:
            painter.setFont(self._font_of(value=True))
            painter.setPen(QColor(theme.foreground))
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._value)
        if not (self._ringed or self.underMouse()) and place.contains(QRectF(event.rect())):
            return
        if self._ringed or self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(line_pen(theme.accent if self._ringed else theme.grid))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        faded = 1.0 if shown else 0.35
        style = CurveStyle(blend(theme.background, self._style.color, faded), self._style.dash)
        painter.setPen(curve_pen(style, 1.6))
        painter.drawLine(QPointF(6, middle), QPointF(6 + _LINE_PIXELS, middle))
        painter.setPen(QColor(blend(theme.background, theme.foreground, 0.85 if shown else 0.45)))
        painter.setFont(self._font_of(value=False))
        text = QRectF(12 + _LINE_PIXELS, 0, self.width() - 18 - _LINE_PIXELS, self.height())
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())

    def _width(self, with_value: bool) -> int:
        width = 18 + _LINE_PIXELS + self.fontMetrics().horizontalAdvance(self.text())
        return width + (10 + self._value_width() if with_value else 0)

    def _value_width(self) -> int:
        return QFontMetrics(self._font_of(value=True)).horizontalAdvance(_WIDEST_VALUE)

    def _value_place(self) -> QRectF:
        width = float(self._value_width())
        return QRectF(self.width() - 6 - width, 0, width, self.height())

    def _font_of(self, *, value: bool) -> QFont:
        """Of the name, or of the value; to make them anew for every painting costs more than the painting."""
        known_for = f"{self.font().key()} {self.isChecked()}"
        if self._fonts[0] != known_for:
            name, figures = QFont(self.font()), tabular(self.font())
            name.setStrikeOut(not self.isChecked())
            figures.setBold(True)
            self._fonts = known_for, name, figures
        return self._fonts[2] if value else self._fonts[1]

    def _tell_readers(self) -> None:
        self.setAccessibleName(f"{self.text()} {self._value}".strip())
