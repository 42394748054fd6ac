"""Pairs in memory: validated, not copied when they need not be."""

import numpy as np
import pytest
import torch

from slora_core.errors import InputError
from slora_core.sources.arrays import ArrayPairs


def test_contiguous_float32_is_not_copied():
    before, after = np.zeros((5, 3), np.float32), torch.zeros(5, 3)
    pairs = ArrayPairs(before, after)
    before[2], after[2] = 7.0, 8.0
    out = torch.empty(2, 5, 3)
    pairs.read(0, 5, out[0], out[1])
    assert out[:, 2].tolist() == [[7.0] * 3, [8.0] * 3]


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_other_layouts_are_converted(dtype):
    rows = np.random.default_rng(0).normal(size=(12, 4))
    pairs = ArrayPairs(rows.astype(dtype)[::-2], np.asfortranarray(rows.astype(dtype))[1::2], np.arange(6) - 1)
    before, after = torch.empty(3, 4), torch.empty(3, 4)
    pairs.gather(torch.tensor([5, 0, 5]), before, after)
    assert np.array_equal(before, rows.astype(dtype)[::-2][[5, 0, 5]].astype(np.float32))
    assert np.array_equal(after, rows.astype(dtype)[1::2][[5, 0, 5]].astype(np.float32))
    assert pairs.read_labels(0, 3).tolist() == [-1, 0, 1]
    assert (pairs.count, pairs.dim, pairs.has_labels) == (6, 4, True)


def test_tensors_with_gradients_and_read_only_arrays_are_taken():
    frozen = np.ones((2, 2), np.float32)
    frozen.flags.writeable = False
    out = torch.empty(2, 2)
    ArrayPairs(frozen, torch.full((2, 2), 3.0, dtype=torch.bfloat16, requires_grad=True)).read(0, 2, None, out)
    assert out.tolist() == [[3.0, 3.0], [3.0, 3.0]]


@pytest.mark.parametrize(
    ("before", "after", "labels", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 3)), None, r"features_before has shape \[3, 2\] but features_after has \[3, 3\]"),
        (np.ones(3), np.ones(3), None, r"features_before has shape \[3\]; expected \[N, d\]"),
        (np.ones((1, 2)), np.ones((1, 2)), None, r"1 pair in"),
        (np.ones((3, 2), int), np.ones((3, 2)), None, r"features_before has dtype int64"),
        (torch.ones(3, 2), torch.ones(3, 2).long(), None, r"features_after has dtype int64"),
        (torch.ones(3, 2, device="meta"), torch.ones(3, 2), None, r"lies on meta; expected a tensor on the CPU"),
        (np.ones((3, 2)), np.ones((3, 2)), [0.5, 1, 2], r"labels has dtype float64"),
        (np.ones((3, 2)), np.ones((3, 2)), [0, 1], r"labels has shape \[2\]; expected \[3\]"),
    ],
)
def test_wrong_arrays(before, after, labels, message):
    with pytest.raises(InputError, match=message):
        ArrayPairs(before, after, labels)


def test_labels_that_are_not_there():
    with pytest.raises(InputError, match="no labels"):
        ArrayPairs(np.ones((2, 2)), np.ones((2, 2))).read_labels(0, 1)
