"""``slora-gui``: the command line of the window, and the window made whole."""

from __future__ import annotations

import argparse
import faulthandler
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from slora_core.errors import SloraError
from slora_gui import theme
from slora_gui.i18n import LANGUAGES, languages_of, system_language
from slora_gui.main_window import MainWindow
from slora_gui.settings import Settings
from slora_gui.settings import load as load_settings
from slora_gui.shell import desktop_entry
from slora_gui.shell.action_set import ActionSet
from slora_gui.shell.welcome_page import WelcomePage
from slora_gui.theme.applying import CHOICES

if TYPE_CHECKING:
    from slora_gui.control.dialogs import Dialogs
    from slora_gui.control.run_control import Engine
    from slora_gui.controller import Controller


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window with the files named; returns the exit code."""
    args = _parser().parse_args(argv)
    if args.install_desktop or args.uninstall_desktop:
        return _desktop(args.install_desktop)
    _enable_faulthandler()
    app = make_application()
    settings, problem = load_settings()
    if args.theme:
        settings.theme = args.theme
    if args.language:
        settings.language = args.language
    window = _frame(settings)
    window.show()
    app.processEvents()  # the first painting, well before the rest is there
    controller = _furnish(window, settings, problem)
    controller.hook.install()
    controller.open_files(args.files)
    if args.demo:
        controller.start_demo()
    return app.exec()


def make_application() -> QApplication:
    """The application, or the one that exists."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([sys.argv[0] if sys.argv else "slora-gui"])
    app.setApplicationName("slora-gui")
    app.setApplicationDisplayName("SLoRA")
    app.setDesktopFileName("io.github.slora.SLoRA")
    return app


def create_window(
    settings: Settings | None = None,
    *,
    engine: Engine | None = None,
    dialogs: Dialogs | None = None,
    problem: str = "",
) -> MainWindow:
    """The main window, not shown yet. Needs a QApplication, and makes one where there is none.

    ``settings`` None: those of this person. ``engine`` replaces the isolated engine, ``dialogs`` those that ask a
    person; ``problem`` is told in the window once. Its controller is found with :func:`controller_of`.
    """
    make_application()
    if settings is None:
        settings, problem = load_settings()
    window = _frame(settings)
    _furnish(window, settings, problem, engine, dialogs)
    return window


def controller_of(window: MainWindow) -> Controller:
    from slora_gui.controller import Controller

    controller = window.findChild(Controller, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert isinstance(controller, Controller)
    return controller


def _frame(settings: Settings) -> MainWindow:
    """The window with its welcome page: what can be painted before the engine's modules are loaded."""
    app = make_application()
    theme.apply(app, theme.chosen_theme(app, settings.theme))
    languages_of(app).use(settings.language or system_language())
    actions = ActionSet()
    window = MainWindow(actions, WelcomePage(actions))
    actions.setParent(window)
    window.restore_layout(settings.geometry, settings.layout)
    return window


def _furnish(
    window: MainWindow,
    settings: Settings,
    problem: str,
    engine: Engine | None = None,
    dialogs: Dialogs | None = None,
) -> Controller:
    from slora_core import isolate
    from slora_gui.composition import make_models, make_views
    from slora_gui.controller import Controller

    models, job_problem = make_models(settings.job)
    welcome = window.pages.widget(0)
    assert isinstance(welcome, WelcomePage)
    views = make_views(models, welcome)
    window.furnish(views.pages, views.docks)
    controller = Controller(window, models, views, settings, engine=engine or isolate.stream, dialogs=dialogs)
    for model in (models.job, models.what_if, models.history, models.comparison):
        model.setParent(controller)
    controller.begin()
    if told := problem or job_problem:
        controller.tell(told, "warning")
    return controller


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slora-gui", description="The window of SLoRA.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="runs, feature files, class states, configurations")
    parser.add_argument("--demo", action="store_true", help="start the demo at once")
    parser.add_argument("--language", choices=tuple(LANGUAGES), help="language of the window")
    parser.add_argument("--theme", choices=CHOICES, help="theme of the window")
    parser.add_argument("--install-desktop", action="store_true", help="put SLoRA into the menu of this desktop")
    parser.add_argument("--uninstall-desktop", action="store_true", help="take it out of the menu again")
    return parser


def _desktop(install: bool) -> int:
    try:
        paths = desktop_entry.install() if install else desktop_entry.uninstall()
    except SloraError as error:
        print(f"slora-gui: {error.what}", file=sys.stderr)
        return error.exit_code
    print("\n".join(str(path) for path in paths) or "nothing was installed")
    return 0


def _enable_faulthandler() -> None:
    if sys.stderr is not None:  # a windowed process of Windows has none
        faulthandler.enable()
