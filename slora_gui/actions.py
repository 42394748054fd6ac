"""Every action of the window in one table, which feeds menus, toolbar, command palette and shortcut sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from slora_gui.i18n import QT_TRANSLATE_NOOP


@dataclass(frozen=True, slots=True)
class WindowState:
    """What decides which actions can be used now.

    ``ready`` is a job that can run as it stands, ``run`` a run on show, ``ended`` one that has ended, ``recorded`` one
    with a file, ``page`` the page on show.
    """

    running: bool = False
    ready: bool = True
    run: bool = False
    ended: bool = False
    recorded: bool = False
    plot: bool = False
    can_undo: bool = False
    can_redo: bool = False
    page: str = "welcome"


Rule: TypeAlias = Callable[[WindowState], bool]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. ``menu`` is a path ("File/Export"); ``usable`` its rule; ``group`` parts a menu with separators.

    ``text`` and ``tip`` are translated in the context "Actions". ``toolbar`` puts it there, with its text if "text".
    """

    id: str
    text: str
    menu: str
    tip: str = ""
    shortcut: str = ""
    icon: str = ""
    group: int = 0
    usable: Rule = lambda _: True
    checkable: bool = False
    toolbar: str = ""


def _idle(state: WindowState) -> bool:
    return not state.running


def _startable(state: WindowState) -> bool:
    return state.ready and not state.running


def _running(state: WindowState) -> bool:
    return state.running


def _plot(state: WindowState) -> bool:
    return state.plot


def _live_plot(state: WindowState) -> bool:
    return state.run and state.page == "live"


def _recorded(state: WindowState) -> bool:
    return state.recorded and state.ended


MENUS: Final[dict[str, str]] = {
    "File": QT_TRANSLATE_NOOP("Menus", "&File"),
    "File/Recent": QT_TRANSLATE_NOOP("Menus", "Open &recent"),
    "File/Export": QT_TRANSLATE_NOOP("Menus", "&Export"),
    "Edit": QT_TRANSLATE_NOOP("Menus", "&Edit"),
    "Run": QT_TRANSLATE_NOOP("Menus", "&Run"),
    "View": QT_TRANSLATE_NOOP("Menus", "&View"),
    "View/Panels": QT_TRANSLATE_NOOP("Menus", "&Panels"),
    "View/Theme": QT_TRANSLATE_NOOP("Menus", "&Theme"),
    "View/Language": QT_TRANSLATE_NOOP("Menus", "&Language"),
    "Help": QT_TRANSLATE_NOOP("Menus", "&Help"),
}
"""Menus by path, in order; the last part of a path is for code, the text for people."""

_FILE: Final = (
    ActionSpec(
        "new-job",
        QT_TRANSLATE_NOOP("Actions", "New job"),
        "File",
        QT_TRANSLATE_NOOP("Actions", "Set every setting of the job back to its default"),
        "Ctrl+N",
        "new",
    ),
    ActionSpec(
        "open",
        QT_TRANSLATE_NOOP("Actions", "Open…"),
        "File",
        QT_TRANSLATE_NOOP("Actions", "Open a feature file, a class state, a configuration or a run"),
        "Ctrl+O",
        "open",
        toolbar="text",
    ),
    ActionSpec(
        "save-config",
        QT_TRANSLATE_NOOP("Actions", "Save configuration…"),
        "File",
        QT_TRANSLATE_NOOP("Actions", "Write the job as a TOML file that the command line reads too"),
        "Ctrl+S",
        "save",
        group=1,
    ),
    ActionSpec(
        "export-report",
        QT_TRANSLATE_NOOP("Actions", "Report as PDF…"),
        "File/Export",
        QT_TRANSLATE_NOOP("Actions", "Write a report of the runs on show: figures, tables and curves"),
        "Ctrl+E",
        "report",
        usable=_recorded,
        toolbar="text",
    ),
    ActionSpec(
        "export-csv",
        QT_TRANSLATE_NOOP("Actions", "Tables as CSV…"),
        "File/Export",
        QT_TRANSLATE_NOOP("Actions", "Write runs, stages, samples, accuracies and comparison as CSV files"),
        "Ctrl+Shift+E",
        "table",
        usable=_recorded,
    ),
    ActionSpec(
        "export-png",
        QT_TRANSLATE_NOOP("Actions", "Plot as PNG…"),
        "File/Export",
        icon="export",
        group=1,
        usable=_plot,
    ),
    ActionSpec("export-svg", QT_TRANSLATE_NOOP("Actions", "Plot as SVG…"), "File/Export", group=1, usable=_plot),
    ActionSpec(
        "export-plot-csv", QT_TRANSLATE_NOOP("Actions", "Plot data as CSV…"), "File/Export", group=1, usable=_plot
    ),
    ActionSpec(
        "copy-plot",
        QT_TRANSLATE_NOOP("Actions", "Copy plot"),
        "File/Export",
        QT_TRANSLATE_NOOP("Actions", "Put a picture of the plot on the clipboard"),
        "Ctrl+Shift+C",
        "copy",
        group=1,
        usable=_plot,
    ),
    ActionSpec(
        "export-snippet",
        QT_TRANSLATE_NOOP("Actions", "Python snippet…"),
        "File/Export",
        QT_TRANSLATE_NOOP("Actions", "Write Python code that runs this job without the window"),
        icon="file",
        group=2,
    ),
    ActionSpec(
        "copy-snippet",
        QT_TRANSLATE_NOOP("Actions", "Copy Python snippet"),
        "File/Export",
        QT_TRANSLATE_NOOP("Actions", "Put Python code that runs this job on the clipboard"),
        group=2,
    ),
    ActionSpec(
        "copy-command",
        QT_TRANSLATE_NOOP("Actions", "Copy command line"),
        "File/Export",
        QT_TRANSLATE_NOOP("Actions", "Put the shell command that runs this job on the clipboard"),
        group=2,
    ),
    ActionSpec("quit", QT_TRANSLATE_NOOP("Actions", "Quit"), "File", shortcut="Ctrl+Q", icon="quit", group=3),
)

_EDIT: Final = (
    ActionSpec(
        "undo",
        QT_TRANSLATE_NOOP("Actions", "Undo"),
        "Edit",
        shortcut="Ctrl+Z",
        icon="undo",
        usable=lambda state: state.can_undo,
        toolbar="icon",
    ),
    ActionSpec(
        "redo",
        QT_TRANSLATE_NOOP("Actions", "Redo"),
        "Edit",
        shortcut="Ctrl+Shift+Z",
        icon="redo",
        usable=lambda state: state.can_redo,
        toolbar="icon",
    ),
    ActionSpec(
        "note",
        QT_TRANSLATE_NOOP("Actions", "Note on this run…"),
        "Edit",
        QT_TRANSLATE_NOOP("Actions", "Write a note into the file of the run on show"),
        "Ctrl+Shift+N",
        "note",
        group=1,
        usable=_recorded,
    ),
    ActionSpec(
        "preferences",
        QT_TRANSLATE_NOOP("Actions", "Preferences…"),
        "Edit",
        shortcut="Ctrl+,",
        icon="settings",
        group=2,
    ),
)

_RUN: Final = (
    ActionSpec(
        "run",
        QT_TRANSLATE_NOOP("Actions", "Run"),
        "Run",
        QT_TRANSLATE_NOOP("Actions", "Run this job in a process of its own and record it"),
        "Ctrl+R",
        "run",
        usable=_startable,
        toolbar="text",
    ),
    ActionSpec(
        "cancel",
        QT_TRANSLATE_NOOP("Actions", "Cancel"),
        "Run",
        QT_TRANSLATE_NOOP("Actions", "Stop the run; what was measured is kept"),
        "Ctrl+.",
        "cancel",
        usable=_running,
        toolbar="text",
    ),
    ActionSpec(
        "compare-engines",
        QT_TRANSLATE_NOOP("Actions", "Run baseline and optimised"),
        "Run",
        QT_TRANSLATE_NOOP("Actions", "Run the original and the optimised engine one after the other and compare them"),
        "Ctrl+Shift+R",
        "compare",
        group=1,
        usable=_startable,
        toolbar="icon",
    ),
    ActionSpec(
        "demo",
        QT_TRANSLATE_NOOP("Actions", "Run the demo"),
        "Run",
        QT_TRANSLATE_NOOP("Actions", "Five tasks of handwritten digits, about a minute"),
        "Ctrl+D",
        "demo",
        group=1,
        usable=_idle,
    ),
)

_VIEW: Final = (
    ActionSpec("page-welcome", QT_TRANSLATE_NOOP("Actions", "Welcome"), "View", "", "Ctrl+1", "home"),
    ActionSpec("page-live", QT_TRANSLATE_NOOP("Actions", "Run on show"), "View", "", "Ctrl+2", "live"),
    ActionSpec("page-compare", QT_TRANSLATE_NOOP("Actions", "Comparison"), "View", "", "Ctrl+3", "compare"),
    ActionSpec("page-ablation", QT_TRANSLATE_NOOP("Actions", "Ablation"), "View", "", "Ctrl+4", "ablation"),
    ActionSpec("page-tuner", QT_TRANSLATE_NOOP("Actions", "Tuner"), "View", "", "Ctrl+5", "tune"),
    ActionSpec(
        "history",
        QT_TRANSLATE_NOOP("Actions", "Search the history"),
        "View",
        QT_TRANSLATE_NOOP("Actions", "Find, reopen, compare and delete earlier runs"),
        "Ctrl+H",
        "history",
        group=1,
        toolbar="icon",
    ),
    ActionSpec(
        "pause-view",
        QT_TRANSLATE_NOOP("Actions", "Pause the view"),
        "View",
        QT_TRANSLATE_NOOP("Actions", "Hold the plot still; measuring goes on"),
        "Ctrl+P",
        "pause",
        group=2,
        usable=_live_plot,
        checkable=True,
    ),
    ActionSpec(
        "zoom-region",
        QT_TRANSLATE_NOOP("Actions", "Zoom to region"),
        "View",
        shortcut="Ctrl++",
        icon="zoom",
        group=2,
        usable=_live_plot,
    ),
    ActionSpec(
        "reset-view",
        QT_TRANSLATE_NOOP("Actions", "Show all of the plot"),
        "View",
        shortcut="Ctrl+0",
        icon="reset",
        group=2,
        usable=_live_plot,
    ),
    ActionSpec(
        "full-screen",
        QT_TRANSLATE_NOOP("Actions", "Full screen"),
        "View",
        shortcut="F11",
        group=3,
        checkable=True,
    ),
    ActionSpec(
        "reset-layout",
        QT_TRANSLATE_NOOP("Actions", "Reset layout"),
        "View",
        QT_TRANSLATE_NOOP("Actions", "Put every panel back where it was at first"),
        icon="layout",
        group=3,
    ),
    *(
        ActionSpec(f"theme-{choice}", text, "View/Theme", checkable=True)
        for choice, text in (
            ("system", QT_TRANSLATE_NOOP("Actions", "As the desktop")),
            ("light", QT_TRANSLATE_NOOP("Actions", "Light")),
            ("dark", QT_TRANSLATE_NOOP("Actions", "Dark")),
        )
    ),
    ActionSpec("language-en", "English", "View/Language", checkable=True),
    ActionSpec("language-zh_CN", "简体中文", "View/Language", checkable=True),
)

_HELP: Final = (
    ActionSpec(
        "palette",
        QT_TRANSLATE_NOOP("Actions", "Command palette…"),
        "Help",
        QT_TRANSLATE_NOOP("Actions", "Find any action by typing a few letters of it"),
        "Ctrl+Shift+P",
        "search",
        toolbar="icon",
    ),
    ActionSpec("shortcuts", QT_TRANSLATE_NOOP("Actions", "Keyboard shortcuts"), "Help", shortcut="F1", icon="keyboard"),
    ActionSpec(
        "tour",
        QT_TRANSLATE_NOOP("Actions", "Tour of the window"),
        "Help",
        QT_TRANSLATE_NOOP("Actions", "Five steps through the window"),
        icon="help",
    ),
    ActionSpec("about", QT_TRANSLATE_NOOP("Actions", "About SLoRA"), "Help", icon="info", group=1),
)

ACTIONS: Final[tuple[ActionSpec, ...]] = (*_FILE, *_EDIT, *_RUN, *_VIEW, *_HELP)
EXCLUSIVE: Final = ("theme-", "language-")
"""Prefixes of ids of which one is checked at a time."""
