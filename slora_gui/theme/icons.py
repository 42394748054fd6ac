"""Icons: SVG of one family, drawn in the colours of the theme in force, so that icons in use follow a change."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from slora_core.resources import resource_path
from slora_gui.theme.current import current
from slora_gui.theme.palette import faded


def icon(name: str, color: str = "text") -> QIcon:
    """The icon ``name`` in a colour of the theme, by the colour's name. Raises InputError for an unknown icon."""
    _source(name)
    return QIcon(_ThemedEngine(name, color))


def app_icon() -> QIcon:
    """The application's own icon, in its own colours."""
    return QIcon(str(resource_path("icons/slora.svg")))


class _ThemedEngine(QIconEngine):
    """Asks for the colour at each painting, not once."""

    def __init__(self, name: str, color: str) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        scale = painter.device().devicePixelRatioF()
        width, height = round(rect.width() * scale), round(rect.height() * scale)
        painter.drawPixmap(rect, _drawn(self._name, self._color_of(mode), width, height))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        return _drawn(self._name, self._color_of(mode), size.width(), size.height())

    def _color_of(self, mode: QIcon.Mode) -> str:
        theme = current()
        return faded(theme).name() if mode == QIcon.Mode.Disabled else theme.colors[self._color]

    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._name, self._color)


@cache
def _source(name: str) -> str:
    return resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))


@lru_cache(maxsize=512)
def _drawn(name: str, color: str, width: int, height: int) -> QPixmap:
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _renderer(name, color).render(painter, QRectF(0, 0, width, height))
    painter.end()
    return pixmap
