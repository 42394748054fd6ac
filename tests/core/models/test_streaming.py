"""Features of a model pair that flow into sums as they are extracted: the results and the budget of the stored way."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from zoo_files import save_images

from slora_core.cancel import CancelToken
from slora_core.events import Progress, RunCancelledEvent
from slora_core.features import store
from slora_core.sources.models.backbone import AdapterEncoder

sys.path.insert(0, str(Path(__file__).parents[1] / "distributed"))

from thread_peers import finished

CLOSE = 1e-6


@pytest.fixture
def old_state(pair_config, perform, tmp_path) -> str:
    """Statistics of the classes 0 and 1 under the model before."""
    save_images(tmp_path / "old", {"0": 11, "1": 13}, 7)
    target = tmp_path / "old.safetensors"
    changes = {
        "source": {"adapter_after": pair_config().source.adapter_before, "adapter_before": None},
        "operators": {"names": "linear"},
        "output": {"state": str(target)},
    }
    perform(pair_config(images=str(tmp_path / "old")).merged(changes)).expect_finished()
    return str(target)


@pytest.fixture
def job(zoo, pair_config, old_state, tmp_path):
    """``job(name, stream, **changes)``: linear and rff on the pair, evaluated, with its state in ``name``."""

    def make(name, stream=True, folders=zoo, **changes):
        extraction = {"cache_disk": 0, "stream": stream}
        config = pair_config(folders, extraction, state=old_state, aux_images=folders.aux, evaluate=folders.test)
        names = {"names": "linear,rff", "rff": {"samples": 60, "features": 40}}
        return config.merged(
            {"operators": names, "output": {"state": str(tmp_path / f"{name}.safetensors")}, **changes}
        )

    return make


@pytest.fixture
def stored_names(monkeypatch):
    """Names of the feature files that were written."""
    names = []
    original = store.FeatureFiles.__init__

    def noted(self, folder, name, models):
        names.append(name)
        original(self, folder, name, models)

    monkeypatch.setattr(store.FeatureFiles, "__init__", noted)
    return names


def test_no_pair_is_stored_and_the_results_are_those_of_the_stored_way(job, perform, tmp_path, deviation, stored_names):
    streamed = perform(job("streamed")).expect_finished()
    assert stored_names == ["evaluation"]
    stored = perform(job("stored", stream=False)).expect_finished()
    assert stored_names == ["evaluation", "images", "evaluation"]
    assert deviation(tmp_path / "streamed.safetensors", tmp_path / "stored.safetensors") <= CLOSE
    new = [load_file(tmp_path / f"{name}.safetensors")["linear.cov"][2:] for name in ("streamed", "stored")]
    assert np.array_equal(*new)  # statistics in the very same order
    assert streamed.final.accuracies == stored.final.accuracies
    assert "linear.fit" in stored.started
    assert not {"linear.fit", "rff.fit"} & set(streamed.started)


def test_every_stage_takes_what_was_predicted_with_the_sums_beside_the_model(job, perform):
    done = perform(job("streamed", extraction={"batch": 5, "cache_disk": 0})).expect_finished()
    choice = next(stage["choice"] for stage in done.plan["stages"] if stage["stage"] == "extract")
    assert choice == {"batch": 5, "rows": 32, "precision": "fp32"}
    for stage, predicted in done.predicted.items():
        if stage == "extract":  # its forward pass is drawn on from a probe
            assert done.peaks[stage] <= predicted * 1.005 + 16384
            assert predicted <= 1.1 * done.peaks[stage]
        else:
            assert done.peaks[stage] == predicted, stage


def test_a_budget_that_cannot_hold_the_sums_stores_the_features(job, perform, tmp_path, deviation, stored_names):
    many = {"operators": {"names": "linear,rff", "rff": {"samples": 20, "features": 4096}}}
    perform(job("streamed", **many)).expect_finished()
    assert "images" not in stored_names
    refused = perform(job("tight", **many, memory={"budget": 1000})).expect_failed("budget-refused")
    smallest = int(refused.remedy.split("at least ")[1].split(" ")[0])
    done = perform(job("tight", **many, memory={"budget": smallest})).expect_finished()
    assert done.final.within_budget
    assert "images" in stored_names
    assert deviation(tmp_path / "streamed.safetensors", tmp_path / "tight.safetensors") <= CLOSE


def test_operators_that_keep_the_pairs_have_them_stored(job, perform, stored_names):
    names = {"names": "linear,attention", "attention": {"samples": 20, "top_k": 4}}
    perform(job("out", operators=names)).expect_finished()
    assert "images" in stored_names


def test_a_first_task_takes_its_statistics_as_the_images_come(zoo, pair_config, perform, tmp_path, stored_names):
    for name, stream in (("streamed", True), ("stored", False)):
        config = pair_config(adapter_before=None, extraction={"cache_disk": 0, "stream": stream})
        perform(config.merged({"output": {"state": str(tmp_path / f"{name}.safetensors")}})).expect_finished()
    assert stored_names == ["images"]
    streamed, stored = (load_file(tmp_path / f"{name}.safetensors") for name in ("streamed", "stored"))
    assert all(np.array_equal(streamed[key], stored[key]) for key in stored)


def test_broken_images_are_left_out_of_every_sum(own_zoo, job, perform, tmp_path, deviation):
    for name in ("train/3/000.png", "train/4/003.png", "aux/b/006.png"):
        (own_zoo.root / name).write_bytes(b"no image")
    for name, stream in (("streamed", True), ("stored", False)):
        done = perform(job(name, stream, own_zoo)).expect_finished()
        assert next(note for note in done.notices if note.kind == "skipped-images").data["skipped"] == 3
    assert deviation(tmp_path / "streamed.safetensors", tmp_path / "stored.safetensors") <= CLOSE


# ranks that are threads load at the same time, and whose warnings are silenced is not a thread's own
@pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning")
@pytest.mark.parametrize("size", [2, 3])
def test_ranks_add_their_sums_up(job, perform, tmp_path, deviation, size):
    perform(job("one", stream=False)).expect_finished()
    finished(job("many", run={"sample_hz": 0, "threads": 1, "device": "cpu"}), size)
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= CLOSE


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning")
def test_ranks_without_an_image_add_nothing(job, perform, tmp_path, deviation):
    """Three images for five ranks, of which the first has none."""
    save_images(tmp_path / "few", {"cat": 2, "dog": 1}, 5)
    source = {"source": {"images": str(tmp_path / "few"), "aux_images": None, "evaluate": None}}
    perform(job("one", stream=False).merged(source)).expect_finished()
    finished(job("many", run={"sample_hz": 0, "threads": 1, "device": "cpu"}).merged(source), 5)
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= CLOSE


def test_features_that_are_not_finite_are_refused_before_anything_is_written(job, perform, tmp_path, monkeypatch):
    original = AdapterEncoder.__call__

    def broken(self, inputs):
        features = original(self, inputs)
        if self._name == "after" and len(inputs) > 8:
            features = features.clone()
            features[7, 0] = torch.nan
        return features

    monkeypatch.setattr(AdapterEncoder, "__call__", broken)
    failure = perform(job("out", extraction={"batch": 16, "cache_disk": 0})).expect_failed("input-error")
    assert "the pairs: features_after holds NaN or Inf" in failure.what
    assert "(7," in failure.what
    assert not (tmp_path / "out.safetensors").exists()


def test_a_cancel_stops_between_batches_and_leaves_nothing(job, tmp_path):
    from slora_core import pipeline

    cancel, events = CancelToken(), []
    for event in pipeline.stream(job("out", extraction={"batch": 1, "cache_disk": 0}), cancel):
        events.append(event)
        if isinstance(event, Progress) and event.stage == "extract":
            cancel.cancel()
    assert isinstance(events[-1], RunCancelledEvent)
    assert events[-1].stage == "extract"
    assert not (tmp_path / "out.safetensors").exists()
