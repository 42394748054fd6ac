"""A run reduced to the figures that studies and benchmarks compare; both engines measured against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slora_core import pipeline
from slora_core.bench.distributed import compare_ranks
from slora_core.bench.engines import compare_budgets, compare_engines
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import SloraError
from slora_core.events import RunFailed, RunFinished, RunStarted, StageFinished, StagePeaks
from slora_core.memory.sizes import format_size
from slora_core.studies import whole_run
from slora_core.studies.whole_run import RunFigures, run_whole
from slora_core.types import MIB

TINY = RunConfig().merged(
    {
        "source": {"kind": "synthetic", "pairs": 150, "dim": 8, "classes": 2},
        "operators": {"names": "linear,attention", "attention": {"samples": 100, "top_k": 10}},
        "run": {"sample_hz": 0, "device": "cpu", "threads": 1},
    }
)
PLAN = {"stages": [{"stage": "linear.fit", "seconds": 2.5, "choice": {"rows": 7}}]}


def finished(stage, seconds, peak, rank=0, communicated=None):
    return StageFinished(0.0, stage, seconds, StagePeaks(peak, None, 10 * peak), 0, True, communicated, rank)


@pytest.fixture
def told(monkeypatch):
    """``told(*events)``: the figures of a run that yields them between its beginning and its end."""

    def reduce(*events, final=None):
        end = final or RunFinished(9.0, 9.0, StagePeaks(), {}, {"SeqFT": {"lda": 0.5}}, {}, None)
        events = (RunStarted(0.0, "", "", "", {}, {"torch": "2"}, PLAN, None), *events, end)
        monkeypatch.setattr(whole_run.isolate, "stream", lambda *_, **__: iter(events))
        return run_whole(RunConfig(), CancelToken())[0]

    return reduce


def test_what_makes_the_data_counts_for_nothing_nor_what_it_lies_in(told):
    figures = told(
        finished("warm-up", 50.0, 900),
        finished("task1.train", 60.0, 800),
        finished("task1.linear.fit", 1.0, 30),
        finished("task1.linear.move", 2.0, 40),
        finished("task1.linear", 3.5, 40),
        finished("task1", 64.0, 800),
        finished("scan", 0.5, 20),
    )
    assert figures.seconds == 4.0
    assert (figures.peak_allocated_bytes, figures.peak_rss_bytes, figures.peak_reserved_bytes) == (40, 400, None)
    assert list(figures.stages) == ["task1.linear.fit", "task1.linear.move", "task1.linear", "scan"]
    assert figures.accuracies == {"SeqFT": {"lda": 0.5}}


def test_of_several_ranks_the_slowest_counts_and_attempts_add_up(told):
    figures = told(
        finished("linear.fit", 1.0, 30, 0, 100),
        finished("linear.fit", 2.0, 50, 1, 60),
        finished("linear.fit", 2.0, 20, 0, 5),  # again, in smaller pieces
        finished("scan", 4.0, 10, 1, 0),
    )
    fit = figures.stages["linear.fit"]
    assert (fit.seconds, fit.allocated_bytes, fit.communicated_bytes) == (3.0, 50, 165)
    assert (fit.predicted_s, fit.choice) == (2.5, {"rows": 7})
    assert figures.seconds == 6.0
    assert RunFigures.from_dict(figures.to_dict()) == figures


def test_a_failure_is_a_figure_with_its_traceback(told):
    figures = told(final=RunFailed(1.0, "internal", "so it goes", "", 4, "Traceback: here"))
    assert (figures.failure, figures.details, figures.seconds) == ("so it goes", "Traceback: here", None)


@pytest.fixture
def here(monkeypatch):
    """Whole runs in this process."""
    monkeypatch.setattr(whole_run.isolate, "stream", lambda config, cancel, **_: pipeline.stream(config, cancel))


def test_the_benchmark_of_the_engines_holds_the_optimised_against_the_baseline(here, tmp_path):
    said = []
    (table, moved), data = compare_engines(TINY, tmp_path, said.append)
    stages = [row[0] for row in table.rows]
    assert stages[0] == "whole"
    assert {"linear.fit", "linear.move", "linear", "attention.move"} <= set(stages)
    whole = dict(zip(table.columns, table.rows[0], strict=True))
    ratio = data["baseline"]["peak_allocated_bytes"] / data["optimised"]["peak_allocated_bytes"]
    assert whole["smaller"] == f"{ratio:.1f}x"
    assert {row[0] for row in moved.rows} == {"linear", "attention"}
    assert all(row["covariance"] < 1e-4 for row in data["deviations"])
    assert len(said) == 2


def test_a_single_operator_is_named(here, tmp_path):
    single = TINY.merged({"operators": {"names": "linear"}})
    (_, moved), _ = compare_engines(single, tmp_path, lambda _: None)
    assert [row[0] for row in moved.rows] == ["linear"]


def test_what_the_pool_of_a_device_reserved_is_told_as_well(monkeypatch, tmp_path):
    """As if each engine's pool had taken another mebibyte beside its tensors."""

    def with_pool(event):
        if not isinstance(event, StageFinished) or event.peaks is None:
            return event
        return replace(event, peaks=replace(event.peaks, reserved_bytes=event.peaks.allocated_bytes + MIB))

    monkeypatch.setattr(
        whole_run.isolate, "stream", lambda config, cancel, **_: map(with_pool, pipeline.stream(config, cancel))
    )
    (table, _), data = compare_engines(TINY, tmp_path, lambda _: None)
    assert table.columns[-2:] == ("baseline reserved", "optimised reserved")
    for name, *_, base, optimised in table.rows[1:]:
        assert base == format_size(data["baseline"]["stages"][name]["allocated_bytes"] + MIB)
        assert optimised == format_size(data["optimised"]["stages"][name]["allocated_bytes"] + MIB)
    assert table.rows[0][-1] == format_size(data["optimised"]["peak_reserved_bytes"])


def test_the_benchmark_of_budgets_goes_down_to_the_smallest_feasible(here, tmp_path):
    (table,), data = compare_budgets(TINY, tmp_path, lambda _: None)
    first, last = data["budgets"][0], data["budgets"][-1]
    assert (first["budget_bytes"], first["worst_deviation"]) == (None, 0.0)
    assert last["peak_allocated_bytes"] <= last["budget_bytes"] < first["peak_allocated_bytes"]
    assert last["worst_deviation"] <= 1e-6
    assert [row[-1] for row in table.rows] == ["", *["yes"] * (len(table.rows) - 1)]


def test_a_failed_run_ends_the_benchmark(here, tmp_path):
    with pytest.raises(SloraError, match=r"optimised run failed: .*1 KiB"):
        compare_engines(TINY.merged({"memory": {"budget": "1KiB"}}), tmp_path, lambda _: None)


def test_the_benchmark_of_ranks_compares_stage_by_stage(here, tmp_path):
    """In one process nothing is communicated, and nothing deviates."""
    (table,), data = compare_ranks(TINY, tmp_path, lambda _: None)
    assert data["worst_deviation"] == 0.0
    assert {row[0] for row in table.rows} == data["seconds"]["one"].keys() == data["seconds"]["half"].keys()
    assert {row[-1] for row in table.rows} == {"not available"}
