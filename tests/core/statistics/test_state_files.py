"""Class-state files read back, and bad ones."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from slora_core.errors import InputError
from slora_core.memory.ledger import Ledger
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_info import class_state_info, variants_of

CLASSES, DIM = 3, 4


def tensors(variants=("",), packed=False, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    found = {"class_ids": np.array([5, 2, 9]), "count": np.array([10, 20, 1])}
    for variant in variants:
        prefix = f"{variant}." if variant else ""
        root = rng.normal(size=(CLASSES, DIM, DIM))
        cov = (root @ root.transpose(0, 2, 1)).astype(dtype)
        rows, columns = np.tril_indices(DIM)
        found[f"{prefix}mean"] = rng.normal(size=(CLASSES, DIM)).astype(dtype)
        found[f"{prefix}cov_packed" if packed else f"{prefix}cov"] = cov[:, rows, columns] if packed else cov
    return found


def save(path, arrays, **metadata):
    contiguous = {key: np.ascontiguousarray(value) for key, value in arrays.items() if value is not None}
    save_file(contiguous, path, metadata or None)
    return path


def read(state, index):
    mean, covariance = torch.empty(DIM), torch.empty(DIM, DIM)
    state.read(index, mean, covariance)
    return mean.numpy(), covariance.numpy()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("packed", [False, True])
def test_reads_what_safetensors_wrote(tmp_path, dtype, packed):
    full, stored = tensors(dtype=dtype), tensors(dtype=dtype, packed=packed)
    with open_state(save(tmp_path / "s.safetensors", stored)) as state:
        assert (state.class_ids.tolist(), state.counts.tolist(), state.dim) == ([5, 2, 9], [10, 20, 1], DIM)
        for index in (2, 0, 1):
            mean, covariance = read(state, index)
            assert np.array_equal(mean, full["mean"][index].astype(np.float32))
            assert np.array_equal(covariance, full["cov"][index].astype(np.float32))
        mean, covariance = torch.empty(DIM), torch.empty(DIM, DIM)
        with Ledger() as ledger:
            state.read(1, mean, covariance)
        assert ledger.peak_bytes == 0


def test_variants(tmp_path):
    stored = tensors(("none", "linear"))
    path = save(tmp_path / "s.safetensors", stored)
    assert set(variants_of(path)) == {"none", "linear"}
    with open_state(path, "linear") as state:
        assert np.array_equal(read(state, 1)[1], stored["linear.cov"][1])
    with pytest.raises(InputError, match=r"holds several variants: say which of "):
        open_state(path)
    with pytest.raises(InputError, match=r"has no variant 'linaer', did you mean 'linear'\?"):
        open_state(path, "linaer")


def test_one_variant_needs_no_name(tmp_path):
    named = save(tmp_path / "n.safetensors", tensors(("attention",)))
    with open_state(named) as state:
        assert state.variant == "attention"
    unnamed = save(tmp_path / "u.safetensors", tensors(), operator="rff")
    for asked in (None, "", "rff"):
        with open_state(unnamed, asked) as state:
            assert state.variant == ""
    with pytest.raises(InputError, match=r"one variant without a name; 'linear' was asked for"):
        open_state(unnamed, "linear")


def test_info(tmp_path):
    path = save(
        tmp_path / "s.safetensors",
        tensors(("a", "b"), packed=True),
        format="slora-class-state",
        version="1",
        operator="a,b",
        task="3",
        config_digest="abc",
    )
    info = class_state_info(path)
    assert (info.classes, info.dim, info.dtype, info.packed) == (3, 4, "float32", True)
    assert (info.operator, info.task, info.config_digest) == ("a,b", "3", "abc")
    assert info.file_bytes == path.stat().st_size
    script = (
        "import sys; from slora_core.statistics.state_info import class_state_info;"
        "print(class_state_info(sys.argv[1]).classes, 'torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["3", "False"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mean": None}, r"key 'mean' is missing; found .*; expected class_ids \[C\]"),
        ({"cov": None}, r"key 'cov' is missing"),
        ({"count": None, "counts": np.ones(3, int)}, r"key 'count' is missing; .*should 'counts' be named 'count'\?"),
        ({"class_ids": np.array([1.0, 2, 3])}, r"'class_ids' has dtype float64; expected one of int8"),
        ({"class_ids": np.array([1, 2, 1])}, r"class ids 1 occur more than once"),
        ({"class_ids": np.array([1, 2])}, r"count has 3 entries but class_ids has 2"),
        ({"class_ids": np.empty(0, int), "count": np.empty(0, int)}, r"class_ids is empty"),
        ({"count": np.array([3, 0, -1])}, r"the count of class ids 2, 9 is below 1"),
        ({"mean": np.ones((2, DIM))}, r"mean has shape \[2, 4\]; expected \[3, d\]"),
        ({"mean": np.ones((3, 5))}, r"cov has shape \[3, 4, 4\] but mean has \[3, 5\]; expected \[3, 5, 5\]"),
        ({"mean": np.ones((3, DIM), int)}, r"'mean' has dtype int64"),
        ({"cov": np.ones((3, DIM))}, r"'cov' has shape \[3, 4\]; expected 3 axes"),
        ({"cov": None, "cov_packed": np.ones((3, 9))}, r"cov_packed has shape \[3, 9\] .* expected \[3, 10\]"),
    ],
)
def test_bad_files(tmp_path, changes, message):
    path = save(tmp_path / "s.safetensors", tensors() | changes)
    with pytest.raises(InputError, match=message) as caught:
        open_state(path)
    assert f"class state {str(path)!r}" in str(caught.value)


def test_variants_of_different_sizes(tmp_path):
    stored = tensors(("a", "b")) | {"b.mean": np.ones((3, 2)), "b.cov": np.ones((3, 2, 2))}
    with pytest.raises(InputError, match=r"[ab].mean has shape \[3, [24]\]; expected \[3, [24]\] as [ab].mean has"):
        open_state(save(tmp_path / "s.safetensors", stored), "a")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [({"format": "other"}, r"'format' is 'other'; expected 'slora-class-state'"), ({"version": "2"}, r"version '2'")],
)
def test_other_formats(tmp_path, metadata, message):
    with pytest.raises(InputError, match=message):
        open_state(save(tmp_path / "s.safetensors", tensors(), **metadata))


def test_files_of_another_kind(tmp_path):
    np.savez(tmp_path / "s.npz", **tensors())
    with pytest.raises(InputError, match=r"is a .npz archive; a class state is a .safetensors file"):
        open_state(tmp_path / "s.npz")
    path = save(tmp_path / "s.safetensors", tensors())
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=r"truncated or damaged"):
        open_state(path)
    with pytest.raises(InputError, match=r"class state .* does not exist"):
        open_state(tmp_path / "nowhere.safetensors")
