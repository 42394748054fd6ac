"""A model pair on a CUDA device: streamed as stored, inside its budget, and a precision that is measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from slora_core import isolate, pipeline
from slora_core.config import RunConfig
from slora_core.events import RunFinished, RunStarted, StageFinished

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ViT of random weights with two adapters, three classes of images, and the statistics of an older task."""
    pytest.importorskip("peft")
    pytest.importorskip("transformers")
    image = pytest.importorskip("PIL.Image")
    from slora_core.bench.vit_pair import VitSizes, make_pair

    root = tmp_path_factory.mktemp("pair")
    make_pair(root, VitSizes("small", 192, 6, 3, 64, 8, 4), 0)
    draw = np.random.default_rng(0)
    for task, names in (("old", ("0", "1")), ("new", ("2", "3", "4"))):
        for name in names:
            (root / task / name).mkdir(parents=True)
            for number in range(60):
                pixels = draw.integers(0, 255, (64, 64, 3), np.uint8)
                image.fromarray(pixels).save(root / task / name / f"{number}.png")
    source = {"kind": "models", "base": str(root / "base"), "adapter_after": str(root / "before")}
    run({"source": {**source, "images": str(root / "old")}, "output": {"state": str(root / "old.safetensors")}})
    return root


def run(changes, stream=pipeline.stream, **sections):
    config = RunConfig().merged(
        {
            "operators": {"names": "linear,rff"},
            "run": {"device": "cuda", "sample_hz": 0},
            "extraction": {"cache_disk": 0},
        }
    )
    events = list(stream(config.merged(changes).merged(sections)))
    assert isinstance(events[-1], RunFinished), events[-1]
    return events


def task(root, name):
    source = {"kind": "models", "base": str(root / "base"), "images": str(root / "new")}
    source |= {"adapter_before": str(root / "before"), "adapter_after": str(root / "after")}
    source |= {"state": str(root / "old.safetensors"), "evaluate": str(root / "new")}
    return {"source": source, "output": {"state": str(root / f"{name}.safetensors")}}


def largest_difference(first, second) -> float:
    a, b = load_file(first), load_file(second)
    keys = a.keys() - {"class_ids", "count"}
    return max(float(np.linalg.norm(a[key] - b[key]) / np.linalg.norm(a[key])) for key in keys)


def test_streamed_features_give_the_stored_results_and_every_stage_stays_below_its_bound(folder):
    streamed = run(task(folder, "streamed"))
    run(task(folder, "stored"), extraction={"stream": False})
    assert largest_difference(folder / "streamed.safetensors", folder / "stored.safetensors") <= 1e-6
    plan = next(event.plan for event in streamed if isinstance(event, RunStarted))
    bounds = {stage["stage"]: stage["bound_bytes"] for stage in plan["stages"]}
    assert "linear.fit" not in bounds
    for event in streamed:
        if isinstance(event, StageFinished) and event.stage in bounds:
            assert event.peaks.reserved_bytes <= bounds[event.stage], event.stage


def test_a_budget_of_the_bound_holds_the_sums(folder):
    plan = next(event.plan for event in run(task(folder, "free")) if isinstance(event, RunStarted))
    tight = run(task(folder, "tight"), memory={"budget": plan["bound_bytes"]})
    assert tight[-1].within_budget
    assert largest_difference(folder / "free.safetensors", folder / "tight.safetensors") <= 1e-5


def test_auto_measures_both_precisions(folder):
    plan = next(
        event.plan
        for event in run(task(folder, "auto"), extraction={"precision": "auto"})
        if isinstance(event, RunStarted)
    )
    measured = plan["precision"]
    assert 0 < measured["deviation"] < 0.1
    assert measured["chosen"] in ("fp32", "bf16")
    extract = next(stage for stage in plan["stages"] if stage["stage"] == "extract")
    assert extract["choice"]["precision"] == measured["chosen"]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_an_extraction_is_planned_as_it_is_measured(precision, folder):
    """The pool's bytes, of the batch that was measured before; in a process whose pool is empty."""
    events = run(task(folder, "planned"), isolate.stream, extraction={"precision": precision})
    plan = next(event.plan for event in events if isinstance(event, RunStarted))
    (planned,) = (stage for stage in plan["stages"] if stage["stage"] == "extract")
    (measured,) = (event for event in events if isinstance(event, StageFinished) and event.stage == "extract")
    assert measured.peaks.reserved_bytes <= planned["bound_bytes"]
    assert measured.peaks.reserved_bytes >= 0.8 * planned["predicted_peak_bytes"]
