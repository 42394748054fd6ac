"""The whole class-incremental run and the extraction benchmark, shortened."""

from __future__ import annotations

import json

import pytest
from safetensors.numpy import load_file

from slora_core.bench.vit_pair import VitSizes
from slora_core.cli import main
from slora_core.records.deviation import deviations
from slora_core.sources.demo.training import Schedule

pytest.importorskip("transformers")
pytest.importorskip("peft")
pytest.importorskip("PIL")

QUICK = [
    "--operators=linear,attention",
    "--classifiers=lda,ncm",
    "--set=operators.attention.samples=60",
    "--device=cpu",
    "--json",
]


@pytest.fixture
def short_training(monkeypatch):
    monkeypatch.setattr("slora_core.full_demo.digit_vit.FIRST_TASK", Schedule(15, 3e-3, 30.0))
    monkeypatch.setattr("slora_core.full_demo.digit_vit._LATER_TASKS", Schedule(6, 3e-3, 10.0))
    monkeypatch.setattr("slora_core.full_demo.run.DOODLES", 60)


@pytest.mark.usefixtures("short_training")
def test_all_fronts_give_the_same_statistics_and_accuracy_is_reported_by_task(tmp_path, capsys):
    assert main(["demo", "--full", "--tasks=3", "--no-record", f"--keep={tmp_path / 'kept'}", *QUICK]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["largest_difference"] <= 1e-4
    assert [task["classes_seen"] for task in data["tasks"]] == [2, 4, 6]
    for task in data["tasks"]:
        assert set(task["accuracies"]) == {"SeqFT", "SeqFT + linear", "SeqFT + Hopfield"}
        assert all(0 <= value <= 1 for row in task["accuracies"].values() for value in row.values())
    assert [(task["cached_rows"], task["forward_rows"]) for task in data["tasks"]] == [(0, 0), (0, 120), (60, 180)]
    kept = tmp_path / "kept" / "models"
    assert (kept / "base" / "model.safetensors").is_file()
    assert (kept / "task3" / "adapter_model.safetensors").is_file()


@pytest.mark.usefixtures("short_training")
def test_the_last_class_state_goes_where_the_arguments_say(tmp_path, capsys):
    out, kept = tmp_path / "moved.safetensors", tmp_path / "kept"
    arguments = ["demo", "--full", "--tasks=2", "--no-record", f"--out={out}", f"--keep={kept}"]
    assert main([*arguments, "--packed", *QUICK]) == 0
    capsys.readouterr()
    tensors = load_file(out)
    assert list(tensors["class_ids"]) == [0, 1, 2, 3]
    assert {"linear.cov_packed", "attention.cov_packed"} <= tensors.keys()
    for found in deviations(out, kept / "files-2.safetensors"):
        assert max(found.mean, found.covariance) <= 1e-4


def test_a_place_for_no_class_state_is_refused_before_anything_is_trained(tmp_path, capsys):
    assert main(["demo", "--full", f"--out={tmp_path / 'absent' / 's.safetensors'}", *QUICK]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.usefixtures("short_training")
def test_fronts_that_differ_fail_the_demo(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("slora_core.full_demo.fronts.Fronts.run_files", _wrong_files)
    assert main(["demo", "--full", "--tasks=1", "--no-record", *QUICK]) == 4
    assert "the fronts differ by" in capsys.readouterr().err


def _wrong_files(fronts, files) -> None:
    from safetensors.numpy import save_file

    tensors = load_file(fronts.state("pair", files.task))
    tensors["linear.mean"] = tensors["linear.mean"] * 1.01
    save_file(tensors, fronts.state("files", files.task))


def test_keeping_needs_an_empty_folder_and_the_full_demo(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("precious")
    assert main(["demo", "--full", f"--keep={tmp_path}", *QUICK]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert main(["demo", f"--keep={tmp_path}", "--device=cpu"]) == 2


@pytest.mark.parametrize("option", ["--here", "--run-file=run.slora", "--nproc=2"])
def test_an_option_that_the_full_demo_would_ignore_is_refused(option, capsys):
    assert main(["demo", "--full", option]) == 2
    assert f"{option.partition('=')[0]} cannot be had with --full" in capsys.readouterr().err


def test_the_extraction_benchmark_measures_every_precision(capsys, monkeypatch):
    monkeypatch.setattr("slora_core.bench.extraction.VIT_SMALL", VitSizes("a tiny ViT", 32, 2, 2, 16, 8, 40))
    assert main(["bench", "--suite=extraction", "--device=cpu", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["extraction"]["rows"]
    assert [row["name"] for row in rows] == [
        "two models, fp32",
        "one backbone, fp32",
        "one backbone, bf16",
        "one backbone, fp16",
    ]
    base, exact, *half = rows
    assert exact["feature_deviation"] < 1e-6
    assert all(0 < row["feature_deviation"] < 0.1 for row in half)
    for row in rows[1:]:
        assert row["peak_allocated_bytes"] <= base["peak_allocated_bytes"]
        assert row["peak_allocated_bytes"] <= row["predicted_peak_bytes"] * 1.005 + 16384
