"""The table is sound, and menus, toolbar, palette and sheet all show it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenuBar, QToolBar

from slora_gui import theme
from slora_gui.actions import ACTIONS, MENUS, WindowState
from slora_gui.shell.action_set import ActionSet
from slora_gui.shell.command_palette import CommandPalette
from slora_gui.shell.fuzzy import score
from slora_gui.shell.shortcut_sheet import ShortcutSheet


@pytest.fixture
def actions(qtbot):
    bar = QMenuBar()
    qtbot.addWidget(bar)
    made = ActionSet(bar)
    made.fill_menu_bar(bar)
    made.update_state(WindowState())
    yield made
    bar.close()


def test_ids_and_shortcuts_are_unique_and_every_action_has_a_menu():
    ids = [spec.id for spec in ACTIONS]
    keys = [spec.shortcut for spec in ACTIONS if spec.shortcut]
    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)
    assert {spec.menu for spec in ACTIONS} <= set(MENUS)


def test_every_icon_of_the_table_exists():
    for spec in ACTIONS:
        if spec.icon:
            assert not theme.icon(spec.icon).isNull()


def test_the_menus_hold_every_action_once(actions):
    shown = [action.objectName() for path in MENUS for action in actions.menu(path).actions() if action.objectName()]
    assert sorted(shown) == sorted(spec.id for spec in ACTIONS)


def test_what_can_be_used_follows_the_state(actions):
    assert actions["run"].isEnabled()
    assert not actions["cancel"].isEnabled()
    assert not actions["export-report"].isEnabled()
    actions.update_state(WindowState(running=True, run=True, page="live", plot=True))
    assert not actions["run"].isEnabled()
    assert actions["cancel"].isEnabled()
    assert actions["zoom-region"].isEnabled()


def test_undo_says_what_it_takes_back(actions):
    actions.set_undo_texts("Set budget", "")
    assert actions["undo"].text() == "Undo: Set budget"
    assert actions["redo"].text() == "Redo"


def test_triggering_carries_the_id(actions, qtbot):
    with qtbot.waitSignal(actions.triggered) as heard:
        actions["run"].trigger()
    assert heard.args == ["run"]


def test_the_toolbar_shows_what_the_table_says(actions, qtbot):
    bar = QToolBar()
    qtbot.addWidget(bar)
    actions.fill_toolbar(bar)
    shown = [action.objectName() for action in bar.actions() if not action.isSeparator()]
    assert shown == [spec.id for spec in ACTIONS if spec.toolbar]


def test_the_palette_finds_by_letters_and_runs_with_enter(actions, qtbot):
    palette = CommandPalette(actions)
    palette.show()
    chosen = []
    palette.chosen.connect(chosen.append)
    qtbot.keyClicks(palette.search, "rstly")
    assert palette.results.currentItem().data(0, Qt.ItemDataRole.UserRole) == "reset-layout"
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert chosen == ["reset-layout"]


def test_the_palette_moves_with_the_arrows_and_leaves_out_what_cannot_be_used(actions, qtbot):
    palette = CommandPalette(actions)
    palette.show()
    rows = range(palette.results.topLevelItemCount())
    ids = [palette.results.topLevelItem(row).data(0, Qt.ItemDataRole.UserRole) for row in rows]
    assert "run" in ids
    assert "cancel" not in ids
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.results.currentIndex().row() == 1
    qtbot.keyClicks(palette.search, "no such thing")
    assert palette.results.isHidden()
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    palette.close()


def test_the_sheet_lists_every_shortcut(actions, qtbot):
    sheet = ShortcutSheet(actions)
    qtbot.addWidget(sheet)
    assert len(sheet.rows()) == sum(bool(spec.shortcut) for spec in ACTIONS)
    assert ("Run", "Run", "Ctrl+R") in sheet.rows()


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [("run", "Run", "Keyboard shortcuts run"), ("rl", "Reset layout", "Parallel"), ("exp", "Export", "Reset paper")],
)
def test_better_matches_score_higher(query, better, worse):
    assert score(query, better) >= (score(query, worse) or 0)


def test_letters_must_come_in_order():
    assert score("nur", "run") is None
    assert score("", "anything") == 0
    assert score("RUN", "run") == score("run", "RUN")
