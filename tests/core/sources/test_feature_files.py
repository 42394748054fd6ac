"""Feature and evaluation files, read back against NumPy."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from slora_core.errors import RunCancelled
from slora_core.memory.ledger import Ledger
from slora_core.sources.feature_files import EvaluationFile, FeatureFile
from slora_core.sources.file_info import evaluation_file_info, feature_file_info


def write(path, arrays, compressed=False):
    if path.suffix == ".npz":
        (np.savez_compressed if compressed else np.savez)(path, **arrays)
    else:
        save_file({key: torch.as_tensor(value).contiguous() for key, value in arrays.items()}, str(path))
    return path


def pairs(count=50, dim=7, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "features_before": rng.normal(3, 2, (count, dim)).astype(dtype),
        "features_after": rng.normal(-1, 2, (count, dim)).astype(dtype),
        "labels": rng.integers(-1, 4, count),
    }


def read_all(file):
    before, after = torch.empty(file.count, file.dim), torch.empty(file.count, file.dim)
    file.read(0, file.count, before, after)
    return before.numpy(), after.numpy()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_dtype_reads_as_float32(tmp_path, suffix, dtype):
    arrays = pairs(dtype=dtype)
    with FeatureFile(write(tmp_path / f"f{suffix}", arrays)) as file:
        before, after = read_all(file)
        assert (file.count, file.dim, file.has_labels, file.unpacked) == (50, 7, True, {})
        assert np.array_equal(before, arrays["features_before"].astype(np.float32))
        assert np.array_equal(after, arrays["features_after"].astype(np.float32))
        assert np.array_equal(file.read_labels(3, 20), arrays["labels"][3:20])


def test_bfloat16_in_safetensors(tmp_path):
    before = torch.randn(9, 5).bfloat16()
    path = tmp_path / "f.safetensors"
    save_file({"features_before": before, "features_after": before * 2}, str(path))
    assert feature_file_info(path).dtype == "bfloat16"
    with FeatureFile(path) as file:
        read_before, read_after = read_all(file)
        assert np.array_equal(read_before, before.float().numpy())
        assert np.array_equal(read_after, 2 * before.float().numpy())


@pytest.mark.parametrize("labels", [np.uint8, np.int16, np.int32, np.uint64])
def test_labels_of_any_integer_type(tmp_path, labels):
    arrays = pairs() | {"labels": np.arange(50).astype(labels)}
    with FeatureFile(write(tmp_path / "f.npz", arrays)) as file:
        found = file.read_labels(0, 50)
        assert found.dtype == np.int64
        assert found.tolist() == list(range(50))


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_slices_and_gathers_equal_numpy(tmp_path, data):
    count, dim = data.draw(st.integers(2, 60)), data.draw(st.integers(1, 9))
    suffix = data.draw(st.sampled_from([".npz", ".safetensors"]))
    dtype = data.draw(st.sampled_from([np.float16, np.float32, np.float64]))
    arrays = pairs(count, dim, dtype, seed=count)
    start = data.draw(st.integers(0, count))
    stop = data.draw(st.integers(start, count))
    index = np.array(data.draw(st.lists(st.integers(0, count - 1), max_size=20)), dtype=np.int64)
    rows = max(stop - start, len(index), 1) + 1
    with FeatureFile(write(tmp_path / f"f{suffix}", arrays, data.draw(st.booleans()))) as file:
        before, after = torch.full((rows, dim), 7.0), torch.full((rows, dim), 7.0)
        file.read(start, stop, before, None)
        file.read(start, stop, None, after)
        assert np.array_equal(before[: stop - start], arrays["features_before"][start:stop].astype(np.float32))
        assert np.array_equal(after[: stop - start], arrays["features_after"][start:stop].astype(np.float32))
        assert torch.all(before[stop - start :] == 7.0)
        file.gather(torch.from_numpy(index), before, after)
        assert np.array_equal(before[: len(index)], arrays["features_before"][index].astype(np.float32))
        assert np.array_equal(after[: len(index)], arrays["features_after"][index].astype(np.float32))


def test_wide_rows_are_read_and_converted_in_pieces(tmp_path):
    arrays = pairs(300, 3000, np.float16)
    with FeatureFile(write(tmp_path / "f.npz", arrays)) as file:
        before, _ = read_all(file)
        assert np.array_equal(before, arrays["features_before"].astype(np.float32))
        index = torch.randperm(300)
        file.gather(index, None, torch.from_numpy(before))
        assert np.array_equal(before, arrays["features_after"][index.numpy()].astype(np.float32))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (np.asfortranarray, "column by column"),
        (lambda x: x.astype(">f4"), "big-endian"),
        (lambda x: np.asfortranarray(x.astype(">f8")), "column by column, big-endian"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_unmappable_arrays_are_unpacked_and_deleted(tmp_path, change, reason, compressed):
    arrays = pairs(333, 40)
    changed = arrays | {"features_after": change(arrays["features_after"])}
    path = write(tmp_path / "f.npz", changed, compressed)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with FeatureFile(path, scratch) as file:
        found = reason if not compressed else f"compressed, {reason}"
        assert file.unpacked["features_after"] == found
        assert file.unpacked.get("features_before", "") == ("compressed" if compressed else "")
        assert len(list(scratch.iterdir())) == len(file.unpacked)
        before, after = read_all(file)
        assert np.array_equal(before, arrays["features_before"])
        assert np.array_equal(after, arrays["features_after"])
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("compressed", [False, True])
def test_unpacking_can_be_stopped_and_leaves_nothing(tmp_path, monkeypatch, compressed):
    monkeypatch.setattr("slora_core.sources.unpack._BLOCK_BYTES", 4096)
    arrays = pairs(333, 40)
    path = write(tmp_path / "f.npz", {key: np.asfortranarray(rows) for key, rows in arrays.items()}, compressed)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    blocks = []

    def stop():
        blocks.append(1)
        if len(blocks) == 20:
            raise RunCancelled

    with pytest.raises(RunCancelled):
        FeatureFile(path, scratch, stop)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["with space.npz", "特征 файл é.safetensors", "no_suffix", "upper.NPZ"])
def test_odd_names(tmp_path, name):
    suffix = ".npz" if name.lower().endswith("npz") else ".safetensors"
    path = write(tmp_path / f"x{suffix}", pairs()).rename(tmp_path / name)
    with FeatureFile(str(path)) as file:
        assert file.count == 50


def test_info_tells_the_sizes(tmp_path):
    path = write(tmp_path / "f.npz", pairs(20, 6, np.float16))
    info = feature_file_info(path)
    assert (info.rows, info.dim, info.dtype, info.has_labels) == (20, 6, "float16", True)
    assert info.file_bytes == path.stat().st_size
    evaluation = {"features": np.ones((5, 3)), "labels": np.arange(5)}
    info = evaluation_file_info(write(tmp_path / "e.safetensors", evaluation))
    assert (info.rows, info.dim, info.dtype) == (5, 3, "float64")


def test_evaluation_files_read_back(tmp_path):
    features, labels = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    with EvaluationFile(write(tmp_path / "e.npz", {"features": features, "labels": labels})) as file:
        out = torch.empty(10, 4)
        file.read(5, 15, out)
        assert (file.count, file.dim) == (30, 4)
        assert np.array_equal(out, features[5:15].astype(np.float32))
        assert np.array_equal(file.read_labels(5, 15), labels[5:15])


def test_labelled_rows_are_those_after_the_task(tmp_path):
    arrays = pairs()
    with FeatureFile(write(tmp_path / "f.npz", arrays)) as file:
        rows = file.labelled
        out = torch.empty(4, 7)
        rows.read(10, 14, out)
        assert (rows.count, rows.dim) == (50, 7)
        assert np.array_equal(out, arrays["features_after"][10:14])
        assert np.array_equal(rows.read_labels(10, 14), arrays["labels"][10:14])
    del arrays["labels"]
    with FeatureFile(write(tmp_path / "g.npz", arrays)) as file:
        assert file.labelled is None


def test_reading_takes_no_counted_memory(tmp_path):
    with FeatureFile(write(tmp_path / "f.npz", pairs(dtype=np.float64))) as file:
        before, index = torch.empty(50, 7), torch.arange(20)
        with Ledger() as ledger:
            file.read(0, 50, before, before)
            file.gather(index, before, None)
        assert ledger.peak_bytes == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="VmHWM is of Linux")
def test_resident_memory_does_not_grow_with_the_rows(tmp_path):
    """Two arrays of 102 MB, zeros that take no disk; read whole and gathered in a fresh process."""
    rows, dim, dtype, size = 100_000, 256, "F32", 4
    header = (
        f'{{"features_before":{{"dtype":"{dtype}","shape":[{rows},{dim}],"data_offsets":[0,{rows * dim * size}]}},'
        f'"features_after":{{"dtype":"{dtype}","shape":[{rows},{dim}],'
        f'"data_offsets":[{rows * dim * size},{2 * rows * dim * size}]}}}}'
    ).encode()
    path = tmp_path / "f.safetensors"
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + 2 * rows * dim * size)
    script = """
import sys, torch
from slora_core.sources.feature_files import FeatureFile
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
with FeatureFile(sys.argv[1]) as file:
    before, after = torch.empty(2000, file.dim), torch.empty(2000, file.dim)
    file.read(0, 10, before, after)
    file.gather(torch.arange(10), before, after)
    start_mib = peak()
    for start in range(0, file.count, 2000):
        file.read(start, start + 2000, before, after)
    for _ in range(3):
        file.gather(torch.randint(file.count, (2000,)), before, after)
    print(peak() - start_mib)
"""
    result = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 90
