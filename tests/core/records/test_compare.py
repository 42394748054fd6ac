"""Runs side by side: values, signed differences and ratios against the first, and the same as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slora_core.errors import InputError
from slora_core.records.compare import compare
from slora_core.records.tables import (
    accuracies_table,
    comparison_tables,
    format_seconds,
    format_value,
    runs_table,
    stages_table,
)

GB = 10**9


@pytest.fixture
def runs(record_run):
    return [
        record_run("base"),
        record_run("double", scale=2, engine="baseline"),
        record_run("cut", end="cut"),
    ]


def test_overall_metrics_have_exact_signed_differences_and_ratios(runs):
    comparison = compare(runs)
    assert comparison.labels == ("base", "double", "cut")
    peak = comparison.metric("overall", "", "peak_allocated_bytes")
    assert peak.values == (5 * GB, 10 * GB, 4 * GB)
    assert peak.differences == (0, 5 * GB, -1 * GB)
    assert peak.ratios == (1.0, 2.0, 0.8)
    assert peak.unit == "bytes"
    seconds = comparison.metric("overall", "", "seconds")
    assert (seconds.values, seconds.differences[2], seconds.ratios[1]) == ((0.9, 1.8, None), None, 2.0)


def test_what_no_run_could_measure_stays_not_available(runs):
    reserved = compare(runs).metric("overall", "", "peak_reserved_bytes")
    assert (reserved.values, reserved.differences, reserved.ratios) == ((None,) * 3,) * 3


def test_a_stage_that_ran_twice_counts_its_time_twice_and_its_larger_peak(runs):
    comparison = compare(runs)
    assert comparison.metric("stage", "task1.attention", "seconds").values == pytest.approx((0.3, 0.6, 0.3))
    assert comparison.metric("stage", "task1.attention", "peak_allocated_bytes").values == (4 * GB, 8 * GB, 4 * GB)
    assert comparison.metric("stage", "task1", "seconds").values == (0.7, 1.4, None)


def test_accuracies_are_those_of_the_last_task(runs):
    comparison = compare(runs)
    assert comparison.metric("accuracy", "SeqFT / ncm", "accuracy").values == (0.5, 0.5, 0.5)
    subjects = [metric.subject for metric in comparison.metrics if metric.group == "accuracy"]
    assert subjects == ["SeqFT / ncm", "SeqFT / lda", "SeqFT + linear / ncm", "SeqFT + linear / lda"]


def test_flags_are_compared_by_eye(runs):
    within = compare(runs).metric("overall", "", "within_budget")
    assert (within.values, within.differences, within.ratios) == ((True, True, None), (None,) * 3, (None,) * 3)


def test_an_unknown_metric_is_a_key_error(runs):
    with pytest.raises(KeyError):
        compare(runs).metric("stage", "nowhere", "seconds")


def test_one_run_is_no_comparison(runs):
    with pytest.raises(InputError, match="at least two"):
        compare(runs[:1])


def test_the_same_file_twice_is_told_apart(runs):
    assert compare([runs[0], runs[0]]).labels == ("base", "base (2)")


def test_tables_have_as_many_cells_as_columns(runs):
    tables = [
        runs_table([run.header for run in runs]),
        *(stages_table(run) for run in runs),
        *(accuracies_table(run) for run in runs),
        *comparison_tables(compare(runs)),
    ]
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)} == {len(table.numeric)}


def test_the_comparison_reads_like_a_sentence(runs):
    overall, by_stage, accuracy = comparison_tables(compare(runs[:2]))
    rows = {row[0]: row[1:] for row in overall.rows}
    assert rows["peak allocated"] == ("4.657 GiB", "9.313 GiB", "+4.657 GiB", "2x")
    assert rows["within budget"] == ("yes", "yes", "", "")
    assert "peak reserved" not in rows
    assert ("task1: time", "0.7 s", "1.4 s", "+0.7 s", "2x") in by_stage.rows
    assert ("SeqFT / ncm", "50.00 %", "50.00 %", "0.00 points", "1x") in accuracy.rows


def test_a_run_without_a_budget_is_unlimited(runs):
    found = compare(runs[:2])
    metrics = [replace(m, values=(8 * GB, None)) if m.name == "budget_bytes" else m for m in found.metrics]
    overall, *_ = comparison_tables(replace(found, metrics=tuple(metrics)))
    assert next(row for row in overall.rows if row[0] == "budget")[1:3] == ("7.451 GiB", "unlimited")


def test_a_missing_value_is_said_and_not_zero(runs):
    (header,) = runs_table([runs[2].header]).rows
    assert header[6:8] == ("not available", "not available")
    assert stages_table(runs[2]).rows[0][-1] == "cut off"
    assert format_value(None, "bytes") == "not available"
    assert format_value(0, "bytes") == "0 B"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0421, "0.0421 s"), (12.34, "12.3 s"), (200.4, "3 min 20 s"), (7500, "2 h 05 min"), (None, "not available")],
)
def test_times_are_written_for_people(seconds, text):
    assert format_seconds(seconds) == text
