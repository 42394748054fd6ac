"""Theme and language of the whole window, changed while it is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from slora_gui import theme
from slora_gui.i18n import languages_of, system_language
from slora_gui.settings import Settings
from slora_gui.shell.action_set import ActionSet


class Themed(Protocol):
    """A view that paints in colours of its own."""

    def set_theme(self, theme: theme.Theme) -> None: ...


class Appearance(QObject):
    """Applies the choices of ``settings`` and keeps new ones there; ``language_chosen`` tells of a new one."""

    language_chosen = Signal()

    def __init__(
        self, app: QApplication, settings: Settings, actions: ActionSet, views: Iterable[Themed], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._app = app
        self._settings = settings
        self._actions = actions
        self._views = tuple(views)
        self._languages = languages_of(app)
        app.styleHints().colorSchemeChanged.connect(self._desktop_changed)

    @property
    def language(self) -> str:
        return self._languages.current

    def begin(self) -> None:
        """Put what the settings say into force."""
        self.choose_language(self._settings.language or system_language(), keep=False)
        self.choose_theme(self._settings.theme)

    def choose_theme(self, choice: str) -> None:
        """``system``, ``light`` or ``dark``."""
        self._settings.theme = choice  # type: ignore[assignment]  # validated on assignment
        chosen = theme.chosen_theme(self._app, choice)
        theme.apply(self._app, chosen)
        for view in self._views:
            view.set_theme(chosen)
        self._actions[f"theme-{choice}"].setChecked(True)

    def choose_language(self, language: str, *, keep: bool = True) -> None:
        """Raises InputError for a language that the window does not speak."""
        self._languages.use(language)
        if keep:
            self._settings.language = language  # type: ignore[assignment]
        self._actions.retranslate()
        self._actions[f"language-{language}"].setChecked(True)
        if keep:
            self.language_chosen.emit()

    def end(self) -> None:
        """Leave the application as it was found, for a window that comes after this one."""
        self._app.styleHints().colorSchemeChanged.disconnect(self._desktop_changed)
        self._languages.use("en")

    @Slot()
    def _desktop_changed(self) -> None:
        if self._settings.theme == "system":
            self.choose_theme("system")
