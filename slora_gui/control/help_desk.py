"""Help, preferences and problems: the dialogs of the window that stand beside the work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDialog, QWidget

from slora_gui.control.appearance import Appearance
from slora_gui.i18n import LANGUAGES
from slora_gui.settings import Settings
from slora_gui.shell.about import about_box
from slora_gui.shell.command_palette import CommandPalette
from slora_gui.shell.error_dialog import ErrorDialog
from slora_gui.shell.preferences import PreferencesDialog
from slora_gui.shell.problems import Problem, problem_of_error
from slora_gui.shell.shortcut_sheet import ShortcutSheet
from slora_gui.shell.tour import Tour
from slora_gui.shell.tour_steps import tour_steps
from slora_gui.theme.applying import CHOICES

if TYPE_CHECKING:
    from slora_gui.composition import Views
    from slora_gui.main_window import MainWindow

Dialog = TypeVar("Dialog", bound=QDialog)


class HelpDesk(QObject):
    """Opens dialogs without blocking; each goes away when it is closed."""

    def __init__(
        self, window: MainWindow, views: Views, settings: Settings, appearance: Appearance, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._views = window, views
        self._settings, self._appearance = settings, appearance

    def actions(self) -> dict[str, Callable[[], Any]]:
        """What the actions of the table do that belong here."""
        return {
            "preferences": self.preferences,
            "palette": self.palette,
            "shortcuts": self.shortcuts,
            "tour": self.tour,
            "about": self.about,
            **{f"theme-{choice}": partial(self._appearance.choose_theme, choice) for choice in CHOICES},
            **{f"language-{code}": partial(self._appearance.choose_language, code) for code in LANGUAGES},
        }

    def palette(self) -> CommandPalette:
        palette = CommandPalette(self._window.actions_by_id, self._window)
        palette.chosen.connect(self._perform)
        centre = self._window.geometry().center().x() - palette.width() // 2
        palette.move(centre, self._window.geometry().top() + 72)
        palette.show()
        palette.search.setFocus()
        return palette

    def shortcuts(self) -> ShortcutSheet:
        return _opened(ShortcutSheet(self._window.actions_by_id, self._window))

    def preferences(self) -> PreferencesDialog:
        dialog = PreferencesDialog(self._settings, self._appearance.language, self._window)
        dialog.theme_chosen.connect(self._appearance.choose_theme)
        dialog.language_chosen.connect(self._appearance.choose_language)
        dialog.layout_reset.connect(self._window.reset_layout)
        return _opened(dialog)

    def about(self) -> QDialog:
        return _opened(about_box(self._window))

    def tour(self) -> Tour:
        """Marks the tour as seen, whether or not it is gone through; ends on the page where it began."""
        self._settings.toured = True
        page = self._window.page
        tour = Tour(self._window, self._steps)
        tour.ended.connect(partial(self._window.show_page, page))
        return tour

    def show_problem(self, problem: Problem) -> ErrorDialog:
        return _opened(ErrorDialog(problem, self._window))

    @Slot(object)
    def show_defect(self, error: BaseException) -> None:
        self.show_problem(problem_of_error(error))

    @Slot(str)
    def _perform(self, action_id: str) -> None:
        self._window.actions_by_id[action_id].trigger()

    def _steps(self) -> Any:
        parts: dict[str, QWidget] = {name: self._window.docks[name] for name in ("job", "forecast", "history")}
        parts |= {"live": self._views.live, "compare": self._views.compare}
        return tour_steps(parts, self._show_part)

    def _show_part(self, name: str) -> None:
        if name in self._window.docks:
            self._window.show_dock(name)
        else:
            self._window.show_page(name)


def _opened(dialog: Dialog) -> Dialog:
    dialog.open()
    return dialog
