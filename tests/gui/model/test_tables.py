"""Tables: shown texts, raw values that sort, alignment, and what views are told of a change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtTest import QAbstractItemModelTester

from slora_core.config import RunConfig
from slora_core.events import StageFinished, StagePeaks, StageStarted
from slora_core.memory.device import CPU_PROFILE
from slora_core.records.run_file import Accuracy
from slora_core.studies.tuning.results import StageTrial
from slora_gui.model.rows_table import Column, RowsTable
from slora_gui.model.run_model import RunModel
from slora_gui.model.study_tables import TrialsTable
from slora_gui.model.tables import AccuraciesTable, PlanTable, StagesTable
from slora_gui.model.texts import percent_text, seconds_text, size_text
from slora_gui.model.what_if import forecast

MIB = 1024**2


def shown(table):
    return [
        [table.index(row, column).data() for column in range(table.columnCount())] for row in range(table.rowCount())
    ]


def headings(table):
    return [table.headerData(column, Qt.Orientation.Horizontal) for column in range(table.columnCount())]


def sorted_by(table, column, order=Qt.SortOrder.AscendingOrder):
    """What a view's proxy shows of the column."""
    proxy = QSortFilterProxyModel()
    proxy.setSortRole(Qt.ItemDataRole.UserRole)
    proxy.setSourceModel(table)
    proxy.sort(column, order)
    return [proxy.index(row, column).data() for row in range(proxy.rowCount())]


@pytest.fixture
def stages(qtbot, qtmodeltester):
    table, run = StagesTable(), RunModel()
    tester = QAbstractItemModelTester(table)  # noqa: F841  # checks every signal while it lives
    table.set_run(run)
    for name, start, seconds, peak in (("scan", 0.0, 2.0, 900 * MIB), ("linear.fit", 2.0, 100.0, 5 * 1024 * MIB)):
        run.feed(StageStarted(start, name, "", 20 * MIB, 1.0))
        run.feed(StageFinished(start + seconds, name, seconds, StagePeaks(peak, None, 7), 0))
    run.feed(StageStarted(102.0, "linear.move", ""))
    yield table, run
    table.set_run(None)


def test_stages_are_shown_as_they_come(stages):
    table, run = stages
    assert [row[0] for row in shown(table)] == ["scan", "linear.fit", "linear.move"]
    assert shown(table)[0] == ["scan", "900 MiB", "20 MiB", "2 s", "1 s", "7 B", "not available", "0 s", "done"]
    assert shown(table)[2][1:7] == ["not available"] * 6
    assert shown(table)[2][-1] == "not ended"
    run.feed(StageFinished(103.0, "linear.move", 1.0, StagePeaks(6 * MIB, None, 7), 0, False))
    assert shown(table)[2][1] == "6 MiB"
    assert shown(table)[2][-1] == "not finished"


def test_sizes_and_times_sort_by_value_and_the_unknown_above_all(stages):
    table, _ = stages
    assert sorted_by(table, 1) == ["900 MiB", "5 GiB", "not available"]
    assert sorted_by(table, 3, Qt.SortOrder.DescendingOrder) == ["not available", "1 min 40 s", "2 s"]


def test_figures_are_aligned_right_and_names_left(stages):
    table, _ = stages
    right = [
        bool(table.index(0, c).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight) for c in range(9)
    ]
    assert right == [False, *[True] * 7, False]


def test_another_run_or_none_is_shown_at_once(stages):
    table, first = stages
    second = RunModel()
    second.feed(StageStarted(0.0, "scan", ""))
    table.set_run(second)
    assert len(shown(table)) == 1
    first.feed(StageStarted(200.0, "evaluate", ""))
    assert len(shown(table)) == 1
    table.set_run(None)
    assert shown(table) == []


class Told:
    def __init__(self, table):
        self.inserted, self.changed, self.resets = [], [], 0
        table.rowsInserted.connect(lambda parent, first, last: self.inserted.append((first, last)))
        table.dataChanged.connect(lambda first, last, roles: self.changed.append((first.row(), last.row())))
        table.modelReset.connect(self._reset)

    def _reset(self):
        self.resets += 1


def test_views_hear_only_of_what_changed(qapp):
    table = RowsTable([Column("n", lambda row: row, str)])
    tester = QAbstractItemModelTester(table)  # noqa: F841
    table.set_rows([1, 2, 3, 4])
    told = Told(table)
    table.set_rows([1, 2, 3, 4])
    assert (told.inserted, told.changed, told.resets) == ([], [], 0)
    table.set_rows([1, 9, 8, 4, 5, 6])
    assert (told.inserted, told.changed, told.resets) == ([(4, 5)], [(1, 2)], 0)
    table.set_rows([1])
    assert told.resets == 1
    assert table.item(0) == 1


def test_the_plan_shows_which_stage_binds(qapp):
    config = RunConfig().merged({"source": {"kind": "synthetic", "pairs": 512, "dim": 32, "classes": 4}})
    found = forecast(config.merged({"memory": {"budget": "2MiB"}}), CPU_PROFILE)
    table = PlanTable()
    table.show_forecast(found)
    rows = shown(table)
    assert [row[0] for row in rows] == [stage.stage for stage in found.plan.stages]
    assert [row[0] for row in rows if row[-1] == "binds"] == [found.plan.binding_stage]
    assert rows[0][2] == size_text(found.plan.stages[0].predicted_peak_bytes)
    assert rows[0][4].endswith(" %")
    table.show_forecast(forecast(config, CPU_PROFILE))
    assert shown(table)[0][4] == ""


def test_accuracies_of_the_last_task_or_of_one(qapp):
    table = AccuraciesTable()
    table.set_accuracies([])
    assert (shown(table), headings(table)) == ([], ["variant"])
    rows = [Accuracy(1, 2, "SeqFT", "lda", 1.0), Accuracy(2, 4, "SeqFT", "lda", 0.5)]
    rows += [Accuracy(2, 4, "SeqFT + linear", "lda", 0.954), Accuracy(2, 4, "SeqFT + linear", "ncm", 2 / 3)]
    table.set_accuracies(rows)
    assert headings(table) == ["variant", "LDA", "NCM"]
    assert shown(table) == [
        ["SeqFT (no compensation)", "50.0 %", "not available"],
        ["SeqFT + linear", "95.4 %", "66.7 %"],
    ]
    assert sorted_by(table, 1, Qt.SortOrder.DescendingOrder) == ["95.4 %", "50.0 %"]
    table.set_accuracies(rows, task=1)
    assert shown(table) == [["SeqFT (no compensation)", "100.0 %"]]


def test_trials_say_how_they_were_measured(qapp):
    table = TrialsTable()
    table.set_rows(
        [
            StageTrial("attention.move", "chunk 64", 2.0, 1.5, MIB, True, ""),
            StageTrial("linear.fit", "rows 8", 3.0, None, None, False, ""),
            StageTrial("scan", "rows 9", None, None, None, False, "no memory"),
        ]
    )
    assert shown(table) == [
        ["attention.move", "chunk 64", "1 MiB", "2 s", "1.5 s", "whole stage"],
        ["linear.fit", "rows 8", "not available", "3 s", "not available", "drawn out from a part"],
        ["scan", "rows 9", "not available", "not available", "not available", "failed: no memory"],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (size_text(-3 * MIB, signed=True), "−3 MiB"),
        (size_text(0, signed=True), "0 B"),
        (size_text(None, signed=True), "not available"),
        (seconds_text(200.0), "3 min 20 s"),
        (seconds_text(-0.25, signed=True), "−0.25 s"),
        (percent_text(-0.1, signed=True), "−10.00 points"),
        (percent_text(0.1), "10.0 %"),
    ],
)
def test_figures_as_text(qapp, text, expected):
    assert text == expected
