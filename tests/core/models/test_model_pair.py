"""A run on a model pair: the features are those of transformers and PEFT, and everything after them is a run."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file
from zoo_files import reference_features, save_images

import slora_core as slora


@pytest.fixture
def first_state(pair_config, perform, tmp_path) -> str:
    """Statistics of the classes 0 and 1 under the model before, from a first task without a state."""
    save_images(tmp_path / "old", {"0": 11, "1": 13}, 7)
    target = tmp_path / "old.safetensors"
    config = pair_config(adapter_after=None, images=str(tmp_path / "old"))
    first = config.merged({"source": {"adapter_before": None, "adapter_after": config.source.adapter_before}})
    perform(first.merged({"output": {"state": str(target)}})).expect_finished()
    return str(target)


def test_a_first_task_takes_the_statistics_of_its_classes(zoo, first_state, tmp_path):
    features, labels = reference_features(zoo, zoo.first, str(tmp_path / "old"))
    expected = slora.class_statistics(features, labels)
    found = load_file(first_state)

    assert list(found["class_ids"]) == [0, 1]
    assert list(found["count"]) == [11, 13]
    for operator in ("linear", "attention"):
        assert np.allclose(found[f"{operator}.mean"], expected.means, rtol=1e-4, atol=1e-5)
        assert np.allclose(found[f"{operator}.cov"], expected.covariances, rtol=1e-3, atol=1e-5)


def test_a_run_moves_old_classes_as_the_librarys_features_do(zoo, first_state, pair_config, perform, tmp_path):
    target = tmp_path / "moved.safetensors"
    config = pair_config(state=first_state, aux_images=zoo.aux, evaluate=zoo.test)
    done = perform(config.merged({"output": {"state": str(target)}})).expect_finished()

    before, _ = reference_features(zoo, zoo.first, zoo.train, zoo.aux)
    after, labels = reference_features(zoo, zoo.second, zoo.train, zoo.aux)
    with slora.open_state(first_state, "linear") as old:
        expected = slora.compensate(before, after, old, config=config)
    found = load_file(target)
    assert list(found["class_ids"]) == [0, 1, 3, 4]
    for operator in ("linear", "attention"):
        assert np.allclose(found[f"{operator}.mean"][:2], expected[operator].means, rtol=1e-3, atol=1e-4)
        assert np.allclose(found[f"{operator}.cov"][:2], expected[operator].covariances, rtol=1e-2, atol=1e-3)
    new = slora.class_statistics(after, labels)
    assert np.allclose(found["linear.mean"][2:], new.means, rtol=1e-4, atol=1e-5)
    assert set(done.final.accuracies) == {"SeqFT + linear", "SeqFT + Hopfield"}
    assert "extract" in done.predicted
    for stage, peak in done.predicted.items():
        assert done.peaks[stage] <= peak * 1.005 + 16384, stage
        assert peak <= 1.25 * done.peaks[stage] + 16384, stage


def test_the_seed_engine_gives_the_same_statistics_from_the_same_models(  # noqa: PLR0917
    zoo, first_state, pair_config, perform, tmp_path, deviation
):
    config = pair_config(state=first_state, aux_images=zoo.aux)
    states = []
    for engine in ("baseline", "optimised"):
        states.append(str(tmp_path / f"{engine}.safetensors"))
        perform(config.merged({"run": {"engine": engine}, "output": {"state": states[-1]}})).expect_finished()
    assert deviation(*states) < 1e-4


def test_compensate_models_moves_what_the_pair_source_moves(zoo, first_state, pair_config, perform, tmp_path):
    from slora_core.full_demo.fronts import ImageLoader, model
    from slora_core.sources.models.folders import class_folders, unlabelled_images
    from slora_core.sources.models.model_files import base_files

    target = tmp_path / "moved.safetensors"
    config = pair_config(state=first_state, aux_images=zoo.aux)
    perform(config.merged({"output": {"state": str(target)}})).expect_finished()
    base = base_files(zoo.base)
    with slora.open_state(first_state, "linear") as linear, slora.open_state(first_state, "attention") as attention:
        moved = slora.compensate_models(
            model(base, zoo.root / "first"),
            model(base, zoo.root / "second"),
            ImageLoader(base, class_folders(zoo.train)),
            {"linear": linear, "attention": attention},
            aux_loader=ImageLoader(base, unlabelled_images(zoo.aux)),
            config=config,
            run_file=tmp_path / "run.slora",
        )
    found = load_file(target)
    for operator, state in moved.items():
        assert list(state.class_ids) == [0, 1, 3, 4]
        assert np.allclose(state.means, found[f"{operator}.mean"], rtol=1e-4, atol=1e-5)
        assert np.allclose(state.covariances, found[f"{operator}.cov"], rtol=1e-3, atol=1e-5)
    assert (tmp_path / "run.slora").is_file()
