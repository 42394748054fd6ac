"""The shared noise: the same numbers however they are read, standard normal, and no tensor of its own."""

import numpy as np
import pytest
import torch

from slora_core.errors import InputError
from slora_core.memory.ledger import Ledger
from slora_core.numerics.noise import GivenNoise, SharedNoise


def whole(noise, index=0):
    out = torch.empty(noise.samples, noise.dim)
    noise.read(index, 0, noise.samples, out)
    return out.numpy()


def test_shared_noise_equals_one_draw_of_the_generator(tmp_path):
    noise = SharedNoise(3, 1, 700, 11, tmp_path)
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([3, 1])))
    assert np.array_equal(whole(noise), generator.standard_normal((700, 11), dtype=np.float32))


@pytest.mark.parametrize("chunk", [1, 13, 256, 699])
def test_shared_noise_does_not_depend_on_how_it_is_read(tmp_path, chunk):
    noise = SharedNoise(0, 0, 700, 5, tmp_path)
    out = torch.full((chunk + 2, 5), np.inf)
    pieces = []
    for start in range(0, 700, chunk):
        stop = min(start + chunk, 700)
        noise.read(4, start, stop, out)
        pieces.append(out[: stop - start].clone())
    assert np.array_equal(torch.cat(pieces).numpy(), whole(noise))


def test_streams_and_seeds_differ_and_classes_share(tmp_path):
    first = whole(SharedNoise(0, 0, 50, 4, tmp_path))
    assert not np.array_equal(first, whole(SharedNoise(0, 1, 50, 4, tmp_path)))
    assert not np.array_equal(first, whole(SharedNoise(1, 0, 50, 4, tmp_path)))
    assert np.array_equal(first, whole(SharedNoise(0, 0, 50, 4, tmp_path), index=9))


def test_shared_noise_is_standard_normal(tmp_path):
    values = whole(SharedNoise(0, 0, 4000, 20, tmp_path)).ravel().astype(np.float64)
    assert abs(values.mean()) < 5 / np.sqrt(values.size)
    assert abs(values.var() - 1) < 5 * np.sqrt(2 / values.size)
    assert np.mean(np.abs(values) > 1.959964) == pytest.approx(0.05, abs=0.005)


def test_reading_noise_takes_no_counted_memory(tmp_path):
    noise = SharedNoise(0, 0, 500, 6, tmp_path)
    out = torch.empty(100, 6)
    with Ledger() as ledger:
        noise.read(0, 50, 150, out)
    assert ledger.peak_bytes == 0


def test_given_noise_is_shared_or_by_class():
    eps = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)
    by_class, shared = GivenNoise(eps), GivenNoise(eps[1])
    assert (by_class.samples, by_class.dim, by_class.shared, shared.shared) == (3, 4, False, True)
    assert np.array_equal(whole(by_class, 1), eps[1])
    assert np.array_equal(whole(shared, 0), eps[1])


def test_given_noise_of_a_wrong_shape_is_refused():
    with pytest.raises(InputError, match=r"expected \[samples, d\]"):
        GivenNoise(np.zeros(3, np.float32))
