"""What all plots share: a theme, a calm sentence when there is nothing to show, and text that follows the language."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from slora_gui.plots.style import LIGHT, PlotTheme, blend
from slora_gui.plots.table import TableData


class Plot(QWidget):
    """Subclasses fill ``self.content`` and implement ``retranslate``, ``apply_theme`` and ``data_table``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: PlotTheme = LIGHT
        self.content = QWidget(self)
        self._sentence = QLabel(self)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._sentence.setMargin(24)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._sentence)
        self._pages.addWidget(self.content)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)

    def set_theme(self, theme: PlotTheme) -> None:
        self.theme = theme
        muted = blend(theme.background, theme.foreground, 0.7)
        self.setStyleSheet(f"Plot, Plot > QWidget {{ background: {theme.background}; }}")
        self._sentence.setStyleSheet(f"color: {muted}; background: {theme.background};")
        self.apply_theme()

    def set_empty(self, sentence: str) -> None:
        """Show ``sentence`` in place of the plot; "" shows the plot."""
        self._sentence.setText(sentence)
        self._pages.setCurrentIndex(0 if sentence else 1)

    @property
    def empty_sentence(self) -> str:
        """What is shown in place of the plot; "" when the plot is shown."""
        return self._sentence.text()

    def data_table(self) -> TableData:
        raise NotImplementedError

    def apply_theme(self) -> None:
        raise NotImplementedError

    def retranslate(self) -> None:
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.FontChange:
            self.apply_theme()
