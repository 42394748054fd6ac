"""Whole runs: one result whatever the budget, the plan kept to the byte, refusals, labels, variants, resume, cancel."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.events import Progress, StageStarted
from slora_core.running.planning import plan_config

ROOT = Path(__file__).parents[2]
OPERATORS = {
    "names": ["linear", "weaknonlinear", "attention", "rff"],
    "weaknonlinear": {"steps": 20, "samples": 300},
    "attention": {"samples": 200, "top_k": 30},
    "rff": {"features": 64, "samples": 200},
}
SYNTHETIC = {"source": {"kind": "synthetic", "pairs": 400, "dim": 24, "classes": 5}, "operators": OPERATORS}


def plan_of(config):
    return plan_config(RunConfig().merged(config)).plan


def with_(config, **sections):
    return RunConfig().merged(config).merged(sections)


def files_config(files, names, **sections):
    return with_(
        {
            "source": {"kind": "files", "features": files.features, "state": files.state},
            "operators": {**OPERATORS, "names": names},
        },
        **sections,
    )


@pytest.fixture
def unlimited(perform, tmp_path):
    """The run that the others are compared with."""
    path = str(tmp_path / "unlimited.safetensors")
    return perform(with_(SYNTHETIC, output={"state": path})).expect_finished(), path


def test_no_budget_and_no_policy_changes_the_result(perform, deviation, unlimited, tmp_path):
    plan = plan_of(SYNTHETIC)
    smallest, ample = plan.smallest_feasible_bytes, plan.bound_bytes
    memories = [
        {"budget": smallest},
        {"budget": (smallest + ample) // 4},
        {"budget": ample - 1},
        {"policy": "fixed", "chunk": 7},
        {"policy": "fixed", "chunk": 1000, "budget": ample},
        {"policy": "adaptive"},
        {"policy": "adaptive", "budget": 2 * smallest},
    ]
    for number, memory in enumerate(memories):
        path = str(tmp_path / f"{number}.safetensors")
        done = perform(with_(SYNTHETIC, memory=memory, output={"state": path})).expect_finished()
        assert deviation(unlimited[1], path) <= 1e-6, memory
        assert done.final.within_budget is (None if "budget" not in memory else True), memory


def test_the_order_of_the_classes_does_not_change_the_result(make_files, perform, deviation):
    files = make_files()
    outputs = []
    for name, order in (("as-is", slice(None)), ("reversed", slice(None, None, -1))):
        files.write_state(class_ids=files.ids[order], mean=files.means[order], cov=files.covs[order])
        outputs.append(str(files.folder / f"{name}.safetensors"))
        perform(files_config(files, OPERATORS["names"], output={"state": outputs[-1]})).expect_finished()
    assert deviation(*outputs) <= 1e-6


def test_the_smallest_feasible_budget_works_and_one_byte_less_is_refused_before_any_stage(perform):
    smallest = plan_of(SYNTHETIC).smallest_feasible_bytes
    done = perform(with_(SYNTHETIC, memory={"budget": smallest})).expect_finished()
    assert done.final.within_budget is True
    refused = perform(with_(SYNTHETIC, memory={"budget": smallest - 1}))
    failed = refused.expect_failed("budget-refused")
    assert failed.exit_code == 3
    assert re.fullmatch(
        r"the budget of [\d.]+ KiB cannot hold the (linear|weaknonlinear|attention|rff) stage;"
        r" the smallest that can is [\d.]+ KiB",
        failed.what,
    )
    assert str(smallest) in failed.remedy
    assert refused.started == []


def test_a_size_typed_from_the_refusal_is_accepted(perform):
    failed = perform(with_(SYNTHETIC, memory={"budget": "9KiB"})).expect_failed("budget-refused")
    typed = failed.what.rpartition("smallest that can is ")[2]
    perform(with_(SYNTHETIC, memory={"budget": typed})).expect_finished()


@pytest.mark.parametrize("share", [None, 1.0, 1.3, 4.0])
def test_every_stage_peaks_where_the_plan_says(perform, share):
    smallest = plan_of(SYNTHETIC).smallest_feasible_bytes
    budget = None if share is None else round(share * smallest)
    done = perform(with_(SYNTHETIC, memory={"budget": budget})).expect_finished()
    bounds = {stage["stage"]: stage["bound_bytes"] for stage in done.plan["stages"]}
    for stage, predicted in done.predicted.items():
        measured = done.peaks[stage]
        assert abs(measured - predicted) <= 0.01 * predicted, (stage, measured, predicted)
        assert measured <= bounds[stage]
    assert done.final.peaks.allocated_bytes == max(done.peaks.values())
    if budget is not None:
        assert done.final.peaks.allocated_bytes <= budget


def test_labelled_rows_bring_new_classes(make_files, perform):
    files = make_files(pairs=100)
    labels = np.full(100, -1)
    labels[:40], labels[40:70], labels[70] = 77, 78, 79
    files.write_features(labels=labels)
    path = str(files.folder / "out.safetensors")
    done = perform(files_config(files, ["linear", "attention"], output={"state": path})).expect_finished()
    state = load_file(path)
    assert state["class_ids"].tolist() == [10, 11, 12, 13, 77, 78, 79]
    assert state["count"].tolist() == [20, 20, 20, 20, 40, 30, 1]
    rows = files.after.astype(np.float64)
    for operator in ("linear", "attention"):
        for number, class_id in ((4, 77), (5, 78)):
            own = rows[labels == class_id]
            np.testing.assert_allclose(state[f"{operator}.mean"][number], own.mean(0), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(state[f"{operator}.cov"][number], np.cov(own.T), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(state[f"{operator}.mean"][6], rows[70], rtol=1e-6)
        np.testing.assert_array_equal(state[f"{operator}.cov"][6], np.float32(1e-4) * np.eye(12, dtype=np.float32))
    assert [(n.kind, "79" in n.message) for n in done.notices] == [("one-sample-class", True)]


def test_labels_of_classes_that_are_known_already_are_announced_and_not_used(make_files, perform, deviation):
    files = make_files(pairs=100)
    outputs = [str(files.folder / name) for name in ("without.safetensors", "with.safetensors")]
    perform(files_config(files, ["linear"], output={"state": outputs[0]})).expect_finished()
    files.write_features(labels=np.where(np.arange(100) < 30, 11, -1))
    done = perform(files_config(files, ["linear"], output={"state": outputs[1]})).expect_finished()
    assert [notice.kind for notice in done.notices] == ["labels"]
    assert "11" in done.notices[0].message
    assert deviation(*outputs) == 0


def test_accuracies_are_those_of_the_written_state(make_files, perform):
    files = make_files(pairs=60)
    rng = np.random.default_rng(5)
    numbers = rng.integers(0, 4, 80)
    rows = (files.means[numbers] + 0.6 * rng.standard_normal((80, 12))).astype(np.float32)
    np.savez(files.folder / "evaluation.npz", features=rows, labels=files.ids[numbers])
    path = str(files.folder / "out.safetensors")
    config = files_config(files, ["linear", "attention"], output={"state": path})
    config = config.merged({"source": {"evaluate": str(files.folder / "evaluation.npz")}})
    done = perform(config).expect_finished()
    assert list(done.final.accuracies) == ["SeqFT", "SeqFT + linear", "SeqFT + Hopfield"]
    moved = load_file(path)
    variants = zip(done.final.accuracies, (files.means, moved["linear.mean"], moved["attention.mean"]), strict=True)
    for variant, means in variants:
        nearest = np.argmin(((rows[:, None] - means[None]) ** 2).sum(2), axis=1)
        assert done.final.accuracies[variant]["ncm"] == np.mean(nearest == numbers)
        assert set(done.final.accuracies[variant]) == {"lda", "qda", "lr-rgda", "ncm"}
    assert done.predicted["evaluate"] == done.peaks["evaluate"]


def test_several_operators_share_a_file_and_go_on_from_their_own_variant(make_files, perform, deviation):
    files = make_files()
    both, again = str(files.folder / "both.safetensors"), str(files.folder / "again.safetensors")
    perform(files_config(files, ["linear", "attention"], output={"state": both})).expect_finished()
    continued = files_config(files, ["linear", "attention"], output={"state": again})
    done = perform(continued.merged({"source": {"state": both}})).expect_finished()
    twice = load_file(again)
    for name in ("linear", "attention"):
        once, own = str(files.folder / "once.safetensors"), str(files.folder / "own.safetensors")
        alone = files_config(files, [name], output={"state": once})
        perform(alone).expect_finished()
        assert set(load_file(once)) == {"class_ids", "count", "mean", "cov"}
        perform(alone.merged({"source": {"state": once}, "output": {"state": own}})).expect_finished()
        state = load_file(own)
        for part in ("mean", "cov"):
            np.testing.assert_allclose(twice[f"{name}.{part}"], state[part], rtol=1e-5, atol=1e-6)
        with safe_open(once, "numpy") as file:
            assert file.metadata()["operator"] == name
    assert done.final.accuracies == {}


def test_a_variant_that_the_state_does_not_hold_is_refused(make_files, perform):
    files = make_files()
    both = str(files.folder / "both.safetensors")
    perform(files_config(files, ["linear", "attention"], output={"state": both})).expect_finished()
    failed = perform(files_config(files, ["linear", "rff"]).merged({"source": {"state": both}}))
    what = failed.expect_failed("input-error").what
    assert "linear, attention" in what
    assert "'rff'" in what
    assert failed.started == []


def test_packed_covariances_are_the_lower_triangles(make_files, perform):
    files = make_files()
    full, packed = str(files.folder / "full.safetensors"), str(files.folder / "packed.safetensors")
    perform(files_config(files, ["linear"], output={"state": full})).expect_finished()
    perform(files_config(files, ["linear"], output={"state": packed, "packed": True})).expect_finished()
    rows, columns = np.tril_indices(12)
    np.testing.assert_array_equal(load_file(packed)["cov_packed"], load_file(full)["cov"][:, rows, columns])
    again = files_config(files, ["linear"], output={"state": full}).merged({"source": {"state": packed}})
    perform(again).expect_finished()


def test_a_covariance_that_needs_a_jitter_is_recorded_and_a_hopeless_one_names_its_class(make_files, perform):
    files = make_files(dim=8)
    direction = np.ones(8) / np.sqrt(8)
    files.covs[1] = np.eye(8) - np.outer(direction, direction) * (1 + 3e-4)
    files.write_state()
    done = perform(files_config(files, ["linear", "attention"])).expect_finished()
    assert list(done.final.jitter) == ["attention"]
    assert list(done.final.jitter["attention"]) == ["11"]
    assert done.final.jitter["attention"]["11"] > 0
    assert [(n.kind, n.data["jitter"]) for n in done.notices] == [("jitter", done.final.jitter["attention"])]
    files.covs[2] = -np.eye(8)
    files.write_state()
    path = files.folder / "hopeless.safetensors"
    failed = perform(files_config(files, ["attention"], output={"state": str(path)})).expect_failed("numerical-error")
    assert failed.exit_code == 4
    assert "class 12" in failed.what
    assert not path.exists()
    assert sorted(entry.name for entry in files.folder.iterdir()) == ["features.npz", "state.safetensors"]


def test_the_engines_agree_and_the_baseline_knows_no_budget(perform, deviation, unlimited, tmp_path):
    path = str(tmp_path / "baseline.safetensors")
    config = with_(SYNTHETIC, run={"engine": "baseline"}, memory={"budget": "1MiB"}, output={"state": path})
    done = perform(config).expect_finished()
    assert deviation(path, unlimited[1]) <= 1e-4
    assert done.plan is None
    assert done.final.within_budget is None
    assert [notice.kind for notice in done.notices] == ["no-effect"]
    assert "1 MiB" in done.notices[0].message


def host_state():
    return {
        "precision": torch.get_float32_matmul_precision(),
        "tf32": (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32),
        "threads": torch.get_num_threads(),
        "dtype": torch.get_default_dtype(),
        "torch": torch.get_rng_state().tolist(),
        "numpy": tuple(map(str, np.random.get_state())),
        "python": random.getstate(),
        "grad": torch.is_grad_enabled(),
        "interrupt": signal.getsignal(signal.SIGINT),
    }


@pytest.mark.parametrize(
    ("engine", "ending"),
    [
        ("optimised", "finished"),
        ("optimised", "refused"),
        ("optimised", "failed"),
        ("optimised", "cancelled"),
        ("baseline", "finished"),
        ("baseline", "failed"),
    ],
)
def test_the_host_is_left_as_it_was(perform, make_files, engine, ending):
    cancel, config = CancelToken(), with_(SYNTHETIC, run={"engine": engine, "threads": 2})
    if ending == "refused":
        config = config.merged({"memory": {"budget": "1KiB"}})
    elif ending == "failed":
        files = make_files()
        files.write_state(cov=-files.covs)
        config = files_config(files, ["attention"], run={"engine": engine, "threads": 2})
    elif ending == "cancelled":
        cancel.cancel()
    torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(3)
    before = host_state()
    done = perform(config, cancel)
    assert type(done.final).__name__ in ("RunFinished", "RunFailed", "RunCancelledEvent")[ending != "finished" :]
    assert host_state() == before


def resumable(files, path):
    return files_config(
        files, ["linear", "attention"], output={"state": str(path), "resume": True}, run={"sample_hz": 0}
    ).merged({"operators": {"attention": {"samples": 1000}}, "memory": {"policy": "fixed", "chunk": 100}})


def kill_in_the_middle(config, folder):
    """Run in a process of its own and kill it once some classes of the second operator are written."""
    (folder / "job.toml").write_text(config.to_toml())
    command = [sys.executable, "-m", "slora_core", "run", "--config", str(folder / "job.toml"), "--here", "--no-record"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    journal = Path(config.output.state).with_name(f".{Path(config.output.state).name}.partial.journal")
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (journal.exists() and '"attention"' in journal.read_text()):
            time.sleep(0.002)
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
    return journal


def test_a_killed_run_is_resumed_to_the_same_bytes(make_files, perform, tmp_path):
    files = make_files(pairs=400, dim=32, classes=120)
    whole, path = tmp_path / "whole.safetensors", tmp_path / "out.safetensors"
    perform(resumable(files, whole)).expect_finished()
    journal = kill_in_the_middle(resumable(files, path), tmp_path)
    assert not path.exists()
    done = perform(resumable(files, path)).expect_finished()
    assert path.read_bytes() == whole.read_bytes()
    assert "linear" not in done.started
    moved = max(e.total for e in done.events if isinstance(e, Progress) and e.stage == "attention.move")
    assert 0 < moved < 120
    assert not journal.exists()
    assert not list(tmp_path.glob(".out*"))


def test_an_unfinished_output_of_other_inputs_is_not_continued(make_files, perform, tmp_path):
    files = make_files(pairs=100)
    path = tmp_path / "out.safetensors"
    failing = files_config(files, ["linear", "attention"], output={"state": str(path), "resume": True})
    files.covs[3] = -np.eye(12)
    files.write_state()
    perform(failing).expect_failed("numerical-error")
    assert list(tmp_path.glob(".out*.partial"))
    files.covs[3] = np.eye(12)
    files.write_state()
    done = perform(failing).expect_finished()
    assert "linear.move" in done.started
    fresh = tmp_path / "fresh.safetensors"
    perform(files_config(files, ["linear", "attention"], output={"state": str(fresh)})).expect_finished()
    assert path.read_bytes() == fresh.read_bytes()


def test_the_events_are_those_of_a_run(perform):
    done = perform(SYNTHETIC).expect_finished()
    started = [event.stage for event in done.events if isinstance(event, StageStarted)]
    assert started[:3] == ["prepare", "scan", "linear"]
    assert started == [stage for stage in done.peaks if stage in started] or set(started) == set(done.peaks)
    assert [event.t_s for event in done.events] == sorted(event.t_s for event in done.events)
    last = [e for e in done.events if isinstance(e, Progress)][-1]
    assert last.done == last.total
    assert done.events[0].budget_bytes is None
    assert done.events[0].environment["torch"] == torch.__version__
