"""The command line on a model pair, in this process and in those of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from safetensors.numpy import load_file

from slora_core.cli import main


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "home"))


@pytest.fixture
def process(monkeypatch):
    """``python -m slora_core`` run to its end; each imports the transformers anew, so there are few."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "slora_core", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_two_tasks_from_the_command_line(zoo, process, tmp_path):
    first, second = str(tmp_path / "first.safetensors"), str(tmp_path / "second.safetensors")
    common = ["--base", zoo.base, "--device", "cpu", "--operators", "linear", "--json"]
    here = ["run", *common, "--here", "--threads", "1", "--images", zoo.train, "--adapter-after", zoo.first]
    assert main([*here, "--out", first]) == 0
    later = [*common, "--images", zoo.test, "--aux-images", zoo.aux, "--precision", "bf16", "--batch", "8"]
    later += ["--adapter-before", zoo.first, "--adapter-after", zoo.second, "--state", first]
    done = process("run", *later, "--out", second, "--budget", "16MiB")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["result"]["within_budget"] is True
    assert list(load_file(second)["class_ids"]) == [3, 4, 1]
    stages = {stage["stage"] for stage in data["stages"]}
    assert stages == {"extract", "check", "statistics", "linear", "linear.move"}  # fitted while the images come


def test_a_plan_needs_no_model_and_names_the_extraction(zoo, process):
    done = process("plan", "--base", zoo.base, "--adapter-after", zoo.first, "--images", zoo.train, "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert plan["stages"][0]["stage"] == "extract"
    assert plan["stages"][0]["predicted_peak_bytes"] > 40_000


def test_bad_arguments_are_one_sentence(zoo, capsys):
    assert main(["run", "--base", zoo.base, "--no-record", "--here"]) == 2
    assert "source.images is not set" in capsys.readouterr().err
    assert main(["run", "--base", zoo.base, "--features", "x.npz", "--no-record"]) == 2
    assert "--features is for a run on files, and this is a run on models" in capsys.readouterr().err
