"""The line above a panel: whoever is given a longer name makes room for the title again."""

from __future__ import annotations

import pytest

from slora_gui.eliding import ElidingLabel
from slora_gui.plots.panel_header import PanelHeader

NAMES = ("first", "second")
LONG = {"first": ("a run of a synthetic workload", ""), "second": ("another run of the same workload", "")}


@pytest.mark.parametrize("width", [300, 430, 520, 700, 1100])
def test_the_title_is_whole_whatever_the_keys_are_called_later(qtbot, width: int) -> None:
    header = PanelHeader(NAMES)
    qtbot.addWidget(header)
    header.set_title("Allocated")
    header.resize(width, 60)
    header.show()
    header.set_labels(LONG)
    header.set_title("Reserved by the pool")
    qtbot.wait(20)
    title = header.findChild(ElidingLabel)
    assert title.width() >= title.fontMetrics().horizontalAdvance("Reserved by the pool")
    for key in header.keys.values():
        assert key.geometry().right() <= header.width() or width < key.sizeHint().width()
