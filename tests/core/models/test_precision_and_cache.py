"""Precision, batches and the cache of a run on a model pair: what they change, and what they must not."""

from __future__ import annotations

import pytest
from safetensors.numpy import load_file


@pytest.fixture
def run_pair(zoo, pair_config, perform, tmp_path):
    """Statistics of the after-task classes, and the run, for an adapter and settings."""

    def run(adapter="second", folders=zoo, extraction=None, **changes):
        target = tmp_path / "state.safetensors"
        config = pair_config(folders, extraction, adapter_before=None, adapter_after=getattr(folders, adapter))
        done = perform(config.merged({"output": {"state": str(target)}, **changes})).expect_finished()
        return load_file(target)["linear.mean"], done

    return run


def passes(done) -> int:
    return next(notice.data["passes"] for notice in done.notices if notice.kind == "feature-cache")


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near_and_declared_in_the_digest(run_pair, pair_config, precision):
    exact, _ = run_pair()
    half, _ = run_pair(extraction={"precision": precision})
    assert 0 < abs(half - exact).max() < 0.05
    config = pair_config()
    assert config.digest() != config.merged({"extraction": {"precision": precision}}).digest()


def test_the_batch_changes_nothing_but_the_peak(run_pair):
    small, one = run_pair(extraction={"batch": 2, "cache_disk": 0})
    large, other = run_pair(extraction={"batch": 26, "cache_disk": 0})
    assert abs(small - large).max() < 1e-5
    assert one.peaks["extract"] < other.peaks["extract"]
    for done in (one, other):
        assert done.peaks["extract"] <= done.predicted["extract"] * 1.005 + 16384


def test_a_second_run_makes_no_forward_pass(run_pair):
    first, cold = run_pair()
    second, warm = run_pair()
    assert (passes(cold), passes(warm)) == (26, 0)
    assert (first == second).all()


def test_another_adapter_precision_or_preprocessing_is_never_answered_from_the_cache(run_pair, own_zoo):
    run_pair(folders=own_zoo)
    assert passes(run_pair("first", own_zoo)[1]) == 26
    assert passes(run_pair(folders=own_zoo, extraction={"precision": "bf16"})[1]) == 26
    path = own_zoo.root / "base/preprocessor_config.json"
    path.write_text(path.read_text().replace("[0.5, 0.5, 0.5]", "[0.4, 0.5, 0.5]", 1))
    assert passes(run_pair(folders=own_zoo)[1]) == 26


def test_features_after_a_task_are_those_before_the_next(zoo, pair_config, perform, run_pair, tmp_path):
    run_pair("first")
    state = str(tmp_path / "state.safetensors")
    task = pair_config(state=state, images=zoo.train, aux_images=zoo.aux)
    assert passes(perform(task).expect_finished()) == 26 + 2 * 16  # the training images before are known
    again = pair_config(state=state, adapter_before=zoo.second, adapter_after=zoo.first, aux_images=zoo.aux)
    assert passes(perform(again).expect_finished()) == 0


def test_with_the_measure_off_nothing_is_kept(run_pair, tmp_path):
    _, done = run_pair(measures={"feature_cache": False})
    assert not any(notice.kind == "feature-cache" for notice in done.notices)
    assert not (tmp_path / "cache").exists()
