"""Class-state files as they are written: complete or not there, on full disks too."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from slora_core.errors import NumericalError, OutputError
from slora_core.memory.ledger import Ledger
from slora_core.sources import tensor_file
from slora_core.statistics.state_file import open_state
from slora_core.statistics.state_info import class_state_info
from slora_core.statistics.state_writer import StateFileWriter

IDS, COUNTS, DIM = np.array([7, 3, 5]), np.array([10, 20, 30]), 6
METADATA = {"operator": "linear", "task": "2", "config_digest": "abc"}


def gaussian(index, scale=1.0):
    root = np.random.default_rng(index).normal(size=(DIM, DIM)).astype(np.float32) * np.float32(scale)
    return torch.from_numpy(root[0].copy()), torch.from_numpy(root @ root.T)


def writer(path, variants=(), metadata=METADATA, **options):
    return StateFileWriter(path, IDS, COUNTS, DIM, variants, metadata=metadata, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fill(file, variant="", indices=(2, 0, 1), scale=1.0):
    for index in indices:
        file.writer(variant).write(index, *gaussian(index, scale))


@pytest.mark.parametrize("packed", [False, True])
def test_reads_back(tmp_path, packed):
    path = tmp_path / "s.safetensors"
    with writer(path, packed=packed) as file:
        fill(file)
        file.commit()
    stored = load_file(path)
    assert set(stored) == {"class_ids", "count", "mean", "cov_packed" if packed else "cov"}
    assert stored["class_ids"].tolist() == [7, 3, 5]
    for index in range(3):
        mean, covariance = gaussian(index)
        assert np.array_equal(stored["mean"][index], mean)
        expected = covariance.numpy()[np.tril_indices(DIM)] if packed else covariance.numpy()
        assert np.array_equal(stored["cov_packed" if packed else "cov"][index], expected)
    info = class_state_info(path)
    assert (info.operator, info.task, info.config_digest, info.packed) == ("linear", "2", "abc", packed)
    assert names(tmp_path) == ["s.safetensors"]


def test_several_variants(tmp_path):
    path = tmp_path / "s.safetensors"
    with writer(path, ("none", "linear")) as file:
        fill(file, "none")
        fill(file, "linear", scale=2.0)
        with pytest.raises(ValueError, match="'rff' is not one of"):
            file.writer("rff")
        file.commit()
    with open_state(path, "none") as one, open_state(path, "linear") as other:
        first, second = torch.empty(DIM), torch.empty(DIM)
        one.read(1, first, None)
        other.read(1, second, None)
        assert torch.equal(second, 2 * first)


def test_new_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "plain").touch()
    with writer(tmp_path / "s.safetensors") as file:
        fill(file)
        file.commit()
    assert (tmp_path / "s.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_writing_takes_no_counted_memory(tmp_path):
    mean, covariance = gaussian(0)
    with writer(tmp_path / "s.safetensors", packed=True) as file, Ledger() as ledger:
        file.writer().write(0, mean, covariance)
    assert ledger.peak_bytes == 0


def test_nothing_is_left_of_an_unfinished_file(tmp_path):
    path = tmp_path / "s.safetensors"
    path.write_text("what was there")

    def fail():
        with writer(path) as file:
            fill(file, indices=(0, 1))
            assert len(names(tmp_path)) == 2
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with writer(path) as file:
        fill(file, indices=(0, 1))
        with pytest.raises(OutputError, match=r"is not complete: 1 of 3 class statistics are missing"):
            file.commit()
    assert names(tmp_path) == ["s.safetensors"]
    assert path.read_text() == "what was there"


def test_a_rewrite_replaces_and_follows_links(tmp_path):
    (tmp_path / "real").mkdir()
    link, path = tmp_path / "link.safetensors", tmp_path / "real" / "s.safetensors"
    path.write_text("old")
    link.symlink_to(path)
    with writer(link) as file:
        fill(file, scale=9.0)
        fill(file)
        file.commit()
    assert link.is_symlink()
    assert np.array_equal(load_file(path)["mean"][1], gaussian(1)[0])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(tmp_path, value):
    mean, covariance = gaussian(1)
    covariance[2, 3] = value
    with writer(tmp_path / "s.safetensors", ("rff", "linear")) as file:
        with pytest.raises(NumericalError, match=r"class 3 \(rff\) hold NaN or Inf"):
            file.writer("rff").write(1, mean, covariance)
        assert file.finished("rff") == frozenset()


def test_targets_that_cannot_be(tmp_path):
    with pytest.raises(OutputError, match=r"is a folder; expected the name of a file"):
        writer(tmp_path)
    with pytest.raises(OutputError, match=r"the folder .*nowhere' does not exist"):
        writer(tmp_path / "nowhere" / "s.safetensors")
    with pytest.raises(OutputError, match=r"is not a regular file"):
        writer(os.devnull)
    with pytest.raises(OutputError, match=r"cannot be written"):
        writer("a\0b")
    with pytest.raises(OutputError, match=r"cannot be written: File name too long"):
        writer(tmp_path / ("x" * 250))
    assert names(tmp_path) == []


def test_an_unwritable_folder(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tensor_file.os, "open", refuse)  # root may write anywhere
    with pytest.raises(OutputError, match=r"s.safetensors' cannot be written: Permission denied"):
        writer(tmp_path / "s.safetensors")
    assert names(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 KiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def big(path):
    dim = 160
    return StateFileWriter(path, IDS, COUNTS, dim, metadata={}), torch.zeros(dim), torch.eye(dim)


def test_a_full_disk_is_found_before_anything_is_computed(tiny_disk, monkeypatch):
    (tiny_disk / "s.safetensors").write_text("old")
    with pytest.raises(OutputError, match=r"takes 30\d.\d KiB, but its file system has 60 KiB free"):
        big(tiny_disk / "s.safetensors")
    monkeypatch.setattr(tensor_file.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 40))
    with pytest.raises(OutputError, match="No space left on device"):
        big(tiny_disk / "s.safetensors")
    assert names(tiny_disk) == ["s.safetensors"]
    assert (tiny_disk / "s.safetensors").read_text() == "old"


def test_a_disk_that_fills_up_while_writing(tiny_disk, monkeypatch):
    monkeypatch.setattr(tensor_file.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 40))
    monkeypatch.delattr(tensor_file.os, "posix_fallocate")
    file, mean, covariance = big(tiny_disk / "s.safetensors")

    def write():
        with file:
            for index in range(3):
                file.writer().write(index, mean, covariance)

    with pytest.raises(OutputError, match="No space left on device"):
        write()
    assert names(tiny_disk) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are of POSIX")
@pytest.mark.parametrize("reserve", [True, False])
def test_a_file_size_limit(tmp_path, reserve):
    script = """
import os, resource, sys, numpy as np, torch
from slora_core.errors import OutputError
from slora_core.statistics.state_writer import StateFileWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
if sys.argv[2] == "False":
    os.posix_fallocate = lambda *_: None
try:
    with StateFileWriter(sys.argv[1], np.arange(3), np.ones(3, int), 160, metadata={}) as file:
        for index in range(3):
            file.writer().write(index, torch.zeros(160), torch.eye(160))
        file.commit()
except OutputError as error:
    print(error)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "s.safetensors"), str(reserve)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "s.safetensors' cannot be written: File too large" in result.stdout
    assert names(tmp_path) == []
