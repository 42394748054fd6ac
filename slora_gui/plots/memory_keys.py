"""The memory plot from the keyboard."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_ZOOM = 0.8
_Key = Qt.Key


class Steered(Protocol):
    """What the keys ask of a plot."""

    @property
    def budget_focused(self) -> bool: ...
    def focus_budget(self, focused: bool) -> None: ...
    def step_budget(self, direction: int, *, free: bool) -> None: ...
    def walk_samples(self, count: int) -> None: ...
    def walk_stages(self, direction: int) -> None: ...
    def zoom_view(self, factor: float) -> None: ...
    def reset_view(self) -> None: ...
    def mark_region(self) -> None: ...
    def zoom_to_region(self) -> None: ...
    def let_go(self) -> bool: ...


def press(plot: Steered, event: QKeyEvent) -> bool:
    """Carry a key out; whether it meant anything.

    Left and Right walk from sample to sample, with Shift ten at a time, with Ctrl from stage to stage; + and - zoom;
    Home resets; R marks a region, Z zooms to it, Escape drops it; B takes hold of the budget, Up and Down move it.
    """
    key = event.key()
    shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    if key in (_Key.Key_Left, _Key.Key_Right):
        direction = -1 if key == _Key.Key_Left else 1
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            plot.walk_stages(direction)
        else:
            plot.walk_samples(direction * (10 if shift else 1))
    elif key in (_Key.Key_Plus, _Key.Key_Equal, _Key.Key_Minus):
        plot.zoom_view(1 / _ZOOM if key == _Key.Key_Minus else _ZOOM)
    elif key == _Key.Key_Home:
        plot.reset_view()
    elif key == _Key.Key_R:
        plot.mark_region()
    elif key == _Key.Key_Z:
        plot.zoom_to_region()
    elif key == _Key.Key_Escape:
        return plot.let_go()
    elif key == _Key.Key_B:
        plot.focus_budget(not plot.budget_focused)
    elif key in (_Key.Key_Up, _Key.Key_Down) and plot.budget_focused:
        plot.step_budget(1 if key == _Key.Key_Up else -1, free=shift)
    else:
        return False
    return True
