"""What gives way first where there is little room: texts of tools, ends of lines, lines of buttons."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from slora_gui.views.flow_layout import FlowLayout
from slora_gui.views.layout import unbroken
from slora_gui.views.measures_form import MeasuresForm
from slora_gui.views.plot_tools import PlotTools
from slora_gui.views.progress_panel import ProgressPanel

from .conftest import show


@pytest.mark.usefixtures("each_theme")
def test_tools_keep_their_pictures_and_tips_when_their_texts_have_no_room(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    tools = PlotTools()
    tools.setParent(page)
    show(page)
    tools.resize(tools.sizeHint())
    styles = {button.toolButtonStyle() for button in tools.buttons.values()}
    assert styles == {Qt.ToolButtonStyle.ToolButtonTextBesideIcon}
    tools.resize(tools.sizeHint().width() - 1, tools.height())
    styles = {button.toolButtonStyle() for button in tools.buttons.values()}
    assert styles == {Qt.ToolButtonStyle.ToolButtonIconOnly}
    assert tools.minimumSizeHint().width() < tools.sizeHint().width() / 2
    assert all(button.toolTip() and button.accessibleName() for button in tools.buttons.values())


def test_the_line_of_the_stage_ends_in_an_ellipsis_and_tells_all_as_a_tip(run, qtbot):
    panel = ProgressPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 80)
    panel.set_run(run)
    show(panel)
    whole = panel.stage.shown_text()
    assert whole == "attention.move: 1 of 4 classes"
    panel.resize(panel.width() - panel.stage.width() + 80, 80)
    cut = panel.stage.shown_text()
    assert cut.endswith("…")
    assert whole.startswith(cut.removesuffix("…"))
    assert panel.stage.toolTip() == whole


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("needs at least 570.3 KiB.", ["needs", "at", "least", "570.3_KiB."]),
        ("N = 4,000 · float32 · 3.907 MiB", ["N", "=", "4,000_·", "float32_·", "3.907_MiB"]),
        ("0.332 s predicted. ≤ 489.6 KiB", ["0.332_s", "predicted.", "≤_489.6_KiB"]),
        ("above 90 % of 2 sizes", ["above", "90_%", "of", "2", "sizes"]),
    ],
)
def test_lines_break_between_facts_and_not_inside_them(text, parts):
    assert unbroken(text).replace("\u00a0", "_").split(" ") == parts


def test_measures_without_an_effect_stand_as_far_apart_as_those_with_one(job, qtbot):
    form = MeasuresForm(job)
    qtbot.addWidget(form)
    form.resize(280, form.sizeHint().height())
    show(form)
    switches = list(form.switches.values())
    ends = [form._effects[name] if form._effects[name].isVisible() else form.switches[name] for name in form.switches]
    gaps = {later.y() - end.geometry().bottom() for end, later in zip(ends, switches[1:], strict=False)}
    assert len(gaps) == 1


@pytest.mark.usefixtures("each_theme")
def test_tools_leave_out_their_texts_before_they_leave_the_line(qtbot):
    holder, button, tools = QWidget(), QPushButton("Counter"), PlotTools()
    holder.setLayout(FlowLayout(button, tools))
    page = QWidget()
    holder.setParent(page)
    qtbot.addWidget(page)
    show(page)
    for missing, style in (
        (0, Qt.ToolButtonStyle.ToolButtonTextBesideIcon),
        (8, Qt.ToolButtonStyle.ToolButtonIconOnly),
    ):
        holder.resize(holder.sizeHint().width() - missing, 80)
        assert {own.toolButtonStyle() for own in tools.buttons.values()} == {style}
        assert tools.geometry().top() < button.geometry().bottom()
        assert tools.geometry().right() < holder.width()


def test_buttons_without_room_go_to_a_line_of_their_own(qtbot):
    holder = QWidget()
    buttons = [QPushButton(text) for text in ("Show", "Raise the budget", "Plan again")]
    holder.setLayout(FlowLayout(*buttons))
    qtbot.addWidget(holder)
    wide = holder.sizeHint().width()
    holder.resize(wide, 200)
    show(holder)
    assert len({button.y() for button in buttons}) == 1
    assert buttons[-1].geometry().right() < wide
    holder.resize(wide - 1, 200)
    assert [button.y() > buttons[0].y() for button in buttons] == [False, False, True]
    assert holder.heightForWidth(wide - 1) > holder.heightForWidth(wide)
    buttons[1].hide()
    holder.resize(wide - 2, 200)
    assert buttons[2].y() == buttons[0].y()
