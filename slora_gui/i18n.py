"""Languages of the window, switched while it is open.

Text is written ``self.tr("...")`` or ``QCoreApplication.translate("Context", "...")`` with ``.format`` after it; a
widget sets all of its text in ``retranslate`` and is told to do so again when the language changes.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QEvent, QLibraryInfo, QLocale, QTranslator

from slora_core.errors import InputError
from slora_core.resources import resource_path

if TYPE_CHECKING:

    def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
        """The text itself, which PySide6's own declaration does not say; marks it for translation."""

else:
    from PySide6.QtCore import QT_TRANSLATE_NOOP  # noqa: F401  # for the modules with tables

LANGUAGES: Final = {"en": "English", "zh_CN": "简体中文"}


class Retranslating:
    """Mixin for widgets, before the widget's class among the bases: ``class Page(Retranslating, QWidget)``.

    Subclasses implement :meth:`retranslate` and call it once at the end of their constructor.
    """

    def retranslate(self) -> None:
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)  # type: ignore[misc]  # the widget's, which comes after this class
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()


class Languages:
    """Installs the translators of one language at a time: the window's own and the one of Qt's dialogs."""

    def __init__(self, app: QCoreApplication) -> None:
        self._app = app
        self._installed: list[QTranslator] = []
        self.current = "en"

    def use(self, language: str) -> None:
        """Switch to ``language``; every widget gets a LanguageChange event. Raises InputError for an unknown one."""
        if language not in LANGUAGES:
            raise InputError(f"language {language!r} is not known: expected one of {', '.join(LANGUAGES)}")
        QLocale.setDefault(QLocale(language))  # else figures are those of the desktop until the language is changed
        if language == self.current:
            return
        for translator in self._installed:
            self._app.removeTranslator(translator)
        self._installed = _translators(language)
        for translator in self._installed:
            self._app.installTranslator(translator)
        self.current = language


@cache
def languages_of(app: QCoreApplication) -> Languages:
    """The one that keeps the translators of an application."""
    return Languages(app)


def system_language() -> str:
    """The language of the desktop where the window speaks it, else English."""
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def _translators(language: str) -> list[QTranslator]:
    """Qt's own first, which may be absent: the one installed last is asked first."""
    if language == "en":
        return []
    found = []
    with suppress(InputError):
        found.append(
            _load(Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / f"qtbase_{language}.qm")
        )
    return [*found, _load(resource_path(f"i18n/slora_{language}.qm"))]


def _load(path: Path) -> QTranslator:
    translator = QTranslator()
    if not translator.load(str(path)):
        raise InputError(f"translation file {str(path)!r} is not one that Qt can read", "install the package again")
    return translator
