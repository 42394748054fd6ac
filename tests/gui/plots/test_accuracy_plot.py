"""Accuracies as tasks finish."""

from __future__ import annotations

import numpy as np
import pytest

from slora_core.records.run_file import Accuracy
from slora_gui.plots.accuracy_plot import AccuracyPlot

ROWS = [
    Accuracy(task, 2 * task, variant, classifier, value - task / 50)
    for task in (2, 1)
    for variant, value in (("SeqFT", 0.9), ("SeqFT + linear", 0.95))
    for classifier in ("lda", "qda")
]


@pytest.fixture
def plot(show):
    plot = show(AccuracyPlot(), 700, 420)
    plot.set_accuracies(ROWS, "lda")
    return plot


def test_one_line_a_variant_in_order_of_tasks(plot):
    assert plot.lines() == {
        "SeqFT": ([1, 2], [pytest.approx(0.88), pytest.approx(0.86)]),
        "SeqFT + linear": ([1, 2], [pytest.approx(0.93), pytest.approx(0.91)]),
    }
    assert [len(item.getData()[0]) for item in plot._items] == [2, 2]
    assert plot.header.keys["SeqFT"]._value == "86.0 %"
    assert len(plot.data_table().rows) == 4


def test_a_hidden_variant_is_not_drawn(plot):
    plot.header.keys["SeqFT"].click()
    assert len(plot._items) == 1
    np.testing.assert_allclose(plot._items[0].getData()[1], [0.93, 0.91])


def test_one_task_and_none(plot):
    plot.set_accuracies([row for row in ROWS if row.task == 1], "qda")
    assert plot.empty_sentence == ""
    assert plot.header.title == "Accuracy with QDA"
    plot.set_accuracies([], "qda")
    assert "No accuracies yet" in plot.empty_sentence
    assert plot._items == []


def test_its_text_follows_the_language(plot, shouting):
    shouting()
    assert plot.header.title == "ACCURACY WITH LDA"
