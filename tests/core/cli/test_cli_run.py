"""``slora run``: results, one JSON document, records, resume, notices, odd paths."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from slora_core.config import RunConfig
from slora_core.records.run_file import RunFile
from slora_core.sources.demo.training import Schedule
from slora_core.types import UNCOMPENSATED, VARIANT_OF

TINY = (
    *("--workload", "seed-tiny", "--set", "operators.weaknonlinear.steps=20"),
    *("--set", "operators.weaknonlinear.samples=500", "--set", "operators.attention.samples=500"),
)
FAST = ("--operators", "linear,attention", "--set", "operators.attention.samples=60")


@pytest.fixture
def files(make_files):
    return make_files()


@pytest.fixture
def arguments(files):
    return ("run", "--here", "--features", files.features, "--state", files.state, *FAST)


def test_a_synthetic_workload_from_the_smallest_budget_that_the_plan_names(slora, deviation, tmp_path):
    plan = slora("plan", *TINY, "--json").json
    smallest = plan["smallest_feasible_bytes"]
    unlimited, tight = tmp_path / "unlimited.safetensors", tmp_path / "tight.safetensors"
    assert slora("run", "--here", *TINY, "--out", unlimited).code == 0
    said = slora("run", "--here", *TINY, "--out", tight, "--budget", smallest, "--json")
    assert said.code == 0
    data = said.json
    assert data["result"]["within_budget"] is True
    assert data["budget_bytes"] == smallest
    for stage in data["stages"]:
        if stage["predicted_peak_bytes"] is not None:
            assert abs(stage["allocated_bytes"] - stage["predicted_peak_bytes"]) <= 0.01 * stage["predicted_peak_bytes"]
        assert stage["allocated_bytes"] <= smallest
        assert stage["reserved_bytes"] is None
    assert deviation(unlimited, tight) <= 1e-6
    target = tmp_path / "refused.safetensors"
    refused = slora("run", "--here", *TINY, "--out", target, "--budget", smallest - 1)
    assert refused.code == 3
    assert "cannot hold the weaknonlinear stage; the smallest that can is" in refused.err
    assert not target.exists()


def test_the_baseline_gives_the_same(slora, arguments, deviation, tmp_path):
    outputs = [tmp_path / "optimised.safetensors", tmp_path / "baseline.safetensors"]
    assert slora(*arguments, "--out", outputs[0]).code == 0
    assert slora(*arguments, "--out", outputs[1], "--engine", "baseline").code == 0
    assert deviation(*outputs) <= 1e-4


def test_the_summary_names_peak_state_and_record(slora, arguments, tmp_path, home):
    said = slora(*arguments, "--out", tmp_path / "out.safetensors", "--budget", "4MiB")
    assert said.code == 0
    assert said.err == ""
    (run_file,) = (home / "runs").glob("*.slora")
    assert f"run file: {run_file}" in said.out
    assert f"state: {tmp_path / 'out.safetensors'}" in said.out
    assert "within the budget" in said.out
    for stage in ("scan", "check", "linear.fit", "attention.move"):
        assert any(line.startswith(f"{stage} ") for line in said.out.splitlines()), said.out
    with RunFile.open(run_file) as run:
        assert run.status == "finished"


def test_nothing_is_kept_unless_it_is_asked_for(slora, arguments, tmp_path, home):
    before = sorted(tmp_path.iterdir())
    said = slora(*arguments, "--no-record")
    assert said.code == 0
    assert "state: not kept (--out FILE keeps it)" in said.out
    assert "run file" not in said.out
    data = slora(*arguments, "--no-record", "--json").json
    assert data["run_file"] is None
    assert [stage["stage"] for stage in data["stages"]][:3] == ["scan", "check", "linear"]
    assert not home.exists()
    assert sorted(tmp_path.iterdir()) == before


def test_a_failure_is_one_json_document_too(slora, arguments, files):
    for extra, code, kind in (
        (("--budget", "1KiB"), 3, "budget-refused"),
        (("--features", files.state), 2, "input-error"),
        (("--operators", "liner"), 2, "config-error"),
        (("--seed", "x"), 2, "input-error"),
    ):
        said = slora(*arguments, "--json", *extra)
        assert (said.code, said.json["exit_code"], said.json["error"]["kind"]) == (code, code, kind)
        assert said.json["error"]["what"] in said.sentence


def test_notices_reach_standard_error_without_a_terminal_unless_quiet(slora, arguments, files):
    files.write_features(labels=np.where(np.arange(200) < 9, 11, -1))
    assert slora(*arguments).err.startswith("notice: class 11 is in the class state already")
    assert slora(*arguments, "--quiet").err == ""
    said = slora(*arguments, "--json")
    assert said.err == ""
    assert [notice["kind"] for notice in said.json["notices"]] == ["labels"]


def test_the_output_is_the_next_state(slora, arguments, files, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    assert slora(*arguments, "--out", first).code == 0
    assert slora(*arguments, "--state", first, "--out", second, "--packed").code == 0
    assert set(load_file(second)) == {"class_ids", "count"} | {
        f"{operator}.{part}" for operator in ("linear", "attention") for part in ("mean", "cov_packed")
    }
    assert slora(*arguments, "--state", second, "--out", second).code == 0
    assert "linear.cov" in load_file(second)


def test_evaluation_rows_give_accuracies(slora, arguments, files):
    np.savez(files.folder / "rows.npz", features=files.means, labels=files.ids)
    said = slora(*arguments, "--evaluate", files.folder / "rows.npz", "--classifiers", "ncm,lda")
    assert said.code == 0
    (row,) = [line for line in said.out.splitlines() if line.startswith("SeqFT (no compensation)")]
    assert row.split()[-4:] == ["100.00", "%", "100.00", "%"]


def test_resume_continues_what_a_failed_run_has_finished(slora, arguments, files, tmp_path, deviation):
    out, whole = tmp_path / "out.safetensors", tmp_path / "whole.safetensors"
    size = Path(files.state).stat()
    files.covs[3] *= -1
    files.write_state()
    os.utime(files.state, ns=(size.st_atime_ns, size.st_mtime_ns))
    assert slora(*arguments, "--out", out, "--resume").code == 4
    assert sorted(path.name for path in tmp_path.glob(".out*")) == [
        ".out.safetensors.partial",
        ".out.safetensors.partial.journal",
    ]
    files.covs[3] *= -1
    files.write_state()
    os.utime(files.state, ns=(size.st_atime_ns, size.st_mtime_ns))
    assert slora(*arguments, "--out", whole).code == 0
    said = slora(*arguments, "--out", out, "--resume", "--json")
    assert "linear" not in [stage["stage"] for stage in said.json["stages"]]
    (told,) = [notice for notice in said.json["notices"] if notice["kind"] == "continued"]
    assert told["data"]["kept"] >= told["data"]["all"] / 2
    assert told["message"].startswith(f"continued: {told['data']['kept']} of {told['data']['all']} class statistics")
    assert load_file(out)["attention.cov"].tobytes() == load_file(whole)["attention.cov"].tobytes()
    assert not list(tmp_path.glob(".out*"))


def test_resume_needs_an_output(slora, arguments):
    said = slora(*arguments, "--resume")
    assert said.code == 2
    assert "there is nothing to resume" in said.sentence


@pytest.mark.parametrize("name", ["a b", "-dash", "数字 é", "quote'\"", "[bold]", "new\nline", "%s{0}"])
def test_odd_paths(slora, arguments, files, tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    features = folder / f"{name}.npz"
    Path(files.features).rename(features)
    out, run_file = folder / f"{name}.safetensors", folder / f"{name}.slora"
    said = slora(*arguments, "--features", features, f"--out={out}", f"--run-file={run_file}")
    assert said.code == 0, said.err
    assert str(out) in said.out
    assert out.exists()
    data = slora("runs", "show", run_file, "--json").json
    assert data["config"]["source"]["features"] == str(features)


def test_a_relative_path_that_begins_with_a_dash(slora, files, tmp_path, monkeypatch):
    Path(files.features).rename(tmp_path / "-f.npz")
    said = slora("run", "--here", "--features=-f.npz", "--state", files.state, *FAST, "--out=-o.safetensors")
    assert said.code == 0
    assert (tmp_path / "-o.safetensors").exists()


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_name_that_is_not_unicode(slora, files, tmp_path):
    out = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.safetensors")
    said = slora("run", "--here", "--features", files.features, "--state", files.state, *FAST, "--out", out)
    assert said.code == 0, said.err
    assert Path(out).exists()
    said = slora("run", "--here", "--features", files.features, "--state", files.state, *FAST, "--out", out, "--json")
    assert said.json["result"]["outputs"]["state"] == out


def test_a_configuration_file_makes_the_round(slora, arguments, tmp_path):
    first = slora(*arguments, "--budget", "3MiB", "--without", "stage-release", "--seed", "7", "--json").json
    with RunFile.open(first["run_file"]) as run:
        (tmp_path / "job.toml").write_text(RunConfig.from_dict(run.config).to_toml())
        config = run.config
    second = slora("run", "--here", "--config", tmp_path / "job.toml", "--json").json
    with RunFile.open(second["run_file"]) as run:
        assert run.config == config
    changed = slora(
        "run", "--here", "--config", tmp_path / "job.toml", "--budget", "none", "--seed", "8", "--json"
    ).json
    assert changed["budget_bytes"] is None
    with RunFile.open(changed["run_file"]) as run:
        assert run.config["run"]["seed"] == 8
        assert run.config["measures"]["stage_release"] is False


def test_a_run_in_a_fresh_process_is_the_default_and_prints_one_document(process, files, tmp_path):
    out = tmp_path / "out.safetensors"
    said = process("run", "--features", files.features, "--state", files.state, *FAST, "--out", out, "--json")
    assert said.code == 0, said.err
    assert said.err == ""
    assert json.loads(said.out)["result"]["outputs"]["state"] == str(out)
    assert len(load_file(out)["class_ids"]) == 4


def test_the_demo_compensates_by_every_operator_and_leaves_its_record(slora, monkeypatch):
    monkeypatch.setattr("slora_core.sources.demo.source.FIRST_TASK", Schedule(12, 3e-3, 30.0))
    monkeypatch.setattr("slora_core.sources.demo.source.LATER_TASKS", Schedule(4, 3e-3, 10.0))
    short = ("--tasks", 2, "--here", "--threads", 1, "--set", "operators.weaknonlinear.steps=20")
    data = slora("demo", *short, "--json").json
    assert list(data["result"]["accuracies"]) == [UNCOMPENSATED, *VARIANT_OF.values()]
    stages = [stage["stage"] for stage in data["stages"]]
    assert {"task1.train", "task2.extract", "task2.rff.move", "task2.evaluate"} <= set(stages)
    said = slora("demo", *short, "--operators", "linear")
    assert said.code == 0
    assert [line.split("  ")[0] for line in said.out.splitlines() if line.startswith("SeqFT")] == [
        "SeqFT (no compensation)",
        "SeqFT + linear",
    ]
    assert len(slora("runs", "--search", "demo", "--json").json) == 2
