"""``slora runs``, ``slora report`` and ``slora compare`` over recorded runs; ``slora bench``."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import pytest

from slora_core.events import Notice, RunStarted
from slora_core.records.recorder import RunRecorder

TINY = (
    *("--workload", "seed-tiny", "--operators", "linear,attention"),
    *("--set", "operators.attention.samples=60", "--set", "run.sample_hz=0"),
)


@pytest.fixture
def recorded(slora):
    """Two run files of one job, the second within a budget."""
    paths = []
    for extra in ((), ("--budget", "200KiB")):
        said = slora("run", "--here", *TINY, "--json", *extra)
        assert said.code == 0, said.err
        paths.append(Path(said.json["run_file"]))
    return paths


def test_runs_are_listed_shown_noted_deleted_and_restored(slora, recorded):
    first, second = recorded
    listed = slora("runs")
    assert {first.stem, second.stem} <= {line.split()[0] for line in listed.out.splitlines()[2:]}
    assert slora("runs", "note", first.stem, "a note").code == 0
    found = slora("runs", "--search", "note synthetic", "--json").json
    assert [run["note"] for run in found] == ["a note"]
    assert found[0]["path"] == str(first)
    data = slora("runs", "show", second.stem, "--json").json
    assert data["config"]["memory"]["budget"] == 200 * 1024
    assert data["result"]["event"] == "run-finished"
    assert {stage["stage"] for stage in data["stages"]} >= {"scan", "linear.move", "attention.move"}
    shown = slora("runs", "show", first.stem)
    assert any(line.startswith("attention.move ") for line in shown.out.splitlines())
    deleted = slora("runs", "delete", first.stem, "--json").json["path"]
    assert Path(deleted).exists()
    assert [run["path"] for run in slora("runs", "--json").json] == [str(second)]
    assert [run["path"] for run in slora("runs", "--deleted", "--json").json] == [deleted]
    assert slora("runs", "restore", first.stem).out.strip() == str(first)
    assert len(slora("runs", "--json").json) == 2


def test_runs_that_do_not_exist(slora, home):
    assert slora("runs").out == f"no runs in {home / 'runs'}\n"
    assert slora("runs", "--json").json == []
    for arguments, pattern in (
        (("show",), "slora runs show needs the name of a run; 'slora runs' lists them"),
        (("show", "nobody"), "no run 'nobody' in "),
        (("restore", "nobody"), "'slora runs --deleted' lists them"),
        (("list", "nobody"), "takes no run"),
        (("shwo",), "invalid choice: 'shwo'"),
    ):
        said = slora("runs", *arguments)
        assert said.code == 2
        assert pattern in said.sentence


def test_numbers_that_are_not_finite_are_null_in_json(slora, tmp_path):
    ratios = {"nan": math.nan, "far": [math.inf, -math.inf], "near": 0.5, "none": None}
    with RunRecorder(tmp_path / "odd.slora") as recorder:
        recorder.write(RunStarted(0.0, "odd", "2026-01-01T00:00:00+00:00", "optimised", {}, {}, None, None))
        recorder.write(Notice(0.5, "precision", "measured", "", ratios))
    shown = slora("runs", "show", tmp_path / "odd.slora", "--json").json
    assert shown["notices"][0]["data"] == {"nan": None, "far": [None, None], "near": 0.5, "none": None}


def test_what_is_no_run_file(slora, tmp_path):
    path = tmp_path / "text.slora"
    path.write_text("no database")
    for arguments in (("runs", "show", path), ("report", path, "-o", tmp_path / "out"), ("compare", path, path)):
        said = slora(*arguments)
        assert said.code == 2
        assert "text.slora" in said.sentence


def test_a_report_is_a_folder_of_tables(slora, recorded, tmp_path):
    said = slora("report", *recorded, "--out", tmp_path / "tables", "--json")
    assert said.code == 0
    names = {Path(path).name for path in said.json}
    assert {"runs.csv", "stages.csv", "comparison.csv"} <= names
    with (tmp_path / "tables" / "stages.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["run"] for row in rows}) == 2
    assert any("bytes" in name for name in rows[0])
    said = slora("report", *recorded, "-o", tmp_path / "again")
    assert said.out.splitlines() == [str(tmp_path / "again" / Path(path).name) for path in said.out.splitlines()]


def test_recorded_runs_are_compared(slora, recorded):
    said = slora("compare", *recorded)
    assert said.code == 0
    assert "peak allocated" in said.out
    assert "linear.fit" not in said.out
    assert "linear.fit" in slora("compare", *recorded, "--stages").out
    data = slora("compare", *recorded, "--json").json
    assert data["runs"] == [str(path) for path in recorded]
    assert data["deviations"] == []
    said = slora("compare", recorded[0])
    assert said.code == 2
    assert "at least two run files" in said.sentence


def test_both_engines_are_compared_in_fresh_processes(process, home):
    said = process("compare", *TINY, "--json", "--no-record")
    assert said.code == 0, said.err
    data = said.json
    assert data["labels"] == ["baseline", "optimised"]
    assert {row["variant"] for row in data["deviations"]} == {"linear", "attention"}
    for row in data["deviations"]:
        assert 0 <= max(row["worst_mean"], row["worst_covariance"]) <= 1e-4
    assert not home.exists()


def test_a_comparison_that_cannot_run_says_so_once(slora):
    said = slora("compare", "--features", "nowhere.npz", "--state", "nowhere.safetensors", "--json")
    assert said.code == 2
    assert said.json["error"]["kind"] == "input-error"
    assert "'nowhere.npz': does not exist" in said.sentence


@pytest.mark.parametrize("source", [(), ("--features", "nowhere.npz", "--state", "nowhere.safetensors")])
def test_a_comparison_without_a_source_begins_nothing(slora, home, source):
    said = slora("compare", *source)
    assert said.code == 2
    assert re.search("source.features is not set|does not exist", said.sentence)
    assert not home.exists()


def test_a_benchmark_measures_the_prediction(slora):
    said = slora("bench", "--suite", "prediction", "--runs", "3", "--seed", "2", "--json")
    assert said.code == 0
    data = said.json["prediction"]
    assert data["runs"] == 3
    assert data["above_bound"] == 0
    assert max(data["stage_errors"]) <= 0.01
    said = slora("bench", "--suite", "prediction", "--runs", "2", "--seed", "3")
    assert "above their bound: 0" in said.out


def test_benchmarks_that_do_not_exist(slora):
    for arguments, pattern in (
        (("--suite", "engine"), "unknown suite 'engine'; known: engines, budgets"),
        (("--runs", "0"), "--runs 0: expected 1 or more"),
        (("--scratch", "/nowhere"), "--scratch '/nowhere' cannot be used: No such file"),
        (("--budgets", "64MiB,1x"), "--budgets '64MiB,1x': memory size '1x' is not a size"),
        (("--workload", "seed-tinny"), "did you mean 'seed-tiny'"),
    ):
        said = slora("bench", *arguments)
        assert said.code == 2
        assert pattern in said.sentence
