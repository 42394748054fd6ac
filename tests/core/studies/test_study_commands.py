"""``slora ablate`` and ``slora tune`` as a user meets them."""

from __future__ import annotations

import json

import pytest

from slora_core.cli import ablate_command, main, tune_command
from slora_core.config import RunConfig
from slora_core.events import Notice, Progress, RunCancelledEvent, RunFailed, StudyFinished, TrialFinished
from slora_core.studies.study_file import StudyWriter

RUN = {"figures": {"failure": "", "peak_allocated_bytes": 2048, "seconds": 1.5}}
TINY = ["--workload", "seed-tiny"]


@pytest.fixture
def study(monkeypatch, tmp_path):
    """Replaces the study of a command by ``events``; returns what it was asked for."""

    def install(command, *events):
        asked = {}

        def stream(config, cancel, **settings):
            asked.update(config=config, **settings)
            return (event for event in events)

        monkeypatch.setattr(command, "stream", stream)
        return asked

    return install


def finished(study, tmp_path, outcome):
    with StudyWriter.create(study, "k", {}, {}, tmp_path / "s.jsonl") as writer:
        writer.add("finished", {"outcome": outcome})
    return StudyFinished(2.0, study, 2.0, 1, str(tmp_path / "s.jsonl"), outcome)


def test_an_ablation_is_shown_and_told(study, capsys, tmp_path):
    trial = TrialFinished(0.1, "ablation", "all on, repetition 1", 1, 26, RUN)
    events = (Progress(0.0, "all on", 0, 26, "trials", 0.0), trial, finished("ablation", tmp_path, {"effects": []}))
    asked = study(ablate_command, *events)
    assert main(["ablate", *TINY, "--repeats", "2"]) == 0
    out = capsys.readouterr()
    assert asked["repeats"] == 2
    assert asked["config"].source.pairs == 512
    assert "1/26 all on, repetition 1: 2 KiB, 1.5 s" in out.err
    assert "Each measure alone off" in out.out
    assert main(["ablate", "--show", str(tmp_path / "s.jsonl")]) == 0
    assert "tiled_attention" in capsys.readouterr().out
    assert main(["ablate", "--show", str(tmp_path / "s.jsonl"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["effects"][0]["measure"] == "progressive_release"


def test_a_tuning_writes_a_configuration_that_loads_and_code_that_compiles(study, capsys, tmp_path):
    config = RunConfig().merged({"memory": {"policy": "tuned", "budget": "64MiB"}})
    outcome = {"config": config.to_dict(), "winner": "tuned", "noise": 0.05, "tuning_file": "t.json"}
    study(tune_command, finished("tuning", tmp_path, outcome))
    toml, snippet = tmp_path / "tuned.toml", tmp_path / "tuned.py"
    assert main(["tune", *TINY, "--out", str(toml), "--snippet", str(snippet), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["written"] == {"toml": str(toml), "snippet": str(snippet)}
    assert RunConfig.from_toml(toml) == config
    namespace = {"__name__": "snippet"}
    exec(compile(snippet.read_text(), "snippet", "exec"), namespace)  # as a module: nothing is run
    assert namespace["CONFIG"] == config


@pytest.mark.parametrize("command", ["ablate", "tune"])
def test_failure_and_cancel_have_their_exit_codes(study, capsys, command):
    module = {"ablate": ablate_command, "tune": tune_command}[command]
    study(module, Notice(0.0, "trial-failed", "so it goes"), RunFailed(0.1, "budget-refused", "too small", "more", 3))
    assert main([command, *TINY]) == 3
    said = capsys.readouterr().err
    assert "so it goes" in said
    assert "too small" in said
    study(module, RunCancelledEvent(0.1, ""))
    assert main([command, *TINY, "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["exit_code"] == 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ablate", *TINY, "--without", "tiled_attention"], "--without"),
        (["ablate", *TINY, "--repeats", "0"], "repeats = 0"),
        (["ablate", "--show", "nowhere.jsonl"], "nowhere.jsonl"),
        (["ablate", "--features", "nowhere.npz", "--state", "s"], "nowhere.npz"),
        (["tune", *TINY, "--policy", "fixed"], "--policy"),
        (["tune", *TINY, "--trials", "0"], "trials = 0"),
        (["tune", *TINY, "--out", "no/such/folder/t.toml"], "no/such/folder"),
        (["tune", "--show", "nowhere.jsonl"], "nowhere.jsonl"),
    ],
)
def test_bad_arguments_exit_with_2_and_one_sentence(capsys, arguments, said):
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message


@pytest.mark.parametrize("command", ["ablate", "tune"])
@pytest.mark.parametrize("outcome", [["list"], {"frontier": [3]}, {"chosen": 5}])
@pytest.mark.parametrize("trial", [{"case": "", "key": "k", "figures": {"stages": 3}, "seconds": None, "failure": ""}])
def test_a_study_of_another_shape_is_named_and_never_a_traceback(capsys, tmp_path, command, outcome, trial):
    study, path = {"ablate": "ablation", "tune": "tuning"}[command], tmp_path / "s.jsonl"
    with StudyWriter.create(study, "k", {}, {}, path) as writer:
        writer.add("trial", {**trial, "choice": "{torn"})
        writer.add("finished", {"outcome": outcome})
    assert main([command, "--show", str(path)]) == 2
    assert "s.jsonl" in capsys.readouterr().err
