"""Bad input: exit code 2, one sentence with the thing, its value and what was expected, and nothing left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from slora_core.records.run_file import RunFile
from slora_core.sources.demo.training import Schedule

LINEAR = ("--operators", "linear")


@pytest.fixture
def refuse(slora, make_files, tmp_path):
    """``refuse(pattern, *arguments, code=2)`` runs a good job plus ``arguments``; looks at what is said and left.

    The target exists already, so that a failure that touches it shows.
    """
    files = make_files(pairs=60, dim=8, classes=3)
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "out.safetensors"
    target.write_bytes(b"as before")

    def run(pattern, *arguments, code=2, out=True, here=True):
        before = sorted(tmp_path.rglob("*"))
        good = ["run", "--features", files.features, "--state", files.state, *LINEAR, "--no-record"]
        good += ["--here"] if here else []
        said = slora(*good, *(("--out", target) if out else ()), *arguments)
        assert said.code == code, (said.code, said.out, said.err)
        assert re.search(pattern, said.sentence), said.sentence
        assert said.out == ""
        assert target.read_bytes() == b"as before"
        assert sorted(tmp_path.rglob("*")) == before

    run.files, run.folder = files, folder
    return run


def broken(array, *rows, value=np.nan):
    array = array.copy()
    array[list(rows), 1] = value
    return array


FEATURES = {
    "NaN": (lambda f: {"features_after": broken(f.after, 3, 7)}, r"x\.npz.*features_after holds NaN.* 2 rows \(3, 7\)"),
    "Inf": (lambda f: {"features_before": broken(f.before, 5, value=np.inf)}, r"features_before holds .*\(5\); expec"),
    "too large": (
        lambda f: {key: f.before.astype(np.float64) * 1e300 for key in ("features_before", "features_after")},
        r"features_before holds NaN or Inf in 60 rows \(0, 1, 2, 3, 4, \.\.\.\)",
    ),
    "one pair": (
        lambda f: {"features_before": f.before[:1], "features_after": f.after[:1]},
        r"1 pair in .*; expected at least two",
    ),
    "no pair": (
        lambda f: {"features_before": f.before[:0], "features_after": f.after[:0]},
        r"0 pairs in .*; expected at least two",
    ),
    "d of the state": (
        lambda f: {"features_before": f.before[:, :5], "features_after": f.after[:, :5]},
        r"x\.npz' has d = 5 but class state '.*state\.safetensors' has d = 8",
    ),
    "shapes": (lambda f: {"features_after": f.after[:9]}, r"has shape \[60, 8\] but features_after has \[9, 8\]"),
    "axes": (lambda f: {"features_after": f.after[0]}, r"'features_after' has shape \[8\]; expected 2 axes"),
    "missing key": (lambda f: {"features_after": None}, r"key 'features_after' is missing; found 'features_before'"),
    "misspelt key": (
        lambda f: {"features_after": None, "feature_after": f.after},
        r"should 'feature_after' be named 'features_after'\?",
    ),
    "integers": (lambda f: {"features_before": f.before.astype(int)}, r"has dtype int64; expected one of float16"),
    "objects": (lambda f: {"features_before": np.array([{}, 1], dtype=object)}, r"pickled Python objects.*never load"),
    "short labels": (lambda f: {"labels": np.zeros(3, int)}, r"labels has shape \[3\]; expected \[60\]"),
    "labels in floats": (lambda f: {"labels": np.zeros(60)}, r"key 'labels' has dtype float64; expected one of int8"),
    "labels below -1": (lambda f: {"labels": np.full(60, -3)}, r"labels hold -3; expected class ids from 0, or -1"),
}


@pytest.mark.parametrize("name", FEATURES)
def test_features(refuse, name):
    arrays, pattern = FEATURES[name]
    refuse(pattern, "--features", refuse.files.write_features("x.npz", **arrays(refuse.files)))


def test_a_missing_key_is_not_taken_for_another(refuse, slora):
    path = refuse.files.write_features("x.npz", features_after=None)
    said = slora("plan", "--features", path, "--state", refuse.files.state)
    assert "be named" not in said.err


def without(covs, number, value):
    covs = covs.copy()
    covs[number] = value
    return covs


STATES = {
    "missing key": (
        lambda f: {"cov": None},
        r"x\.safetensors'.*key 'cov' is missing; found 'class_ids', 'count', 'mean'",
    ),
    "integers": (lambda f: {"mean": f.means.astype(int)}, r"key 'mean' has dtype int64"),
    "rows": (lambda f: {"mean": f.means[:2]}, r"mean has shape \[2, 8\]; expected \[3, d\]"),
    "d of the covariance": (lambda f: {"cov": f.covs[:, :7, :7]}, r"cov has shape \[3, 7, 7\].*; expected \[3, 8, 8\]"),
    "no classes": (
        lambda f: {"class_ids": f.ids[:0], "count": f.ids[:0], "mean": f.means[:0], "cov": f.covs[:0]},
        r"class_ids is empty; expected at least one class",
    ),
    "class twice": (lambda f: {"class_ids": np.array([4, 4, 5])}, r"class ids 4 occur more than once"),
    "negative class": (lambda f: {"class_ids": np.array([-1, 4, 5])}, r"class ids -1 are negative; expected 0 or more"),
    "empty class": (lambda f: {"count": np.array([5, 0, 5])}, r"count of class ids 11 is below 1"),
    "NaN mean": (lambda f: {"mean": broken(f.means, 2)}, r"x\.safetensors'.*mean of class 12 holds NaN or Inf"),
    "NaN covariance": (lambda f: {"cov": without(f.covs, 1, np.nan)}, r"covariance of class 11 holds NaN or Inf"),
    "not symmetric": (
        lambda f: {"cov": without(f.covs, 0, np.triu(np.ones((8, 8))))},
        r"covariance of class 10 is not symmetric: elements differ .* by up to 1",
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_class_states(refuse, name):
    arrays, pattern = STATES[name]
    refuse(pattern, "--state", refuse.files.write_state("x.safetensors", **arrays(refuse.files)))


def test_a_hopeless_covariance_fails_with_its_class(refuse):
    path = refuse.files.write_state("x.safetensors", cov=without(refuse.files.covs, 1, -np.eye(8)))
    refuse(r"covariance of class 11 is not", "--state", path, "--operators", "attention", code=4)


EVALUATIONS = {
    "unknown class": (lambda f: {"labels": np.full(60, 77)}, r"x\.npz'.*labels hold 77; expected classes of"),
    "no class": (lambda f: {"labels": np.where(np.arange(60) < 2, -1, 10)}, r"2 rows have no class; expected a label"),
    "NaN": (lambda f: {"features": broken(f.before, 3)}, r"x\.npz'.*features holds NaN or Inf in 1 row \(3\)"),
    "d": (lambda f: {"features": f.before[:, :5]}, r"evaluation file .* has d = 5 but class state .* d = 8"),
    "missing key": (lambda f: {"labels": None}, r"key 'labels' is missing"),
}


@pytest.mark.parametrize("name", EVALUATIONS)
def test_evaluation_files(refuse, name):
    arrays, pattern = EVALUATIONS[name]
    given = {"features": refuse.files.before, "labels": np.full(60, 10)} | arrays(refuse.files)
    path = refuse.files.folder / "x.npz"
    np.savez(path, **{key: value for key, value in given.items() if value is not None})
    refuse(pattern, "--evaluate", path)


@pytest.mark.parametrize("option", ["--features", "--state", "--evaluate"])
def test_what_is_no_such_file(refuse, option):
    folder = refuse.files.folder
    whole = Path(refuse.files.state if option == "--state" else refuse.files.features)
    truncated, header, empty = (folder / f"{name}{whole.suffix}" for name in ("truncated", "header", "empty"))
    content = whole.read_bytes()
    truncated.write_bytes(content[:-60])
    header.write_bytes(content[:50])
    empty.touch()
    (folder / "text.txt").write_text("features")
    for path, pattern in (
        (truncated, r"truncated"),
        (header, r"truncated"),
        (empty, r"is empty \(0 bytes\)"),
        (folder, r"is a folder"),
        (folder / "nowhere.npz", r"nowhere\.npz': does not exist"),
        (folder / "text.txt", r"neither a \.npz nor a \.safetensors"),
        (os.devnull, r"is not a regular file"),
    ):
        refuse(pattern, option, path)


def test_accuracies_of_what_has_no_rows(slora):
    said = slora("plan", "--workload", "seed-tiny", "--evaluate", "rows.npz")
    assert said.code == 2
    assert said.sentence == "slora: --evaluate is for a run on files or models, and this is a synthetic workload"


def test_packing_of_what_is_not_kept(slora, make_files):
    files = make_files()
    for arguments in (("run", "--features", files.features, "--state", files.state), ("demo",)):
        said = slora(*arguments, "--packed", "--no-record")
        assert said.code == 2
        assert said.sentence.startswith("slora: --packed is for the class state that --out names: there is none")


def test_half_of_the_source(slora, make_files):
    files = make_files()
    for arguments in (("--features", files.features), ("--state", files.state), ()):
        said = slora("run", "--here", *arguments)
        assert said.code == 2
        assert re.search(r"source\.(features|state) is not set", said.sentence)
        assert "give --features F.npz and --state S.safetensors" in said.err


SETTINGS = {
    "operator": (("--operators", "lineer"), r"'lineer', did you mean 'linear'\?; known: linear, weaknonlinear"),
    "operator twice": (("--operators", "linear,linear"), r"each operator at most once"),
    "no operator": (("--operators", ""), r"expected at least one operator"),
    "classifier": (("--classifiers", "lds"), r"unknown classifier 'lds', did you mean 'lda'"),
    "measure": (("--without", "tiled-atention"), r"unknown measure 'tiled-atention', did you mean 'tiled_attention'"),
    "key": (("--set", "operators.attention.topk=3"), r"'operators\.attention\.topk', did you mean 'top_k'"),
    "section": (("--set", "operators.atention.top_k=3"), r"'operators\.atention', did you mean 'attention'"),
    "value": (("--set", "operators.attention.top_k=many"), r"top_k = 'many': expected a valid integer"),
    "range": (("--set", "operators.attention.top_k=0"), r"top_k = 0: expected greater than or equal to 1"),
    "below a value": (("--seed", "1", "--set", "run.seed.x=0"), r"run\.seed is a value and not a section"),
    "no value": (("--set", "run.seed"), r"--set 'run\.seed': expected SECTION\.KEY=VALUE"),
    "a number": (("--seed", "x"), r"argument --seed: invalid int value: 'x'"),
    "seed": (("--seed", "-1"), r"run\.seed = -1: expected greater than or equal to 0"),
    "chunk": (("--chunk", "0"), r"memory\.chunk = 0: expected greater than"),
    "chunk and policy": (("--chunk", "8", "--policy", "planned"), r"--chunk is for --policy fixed"),
    "policy": (("--policy", "best"), r"argument --policy: invalid choice: 'best'"),
    "threads": (("--threads", "-2"), r"run\.threads = -2: expected"),
    "unknown option": (("--bugdet", "3MiB"), r"unrecognized arguments: --bugdet 3MiB"),
    "workload": (("--workload", "seed-tinny"), r"'seed-tinny', did you mean 'seed-tiny'"),
    "two sources": (("--workload", "seed-tiny"), r"--features is for a run on files, and this is a synthetic workload"),
    "demo beside files": (("--demo",), r"--features is for a run on files, and this is the demo"),
    "tasks of files": (("--tasks", "2"), r"--tasks is for the demo, and this is a run on files"),
    "precision of files": (
        ("--precision", "bf16"),
        r"--precision is for a run on models or the demo, and this is a run on files",
    ),
    "scratch": (("--set", "run.scratch='/nowhere'"), r"run\.scratch = '/nowhere' cannot be used: No such file"),
    "device": (("--device", "tpu"), r"run\.device = 'tpu': expected auto, cpu, cuda or cuda:N"),
    "device number": (("--device", "cuda:x"), r"run\.device = 'cuda:x': expected auto"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(refuse, name):
    arguments, pattern = SETTINGS[name]
    refuse(pattern, *arguments)


@pytest.mark.skipif(torch.cuda.is_available(), reason="for a machine without CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:7"])
def test_a_device_that_is_not_there(refuse, slora, device):
    refuse(rf"device '{device}' is not on this machine: it has cpu", "--device", device)
    assert slora("plan", "--workload", "seed-tiny", "--device", device).code == 2


@pytest.mark.parametrize("budget", ["12 parsecs", "-5MiB", "0", "nan", "inf", "", "1e999", "MiB", "5 MiB 3", "0.0001B"])
def test_budgets_in_nonsense(refuse, budget):
    refuse(rf"memory\.budget = '{budget}': .* expected a positive number", f"--budget={budget}")


TOMLS = {
    "syntax": (b"a = [", r"x\.toml' is not valid TOML"),
    "encoding": (b"\xff\xfe", r"x\.toml' is not valid TOML: 'utf-8'"),
    "key": (b"[memory]\nbudgett = '3MiB'", r"x\.toml': unknown key 'memory\.budgett', did you mean 'budget'"),
    "section": (b"[memmory]\nbudget = '3MiB'", r"unknown key 'memmory', did you mean 'memory'"),
    "value": (b"[memory]\nbudget = 'much'", r"memory\.budget = 'much'"),
    "scalar": (b"memory = 3", r"memory = 3: expected a valid dictionary"),
}


@pytest.mark.parametrize("name", TOMLS)
def test_configuration_files(refuse, name):
    text, pattern = TOMLS[name]
    path = refuse.files.folder / "x.toml"
    path.write_bytes(text)
    refuse(pattern, "--config", path)


def test_configuration_files_that_cannot_be_read(refuse):
    refuse(r"'nowhere\.toml' cannot be read: No such file", "--config", "nowhere.toml")
    refuse(r"cannot be read: Is a directory", "--config", refuse.folder)


def test_outputs(refuse, tmp_path):
    for path, pattern in (
        (tmp_path / "nowhere" / "o.safetensors", r"the folder '.*nowhere' does not exist"),
        (tmp_path, r"is a folder; expected the name of a file"),
        ("/dev/full", r"is not a regular file"),
        (tmp_path / "o.npz", r"is named as a NumPy file; a class state is written as \.safetensors"),
    ):
        refuse(pattern, "--out", path, out=False)


def test_the_output_never_replaces_the_features(slora, make_files, tmp_path):
    files = make_files()
    features = files.folder / "features.safetensors"
    save_file({"features_before": files.before, "features_after": files.after}, features)
    link = tmp_path / "link"
    link.symlink_to(features)
    content = features.read_bytes()
    for out in (features, link):
        said = slora("run", "--here", *LINEAR, "--features", features, "--state", files.state, "--out", out)
        assert said.code == 2
        assert "is the run's own source.features" in said.sentence
    assert features.read_bytes() == content


def test_run_files(refuse, slora, tmp_path):
    job = ("run", "--here", "--features", refuse.files.features, "--state", refuse.files.state, *LINEAR)
    existing = tmp_path / "run.slora"
    existing.write_bytes(b"mine")
    said = slora(*job, "--run-file", existing)
    assert said.code == 2
    assert "exists already" in said.sentence
    assert existing.read_bytes() == b"mine"
    said = slora(*job, "--run-file", tmp_path / "nowhere" / "run.slora")
    assert said.code == 2
    assert "does not exist" in said.sentence


@pytest.fixture
def small_disk(tmp_path):
    """``small_disk("64k")`` mounts a file system of that size; needs the right to."""
    mounted = []

    def mount(size, *options):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *options]), "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a file system")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_under_the_output(refuse, small_disk):
    disk = small_disk("16k")
    (disk / "filler").write_bytes(bytes(16 * 1024))
    refuse(
        r"o\.safetensors' takes [\d.]+ KiB, but its file system has 0 B free",
        "--out",
        disk / "o.safetensors",
        out=False,
    )


def test_a_full_disk_under_the_scratch_folder(refuse, small_disk):
    disk = small_disk("40k")
    arguments = ("--operators", "attention", "--set", f"run.scratch='{disk}'")
    refuse(rf"the disk of the scratch folder '{disk}' is full: No space left", *arguments)


def test_a_full_disk_under_the_run_file(slora, make_files, small_disk):
    files, disk = make_files(pairs=60, dim=8, classes=3), small_disk("8k")
    job = ("run", "--here", "--features", files.features, "--state", files.state, *LINEAR)
    out = files.folder / "o.safetensors"
    said = slora(*job, "--run-file", disk / "r.slora", "--out", out)
    assert said.code == 2
    assert re.search(r"run file '.*r\.slora' cannot be written: .*full", said.sentence)
    assert not out.exists()


def test_a_disk_that_fills_under_the_run_file_in_mid_run(slora, small_disk, tmp_path):
    disk = small_disk("120k")
    job = ("run", "--here", "--workload", "seed-small", "--operators", "attention", "--threads", 1)
    job += ("--set", "operators.attention.samples=200000", "--set", "run.sample_hz=1000")
    said = slora(*job, "--run-file", disk / "r.slora", "--out", tmp_path / "o.safetensors")
    assert said.code == 2
    assert re.search(r"run file '.*r\.slora' cannot be written any more: .*full", said.sentence)
    assert [path.name for path in disk.iterdir()] == ["r.slora"]
    with RunFile.open(disk / "r.slora") as run:
        assert len(list(run.sample_rows())) > 100
    assert not list(tmp_path.glob("*.safetensors*"))


def test_a_full_disk_under_the_demo(slora, small_disk, monkeypatch):
    monkeypatch.setattr("slora_core.sources.demo.source.FIRST_TASK", Schedule(12, 3e-3, 30.0))
    disk = small_disk("64k")
    said = slora("demo", "--tasks", 1, "--here", "--no-record", "--set", f"run.scratch='{disk}'")
    assert said.code == 2
    assert re.search(r"takes .* but its file system has|the disk of the scratch folder .* is full", said.sentence)
    assert list(disk.iterdir()) == []


def test_a_folder_that_cannot_be_written(refuse, small_disk):
    disk = small_disk("4M", "ro")
    refuse(r"o\.safetensors' cannot be written: Read-only", "--out", disk / "o.safetensors", out=False)


def test_a_class_with_one_sample_is_no_error(slora, make_files):
    files = make_files()
    files.write_features(labels=np.where(np.arange(200) == 4, 99, -1))
    said = slora("run", "--here", "--features", files.features, "--state", files.state, *LINEAR)
    assert said.code == 0
    assert "class 99 has one sample: its covariance is 1e-4 I" in said.err


def test_a_failure_in_a_fresh_process_reads_the_same(process, make_files):
    files = make_files()
    path = files.write_features("x.npz", features_after=broken(files.after, 3))
    said = process("run", "--features", path, "--state", files.state, *LINEAR, "--out", "o.safetensors", "--no-record")
    assert said.code == 2
    assert re.search(r"features_after holds NaN or Inf in 1 row \(3\); expected finite numbers", said.sentence)
    assert said.out == ""
