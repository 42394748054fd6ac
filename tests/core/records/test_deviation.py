"""Deviation of class states against plain float64 NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from slora_core.errors import InputError
from slora_core.records.deviation import deviation, deviations
from slora_core.records.tables import deviations_table


def _state(path, ids, means, covariances, *, variants=("",), packed=False, dtype=np.float32):
    arrays = {"class_ids": np.asarray(ids, np.int64), "count": np.full(len(ids), 9, np.int64)}
    rows, columns = np.tril_indices(means.shape[1])
    for number, variant in enumerate(variants):
        prefix = f"{variant}." if variant else ""
        arrays[f"{prefix}mean"] = (means + number).astype(dtype)
        covariance = (covariances * (1 + number)).astype(dtype)
        if packed:
            arrays[f"{prefix}cov_packed"] = np.ascontiguousarray(covariance[:, rows, columns])
        else:
            arrays[f"{prefix}cov"] = covariance
    save_file(arrays, path)
    return path


@pytest.fixture
def arrays():
    rng = np.random.default_rng(7)
    means = rng.normal(size=(5, 6)).astype(np.float32)
    factors = rng.normal(size=(5, 6, 6))
    return means, (factors @ factors.transpose(0, 2, 1)).astype(np.float32)


def test_deviation_is_the_relative_frobenius_norm_over_all_classes(tmp_path, arrays):
    means, covariances = arrays
    rng = np.random.default_rng(8)
    other_means = means + rng.normal(size=means.shape).astype(np.float32) * 1e-3
    other_covariances = covariances * np.float32(1.01)
    ids = [4, 0, 9, 2, 7]
    base = _state(tmp_path / "base.safetensors", ids, means, covariances)
    order = [3, 1, 0, 4, 2]
    other = _state(
        tmp_path / "other.safetensors", np.take(ids, order), other_means[order], other_covariances[order], packed=True
    )
    (found,) = deviations(base, other)
    difference = (other_means - means).astype(np.float64)
    each = np.linalg.norm(difference, axis=1) / np.linalg.norm(means.astype(np.float64), axis=1)
    assert found.classes == 5
    assert found.mean == pytest.approx(np.linalg.norm(difference) / np.linalg.norm(means), rel=1e-6)
    assert found.worst_mean == pytest.approx(each.max(), rel=1e-6)
    assert found.worst_mean_class == ids[int(each.argmax())]
    exact = np.linalg.norm((other_covariances - covariances).astype(np.float64)) / np.linalg.norm(covariances)
    assert found.covariance == pytest.approx(exact, rel=1e-6)
    assert deviations_table([found]).rows[0][:2] == ("(unnamed)", "5")


@pytest.mark.parametrize("broken", ["base", "other"])
def test_a_state_that_holds_nan_does_not_count_as_equal(tmp_path, arrays, broken):
    means, covariances = arrays
    wrong = means.copy()
    wrong[1, 2] = np.nan
    held = {"base": means, "other": means, broken: wrong}
    base, other = (_state(tmp_path / f"{n}.safetensors", range(5), held[n], covariances) for n in ("base", "other"))
    (found,) = deviations(base, other)
    assert np.isnan(found.mean)
    assert np.isnan(found.worst_mean)
    assert found.worst_mean_class == 1
    assert found.covariance == 0


def test_equal_states_deviate_by_exactly_nothing(tmp_path, arrays):
    base = _state(tmp_path / "a.safetensors", range(5), *arrays)
    packed = _state(tmp_path / "b.safetensors", range(5), *arrays, packed=True)
    (found,) = deviations(base, packed)
    assert (found.mean, found.covariance, found.worst_mean, found.worst_covariance) == (0, 0, 0, 0)


def test_variants_are_matched_by_name_and_others_left_out(tmp_path, arrays):
    base = _state(tmp_path / "a.safetensors", range(5), *arrays, variants=("linear", "attention"))
    other = _state(tmp_path / "b.safetensors", range(5), *arrays, variants=("attention", "rff"))
    (found,) = deviations(base, other)
    assert found.variant == "attention"
    assert found.covariance == pytest.approx(0.5, rel=1e-6)
    same = deviation(base, other, "attention", "rff")
    assert (same.variant, same.covariance) == ("rff", 0.0)


def test_half_precision_states_are_read(tmp_path, arrays):
    base = _state(tmp_path / "a.safetensors", range(5), *arrays)
    half = _state(tmp_path / "b.safetensors", range(5), *arrays, dtype=np.float16)
    (found,) = deviations(base, half)
    assert 0 < found.mean < 1e-3
    assert 0 < found.covariance < 1e-3


def test_a_deviation_from_zero_is_infinite_and_not_an_error(tmp_path, arrays):
    zero = _state(tmp_path / "a.safetensors", range(5), arrays[0] * 0, arrays[1] * 0)
    other = _state(tmp_path / "b.safetensors", range(5), *arrays)
    (found,) = deviations(zero, other)
    assert found.mean == found.covariance == np.inf
    (found,) = deviations(zero, zero)
    assert found.mean == 0


def test_states_that_cannot_be_compared_say_why(tmp_path, arrays):
    means, covariances = arrays
    base = _state(tmp_path / "a.safetensors", range(5), means, covariances)
    fewer = _state(tmp_path / "b.safetensors", range(4), means[:4], covariances[:4])
    smaller = _state(tmp_path / "c.safetensors", range(5), means[:, :3], covariances[:, :3, :3])
    named = _state(tmp_path / "d.safetensors", range(5), means, covariances, variants=("rff", "linear"))
    with pytest.raises(InputError, match=r"different classes \(in one only: 4\)"):
        deviations(base, fewer)
    with pytest.raises(InputError, match="differ in d: 6 and 3"):
        deviations(base, smaller)
    with pytest.raises(InputError, match=r"no variant in common; they hold \(unnamed\) and"):
        deviations(base, named)
