"""Icons: SVG of one family, drawn in the colours of the theme in force, so that icons in use follow a change."""

from __future__ import annotations

from functools import cache
from typing import Final

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from slora_core.resources import resource_path

_FLAT_COLORS: Final = {QIcon.Mode.Disabled: (QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)}
_TEXT: Final = (QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)


def icon(name: str, role: QPalette.ColorRole | None = None) -> QIcon:
    """The icon ``name`` in the theme's text colour, or in that of ``role``. Raises InputError for an unknown one."""
    _source(name)
    return QIcon(_ThemedEngine(name, role))


def app_icon() -> QIcon:
    """The application's own icon, in its own colours."""
    return QIcon(str(resource_path("icons/slora.svg")))


class _ThemedEngine(QIconEngine):
    """Asks for the colour at each painting, not once."""

    def __init__(self, name: str, role: QPalette.ColorRole | None) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        group, role = _FLAT_COLORS.get(mode, _TEXT)
        if self._role is not None and mode != QIcon.Mode.Disabled:
            role = self._role
        color = QGuiApplication.palette().color(group, role).name()
        _renderer(self._name, color).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._name, self._role)


@cache
def _source(name: str) -> str:
    return resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))
