"""Where tables and charts put things: inside the page, whole, on round numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from slora_core.records.tables import TextTable
from slora_core.report.model import Curve, Figure, PeakMarker, StageBand
from slora_gui.report.chart import Chart
from slora_gui.report.pages import Pages
from slora_gui.report.scales import round_steps, size_steps
from slora_gui.report.style import BUDGET, CURVES, Style, px
from slora_gui.report.tables import column_widths, place_table


class RecordingPages(Pages):
    """Remembers page, top and bottom of every block."""

    def __init__(self, size):
        super().__init__(size)
        self.blocks = []

    def place(self, height, draw):
        super().place(height, draw)
        self.blocks.append((self.number, self._y - height, self._y))


def test_no_row_crosses_the_edge_of_a_page(qapp):
    rows = tuple((f"row {n}", "words " * (n % 40), "1 GiB") for n in range(200))
    pages = RecordingPages(QSizeF(px(595), px(842)))
    place_table(pages, TextTable("title", ("a", "b", "c"), (False, False, True), rows), Style.of("en"))
    assert len(pages.pages) > 3
    for _, top, bottom in pages.blocks:
        assert pages.area.top() <= top < bottom <= pages.area.bottom() + 1
    for above, below in zip(pages.blocks, pages.blocks[1:], strict=False):
        assert below[0] > above[0] or below[1] >= above[2] - 1e-6


@pytest.mark.parametrize("columns", [1, 4, 12])
def test_columns_take_the_width_there_is_and_figures_stay_on_one_line(qapp, columns):
    style = Style.of("en")
    plain, bold = style.font(7), style.font(7, bold=True)
    rows = (("a text of several words " * 10, *("1023.5 MiB" for _ in range(columns - 1))),)
    numeric = (False, *(True,) * (columns - 1))
    widths = column_widths(TextTable("", ("name",) * columns, numeric, rows), px(500), plain, bold)
    assert sum(widths) == pytest.approx(px(500 + 8))
    assert len({round(width) for width in widths[1:]}) <= 1


@given(st.floats(1e-6, 1e15), st.integers(2, 10))
def test_steps_are_round_and_reach_the_highest(highest, count):
    steps = round_steps(highest, count)
    assert steps[0] == 0
    assert steps[-1] >= highest * (1 - 1e-9)
    assert 2 <= len(steps) <= 2.5 * count + 2
    assert f"{steps[1]:.0e}"[0] in "125"


def test_sizes_are_round_in_the_unit_that_fits():
    assert size_steps(16.3 * 1024**3) == ([n * 5 * 1024**3 for n in range(5)], "GiB")
    assert size_steps(900)[1] == "B"


def _drawn(figure):
    image = QImage(3000, 1500, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    Chart(figure, 3000, 1500, Style.of("en")).draw(painter, QPointF(0, 0))
    painter.end()
    bits = np.frombuffer(image.constBits(), np.uint8).reshape(1500, 3000, 4)[:, :, 2::-1].copy()
    return lambda colour: np.abs(bits.astype(int) - colour.getRgb()[:3]).sum(axis=2) < 12


def _figure(values, **others):
    t_s = np.linspace(0, 10, len(values))
    return Figure("t", "", "time", "memory", (Curve("allocated", t_s, np.array(values)),), **others)


def test_the_budget_line_is_above_a_curve_that_keeps_it_and_left_out_where_it_is_far(qapp):
    near = _drawn(_figure([1e9] * 50, budget_bytes=2 * 10**9))
    budget, curve = np.argwhere(near(BUDGET))[:, 0].mean(), np.argwhere(near(CURVES[0]))[:, 0].mean()
    assert budget < curve - 100
    assert not _drawn(_figure([1e9] * 50, budget_bytes=10**11))(BUDGET).any()


def test_a_curve_is_broken_where_it_is_not_available(qapp):
    columns = np.flatnonzero(_drawn(_figure([1e9] * 40 + [np.nan] * 20 + [1e9] * 40))(CURVES[0]).any(axis=0))
    assert np.diff(columns).max() > 400


def test_a_chart_without_time_or_memory_is_drawn(qapp):
    figure = _figure([0.0], bands=(StageBand("a", 0.0, 0.0),), peaks=(PeakMarker(0.0, 0.0, "peak 0 B"),))
    assert _drawn(figure) is not None
