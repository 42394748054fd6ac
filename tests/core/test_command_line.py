"""The command line as a user meets it: a run on files, its plan, its output, and what it says of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from slora_core.cli import main

FAST = ["--set", "operators.weaknonlinear.steps=20", "--set", "operators.weaknonlinear.samples=60"]
FAST += ["--set", "operators.attention.samples=60", "--set", "operators.attention.top_k=20"]


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "home"))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    draw = np.random.default_rng(0)
    before = draw.standard_normal((120, 6)).astype(np.float32) + 1
    after = before + 0.1 * draw.standard_normal((120, 6)).astype(np.float32)
    np.savez(tmp_path / "F.npz", features_before=before, features_after=after)
    roots = draw.standard_normal((3, 6, 6))
    save_file(
        {
            "class_ids": np.array([4, 7, 9]),
            "count": np.array([30, 40, 50]),
            "mean": draw.standard_normal((3, 6)).astype(np.float32),
            "cov": (roots @ roots.transpose(0, 2, 1) / 6 + 0.1 * np.eye(6)).astype(np.float32),
        },
        tmp_path / "S.safetensors",
    )
    return {name: str(tmp_path / name) for name in ("F.npz", "S.safetensors", "OUT.safetensors")}


def run(files: dict[str, str], *more: str) -> list[str]:
    return ["run", "--here", "--features", files["F.npz"], "--state", files["S.safetensors"], *FAST, *more]


def test_a_run_moves_the_state_and_records_itself(files, capsys):
    code = main(
        run(
            files,
            "--operators",
            "linear,weaknonlinear,attention",
            "--budget",
            "1MiB",
            "--out",
            files["OUT.safetensors"],
            "--json",
        )
    )

    report = json.loads(capsys.readouterr().out)
    assert code == 0 == report["exit_code"]
    assert report["result"]["within_budget"] is True
    moved = load_file(files["OUT.safetensors"])
    assert moved["class_ids"].tolist() == [4, 7, 9]
    for operator in ("linear", "weaknonlinear", "attention"):
        assert moved[f"{operator}.mean"].shape == (3, 6)
        assert moved[f"{operator}.cov"].shape == (3, 6, 6)
    assert main(["runs", "list", "--json"]) == 0
    assert [entry["status"] for entry in json.loads(capsys.readouterr().out)] == ["finished"]


def test_one_operator_leaves_a_state_without_names(files):
    assert main(run(files, "--operators", "attention", "--out", files["OUT.safetensors"], "--quiet")) == 0
    assert set(load_file(files["OUT.safetensors"])) == {"class_ids", "count", "mean", "cov"}


def test_the_smallest_feasible_budget_of_the_plan_runs_and_one_byte_less_is_refused(files, capsys):
    plan = ["plan", *run(files)[2:], "--json"]
    assert main(plan) == 0
    smallest = json.loads(capsys.readouterr().out)["smallest_feasible_bytes"]

    assert main(run(files, "--budget", str(smallest), "--no-record", "--quiet")) == 0
    capsys.readouterr()
    assert main(run(files, "--budget", str(smallest - 1), "--no-record", "--quiet")) == 3
    assert "the smallest that can is" in capsys.readouterr().err
    assert main([*plan, "--budget", str(smallest - 1)]) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budget", "12 parsecs"], "12 parsecs"),
        (["--budget", "0"], "'0'"),
        (["--operators", "linear,atention"], "did you mean 'attention'"),
        (["--without", "tiled-atention"], "did you mean 'tiled_attention'"),
        (["--set", "operators.attention.topk=3"], "did you mean 'top_k'"),
        (["--set", "nonsense"], "SECTION.KEY=VALUE"),
        (["--device", "tpu"], "tpu"),
        (["--device", "cuda:63"], "cuda:63"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--out", "no/such/folder/OUT.safetensors"], "no/such/folder"),
        (["--evaluate", "nowhere.npz"], "nowhere.npz"),
    ],
)
def test_bad_arguments_exit_with_2_and_one_sentence(files, capsys, arguments, said):
    assert main(run(files, *arguments, "--no-record", "--quiet")) == 2
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: f["features_before"].__setitem__((5, 2), np.nan), "features_before holds NaN or Inf in 1 row (5)"),
        (lambda f: f["features_after"].__setitem__((slice(7, 9), 0), np.inf), "rows (7, 8)"),
        (lambda f: f.__setitem__("features_after", f["features_after"][:50]), "[50, 6]"),
        (lambda f: f.__setitem__("features_befor", f.pop("features_before")), "features_before"),
        (lambda f: f.update({k: f[k][:1] for k in f}), "at least two"),
        (lambda f: f.update({k: f[k][:, :5] for k in f}), "d = 5"),
    ],
)
def test_bad_features_exit_with_2_and_leave_nothing_behind(files, capsys, damage, said, tmp_path):
    with np.load(files["F.npz"]) as archive:
        arrays = dict(archive)
    damage(arrays)
    np.savez(files["F.npz"], **arrays)
    Path(files["OUT.safetensors"]).write_bytes(b"precious")

    assert main(run(files, "--out", files["OUT.safetensors"], "--no-record", "--quiet")) == 2

    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message
    assert Path(files["OUT.safetensors"]).read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["F.npz", "OUT.safetensors", "S.safetensors"]


def test_both_engines_agree(capsys):
    code = main(["compare", "--workload", "seed-tiny", "--operators", "linear,attention", "--no-record", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {row["variant"] for row in report["deviations"]} == {"linear", "attention"}
    for row in report["deviations"]:
        assert max(row["mean"], row["covariance"]) < 1e-4
