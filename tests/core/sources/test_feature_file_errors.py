"""Bad feature and evaluation files: the sentence names the file, the key, what was found and what was expected."""

import io
import os
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from slora_core.errors import InputError, OutputError
from slora_core.sources import unpack as unpacking
from slora_core.sources.arrays import ArrayPairs
from slora_core.sources.feature_files import EvaluationFile, FeatureFile
from slora_core.sources.file_info import feature_file_info, feature_layout
from slora_core.sources.labels import read_integers

GOOD = {"features_before": np.ones((4, 3), np.float32), "features_after": np.ones((4, 3), np.float32)}


def save(path, **changes):
    np.savez(path, **{key: value for key, value in (GOOD | changes).items() if value is not None})
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"features_after": None},
            r"key 'features_after' is missing; found 'features_before'; expected features_before",
        ),
        (
            {"features_after": None, "feature_after": np.ones((4, 3))},
            r"should 'feature_after' be named 'features_after'",
        ),
        ({"label": np.arange(4)}, r"unknown key 'label', did you mean 'labels'"),
        ({"features_after": np.ones((5, 3))}, r"features_before has shape \[4, 3\] but features_after has \[5, 3\]"),
        ({"features_after": np.ones((4, 2))}, r"expected the same \[N, d\]"),
        ({"features_before": np.ones(4)}, r"'features_before' has shape \[4\]; expected 2 axes"),
        ({"features_before": np.ones((4, 3), int)}, r"'features_before' has dtype int64; expected one of float16"),
        ({"features_before": np.ones((4, 3), complex)}, r"has dtype complex128"),
        ({"features_before": np.array([[b"a"]])}, r"has dtype bytes"),
        ({"labels": np.arange(5)}, r"labels has shape \[5\]; expected \[4\]"),
        ({"labels": np.arange(4.0)}, r"'labels' has dtype float64; expected one of int8"),
        ({"labels": np.array([True] * 4)}, r"'labels' has dtype bool"),
        ({"features_before": np.ones((1, 3)), "features_after": np.ones((1, 3))}, r"1 pair .* expected at least two"),
        ({"features_before": np.ones((0, 3)), "features_after": np.ones((0, 3))}, r"0 pairs .* expected at least two"),
        ({"features_before": np.ones((4, 0)), "features_after": np.ones((4, 0))}, r"expected at least one column"),
    ],
)
def test_wrong_arrays(tmp_path, changes, message):
    path = save(tmp_path / "bad file.npz", **changes)
    with pytest.raises(InputError, match=message) as caught:
        FeatureFile(path)
    assert str(path) in str(caught.value)
    with pytest.raises(InputError, match=message):
        feature_file_info(path)


class Bomb:
    def __reduce__(self):
        return (Path.write_text, (Path("exploded"), "pickle was loaded"))


def test_pickled_objects_are_never_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = save(tmp_path / "f.npz", features_before=np.array([Bomb()] * 4, dtype=object))
    with pytest.raises(InputError, match=r"'features_before' holds pickled Python objects, which are never loaded"):
        FeatureFile(path)
    assert not Path("exploded").exists()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("cut", [3, 200, -1])
def test_truncated_files(tmp_path, suffix, cut):
    path = tmp_path / f"f{suffix}"
    np.savez(path, **GOOD) if suffix == ".npz" else save_file(GOOD, path)
    content = path.read_bytes()
    path.write_bytes(content[:cut] if cut < len(content) else content[:-3])
    with pytest.raises(InputError, match=r"truncated or damaged|not a zip archive"):
        FeatureFile(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.npz", b"", r"is empty \(0 bytes\)"),
        ("f.npz", b"not a zip at all", r"is not a zip archive"),
        ("f.safetensors", b"\0" * 40, r"not a valid safetensors file"),
        ("f.safetensors", b"\xff" * 40, r"not a valid safetensors file"),
        ("f.csv", b"1,2,3\n4,5,6\n", r"is neither a .npz nor a .safetensors file"),
        ("f.npy", b"\x93NUMPY\x01\0", r"is a single .npy array"),
    ],
)
def test_other_contents(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        FeatureFile(tmp_path / name)


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(InputError, match=r"does not exist"):
        FeatureFile(tmp_path / "nowhere.npz")
    with pytest.raises(InputError, match=r"is a folder"):
        FeatureFile(tmp_path)
    with pytest.raises(InputError, match=r"is not a path"):
        FeatureFile("a\0b.npz")
    with pytest.raises(InputError, match=r"cannot be read|does not exist"):
        FeatureFile(save(tmp_path / "f.npz") / "below")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match=r"is not a regular file"):
            FeatureFile(tmp_path / "pipe")


def test_a_torch_archive_says_what_it_holds(tmp_path):
    path = tmp_path / "f.npz"
    torch.save({"features_before": torch.ones(3, 3)}, path)
    with pytest.raises(InputError, match=r"'features_before' is missing; found no arrays"):
        FeatureFile(path)


@pytest.mark.parametrize("shape", ["(9, 3)", "(-4, -3)"])
def test_a_lying_npy_header(tmp_path, shape):
    buffer = io.BytesIO()
    np.save(buffer, GOOD["features_before"])
    lying = buffer.getvalue().replace(b"'shape': (4, 3), ", f"'shape': {shape}, ".encode().ljust(17))
    path = tmp_path / "f.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("features_before.npy", lying)
    with pytest.raises(InputError, match=r"'features_before' holds \d+ bytes of data; expected \d+ for \[.*\] float32"):
        FeatureFile(path)


def test_a_member_that_is_no_array(tmp_path):
    path = tmp_path / "f.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("features_before.npy", b"hello, I am text")
    with pytest.raises(InputError, match=r"'features_before' has no valid .npy header"):
        FeatureFile(path)


def test_a_damaged_compressed_member_is_found_while_unpacking(tmp_path):
    path = tmp_path / "f.npz"
    rng = np.random.default_rng(0)
    big = {key: rng.normal(size=(500, 30)) for key in GOOD}
    np.savez_compressed(path, **big)
    content = bytearray(path.read_bytes())
    middle = len(content) // 4
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(InputError, match=r"key 'features_before' is damaged"):
        FeatureFile(path, scratch)
    assert list(scratch.iterdir()) == []


def test_no_room_to_unpack(tmp_path, monkeypatch):
    path = tmp_path / "f.npz"
    np.savez_compressed(path, **GOOD)
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda _: SimpleNamespace(free=7))
    with pytest.raises(
        OutputError, match=rf"scratch folder {re.escape(repr(str(tmp_path)))} has 7 B free; .* takes 48 B"
    ):
        FeatureFile(path, tmp_path)
    monkeypatch.undo()
    with pytest.raises(OutputError, match=r"cannot unpack into scratch folder"):
        FeatureFile(path, tmp_path / "missing")


def test_bad_evaluation_files(tmp_path):
    path = tmp_path / "e.npz"
    np.savez(path, features=np.ones((4, 3)), labels=np.arange(3))
    with pytest.raises(InputError, match=r"evaluation file .* labels has 3 rows but features has 4"):
        EvaluationFile(path)
    np.savez(path, features=np.ones((4, 3)))
    with pytest.raises(InputError, match=r"'labels' is missing; found 'features'; expected features \[M, d\]"):
        EvaluationFile(path)
    np.savez(path, features=np.ones((0, 3)), labels=np.arange(0))
    with pytest.raises(InputError, match=r"expected at least one row"):
        EvaluationFile(path)


def test_a_label_beyond_64_bits_with_a_sign_is_named_as_it_is(tmp_path):
    labels = np.array([0, 1, 2, 2**63 + 5], np.uint64)
    path = save(tmp_path / "f.npz", labels=labels)
    with pytest.raises(InputError, match=r"f\.npz.*labels hold 9223372036854775813; expected at most"):
        read_integers(feature_layout(path).labels)
    with pytest.raises(InputError, match="labels hold 9223372036854775813; expected at most"):
        ArrayPairs(np.ones((4, 3)), np.ones((4, 3)), labels)


def test_labels_that_are_not_there(tmp_path):
    with FeatureFile(save(tmp_path / "f.npz")) as file, pytest.raises(InputError, match=r"has no labels"):
        file.read_labels(0, 1)
