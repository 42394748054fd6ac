"""Runs against each other: the same figures as the engine's comparison of their files, against any base."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.events import RunFinished, RunStarted, StageFinished, StagePeaks, StageStarted
from slora_core.records.compare import compare
from slora_core.records.recorder import RunRecorder
from slora_core.records.run_file import RunFile
from slora_gui.control.batches import EnginePair
from slora_gui.i18n import languages_of
from slora_gui.model.comparison_model import ComparisonModel, ComparisonTable
from slora_gui.model.run_model import RunModel

MIB = 1024**2


def _events(peak, seconds, accuracy):
    accuracies = {"SeqFT": {"lda": accuracy}}
    yield RunStarted(0.0, "r", "2025-01-01T00:00:00+00:00", "optimised", {}, {}, None, None)
    yield StageStarted(0.0, "attention.move", "")
    yield StageFinished(seconds, "attention.move", seconds, StagePeaks(peak, None, 9), 0)
    yield RunFinished(seconds, seconds, StagePeaks(peak, None, 9), {}, accuracies, {}, None)


@pytest.fixture
def paths(tmp_path):
    figures = {"baseline": (400 * MIB, 8.0, 0.9), "optimised": (100 * MIB, 2.0, 0.9125), "third": (100 * MIB, 4.0, 0.5)}
    for name, values in figures.items():
        with RunRecorder(tmp_path / f"{name}.slora") as recorder:
            for event in _events(*values):
                recorder.write(event)
    return [tmp_path / f"{name}.slora" for name in figures]


@pytest.fixture
def model(qapp, paths):
    model = ComparisonModel()
    for path in paths:
        model.add(path)
    return model


def test_it_is_the_engines_comparison_of_the_files(model, paths, real_run):
    model.add(real_run[1])
    runs = [RunFile.open(path) for path in (*paths, real_run[1])]
    assert model.comparison == compare(runs)
    for run in runs:
        run.close()


def test_any_run_can_be_the_base(model):
    model.set_base(1)
    assert model.comparison.labels == ("optimised", "baseline", "third")
    peak = model.comparison.metric("overall", "", "peak_allocated_bytes")
    assert (peak.differences, peak.ratios) == ((0, 300 * MIB, 0), (1.0, 4.0, 1.0))
    with pytest.raises(IndexError):
        model.set_base(3)


def test_taking_runs_out_keeps_or_moves_the_base(model):
    model.set_base(2)
    model.remove(0)
    assert (model.base, model.labels) == (1, ("optimised", "third"))
    model.remove(1)
    assert (model.base, model.comparison) == (0, None)
    model.clear()
    assert model.runs == ()


def test_a_run_is_added_once_and_a_file_of_no_use_not_at_all(model, paths, tmp_path):
    assert model.add(paths[0]) is model.runs[0]
    assert model.add(model.runs[1]) is model.runs[1]
    (tmp_path / "x.slora").write_text("no")
    with pytest.raises(InputError, match="is not a run file"):
        model.add(tmp_path / "x.slora")
    assert len(model.runs) == 3


def test_runs_of_one_name_are_told_apart(qapp):
    model = ComparisonModel()
    for _ in range(3):
        model.add(RunModel("demo"))
    assert model.labels == ("demo", "demo (2)", "demo (3)")


@pytest.mark.parametrize(("language", "labels"), [("en", ("baseline", "optimised")), ("zh_CN", ("基线", "优化"))])
def test_what_the_titles_of_a_pair_begin_with_is_left_out_in_every_language(qapp, language, labels):
    model = ComparisonModel()
    pair = EnginePair(RunConfig().merged({"source": {"kind": "demo"}}))
    for job in pair.jobs:
        model.add(RunModel(job.title))
    languages_of(qapp).use(language)
    try:
        assert model.labels == labels
    finally:
        languages_of(qapp).use("en")
        pair.close()


def test_a_run_that_goes_on_is_compared_anew(qtbot, model):
    live = model.add(RunModel("live"))
    table = ComparisonTable()
    tester = QAbstractItemModelTester(table)  # noqa: F841
    *most, last = _events(50 * MIB, 1.0, 0.95)
    for event in most:
        live.feed(event)
    assert model.comparison.metric("overall", "", "peak_allocated_bytes").values[-1] == 50 * MIB
    assert model.comparison.metric("overall", "", "seconds").values[-1] is None
    table.show_comparison(model.comparison)
    with qtbot.waitSignal(model.changed):
        live.feed(last)
    assert model.comparison.metric("overall", "", "seconds").differences[-1] == -7.0
    table.show_comparison(model.comparison)
    model.remove(3)
    live.feed(last)
    assert len(model.comparison.labels) == 3


def test_the_table_shows_signed_differences_from_the_base(model):
    model.remove(2)
    table = ComparisonTable()
    table.show_comparison(model.comparison, ("overall", "accuracy"))
    headings = [table.headerData(column, Qt.Orientation.Horizontal) for column in range(table.columnCount())]
    assert headings == ["metric", "baseline", "optimised", "difference", "ratio"]
    rows = [[table.index(row, column).data() for column in range(5)] for row in range(table.rowCount())]
    assert rows == [
        ["peak allocated", "400 MiB", "100 MiB", "−300 MiB", "0.25×"],
        ["peak RSS", "9 B", "9 B", "0 B", "1×"],
        ["time", "8 s", "2 s", "−6 s", "0.25×"],
        ["SeqFT / lda", "90.0 %", "91.2 %", "+1.25 points", "1.01×"],
    ]
    assert table.index(0, 3).data(Qt.ItemDataRole.UserRole) == -300 * MIB
    table.show_comparison(None)
    assert (table.rowCount(), table.columnCount()) == (0, 0)
