"""Synthetic workloads: seeded, independent of block sizes, realistic, streamed."""

import numpy as np
import pytest
import torch

from slora_core.errors import InputError, OutputError
from slora_core.sources.presets import PRESETS, preset
from slora_core.sources.synthetic import SyntheticWorkload
from slora_core.sources.synthetic_model import BLOCK_ROWS


def features(workload):
    before, after = (torch.empty(workload.pairs.count, workload.pairs.dim) for _ in range(2))
    workload.pairs.read(0, workload.pairs.count, before, after)
    return before.numpy(), after.numpy()


def gaussian(workload, index):
    dim = workload.state.dim
    mean, covariance = torch.empty(dim), torch.empty(dim, dim)
    workload.state.read(index, mean, covariance)
    return mean.numpy(), covariance.numpy()


def test_the_seed_decides_everything(tmp_path):
    with SyntheticWorkload(300, 24, 3, 5, tmp_path) as one, SyntheticWorkload(300, 24, 3, 5, tmp_path) as same:
        assert np.array_equal(features(one), features(same))
        assert np.array_equal(gaussian(one, 2)[1], gaussian(same, 2)[1])
        with SyntheticWorkload(300, 24, 3, 6, tmp_path) as other:
            assert not np.array_equal(features(one), features(other))
            assert not np.array_equal(gaussian(one, 0)[0], gaussian(other, 0)[0])


def test_values_do_not_depend_on_how_much_is_drawn(tmp_path):
    more = BLOCK_ROWS + 7
    with (
        SyntheticWorkload(more, 16, 5, 1, tmp_path) as long,
        SyntheticWorkload(BLOCK_ROWS - 9, 16, 2, 1, tmp_path) as short,
    ):
        for long_rows, short_rows in zip(features(long), features(short), strict=True):
            assert np.array_equal(long_rows[: BLOCK_ROWS - 9], short_rows)
        assert not np.array_equal(features(long)[0][BLOCK_ROWS:], features(long)[0][:7])
        assert np.array_equal(gaussian(long, 1)[1], gaussian(short, 1)[1])


def test_features_look_like_features(tmp_path):
    with SyntheticWorkload(1000, 96, 4, 0, tmp_path) as workload:
        before, after = features(workload)
        unit = before / np.linalg.norm(before, axis=1, keepdims=True)
        cosines = (unit @ unit.T)[np.triu_indices(1000, 1)]
        assert np.quantile(cosines, 0.95) - np.quantile(cosines, 0.05) > 0.3
        drift = np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1)
        assert 0.1 < drift.mean() < 0.6
        assert np.abs(before.mean(0)).mean() > 0.2
        spectrum = np.linalg.eigvalsh(np.cov(before.T))
        assert spectrum[-1] > 30 * np.median(spectrum)
        linear = np.linalg.lstsq(before - before.mean(0), (after - after.mean(0)), rcond=None)
        assert linear[1].sum() > 1.2 * 1000 * 96 * 0.05**2  # more is left than the noise: the drift is not linear
        for index in range(4):
            mean, covariance = gaussian(workload, index)
            assert np.array_equal(covariance, covariance.T)
            assert np.linalg.eigvalsh(covariance.astype(np.float64))[0] > 0.005
            assert np.isfinite(mean).all()


def test_files_go_with_the_workload(tmp_path):
    with SyntheticWorkload(50, 4, 2, 0, tmp_path) as workload:
        assert workload.feature_path.is_file()
        assert (workload.state.dim, len(workload.state.class_ids)) == (4, 2)
    assert list(tmp_path.iterdir()) == []


def test_stopping_in_the_middle_leaves_nothing(tmp_path):
    calls = []

    def stop(rows):
        calls.append(rows)
        if len(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        SyntheticWorkload(5 * BLOCK_ROWS, 4, 2, 0, tmp_path, advance=stop)
    assert calls == [BLOCK_ROWS, BLOCK_ROWS]
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="scratch folder"):
        SyntheticWorkload(50, 4, 2, 0, tmp_path / "missing")


def test_presets():
    reference = preset("seed-16gb")
    assert (reference.pairs, reference.dim, reference.classes) == (41_000, 768, 100)
    assert (preset("seed-2core").pairs, preset("seed-2core").classes) == (7_048, 20)
    assert preset("seed-tiny").pairs < preset("seed-small").pairs < preset("seed-2core").pairs
    with pytest.raises(
        InputError, match=r"unknown workload 'seed-16g', did you mean 'seed-16gb'\?; known: seed-16gb, "
    ):
        preset("seed-16g")
    assert set(PRESETS) == {"seed-16gb", "seed-2core", "seed-small", "seed-tiny"}
