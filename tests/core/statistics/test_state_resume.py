"""Class-state files of long runs: a killed or failed run continues where it ended."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from slora_core.statistics.state_writer import StateFileWriter

IDS, COUNTS, DIM = np.array([7, 3, 5]), np.array([10, 20, 30]), 6
METADATA = {"operator": "linear", "task": "2", "config_digest": "abc"}


def writer(path, metadata=METADATA, **options):
    return StateFileWriter(path, IDS, COUNTS, DIM, metadata=metadata, **options)


def fill(file, indices=(2, 0, 1)):
    for index in indices:
        root = np.random.default_rng(index).normal(size=(DIM, DIM)).astype(np.float32)
        file.writer().write(index, torch.from_numpy(root[0].copy()), torch.from_numpy(root @ root.T))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def kill_after(path, indices, packed):
    """Write ``indices`` in a fresh process with resume, which is then killed."""
    script = f"""
import os, runpy, signal, sys
tests = runpy.run_path({__file__!r})
file = tests["writer"](sys.argv[1], resume=True, packed={packed})
tests["fill"](file, {indices!r})
os.kill(os.getpid(), signal.SIGKILL)
"""
    result = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert result.returncode == -signal.SIGKILL, result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("packed", [False, True])
def test_a_killed_run_resumes(tmp_path, packed):
    path, whole = tmp_path / "s.safetensors", tmp_path / "whole.safetensors"
    kill_after(path, (2, 0), packed)
    assert not path.exists()
    with writer(path, packed=packed, resume=True) as file:
        assert file.finished() == {0, 2}
        fill(file, (1,))
        file.commit()
    with writer(whole, packed=packed) as file:
        fill(file)
        file.commit()
    assert path.read_bytes() == whole.read_bytes()
    assert names(tmp_path) == ["s.safetensors", "whole.safetensors"]


def partial(path):
    return path.with_name(f".{path.name}.partial"), path.with_name(f".{path.name}.partial.journal")


def unfinished(path, indices=(0, 1)):
    def fail():
        with writer(path, resume=True) as file:
            fill(file, indices)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()


def test_a_failed_run_keeps_what_is_done_only_with_resume(tmp_path):
    path = tmp_path / "s.safetensors"
    unfinished(path)
    assert names(tmp_path) == sorted(file.name for file in partial(path))
    with writer(path, resume=True) as file:
        assert file.finished() == {0, 1}


def test_another_run_starts_anew(tmp_path):
    path = tmp_path / "s.safetensors"
    unfinished(path)
    with writer(path, metadata=METADATA | {"config_digest": "xyz"}, resume=True) as file:
        assert file.finished() == frozenset()
    unfinished(path)
    with StateFileWriter(path, IDS[::-1], COUNTS, DIM, metadata=METADATA, resume=True) as file:
        assert file.finished() == frozenset()


def test_bytes_that_did_not_reach_the_disk_are_written_again(tmp_path):
    path = tmp_path / "s.safetensors"
    unfinished(path)
    with open_partial(path) as file:
        file.seek(-4, os.SEEK_END)  # of class 2, unfinished
        file.write(b"abcd")
        file.seek(-4 - DIM * DIM * 4, os.SEEK_END)  # of class 1
        file.write(b"abcd")
    with writer(path, resume=True) as file:
        assert file.finished() == {0}


def open_partial(path):
    return partial(path)[0].open("r+b")


def test_a_torn_journal_counts_up_to_the_tear(tmp_path):
    path = tmp_path / "s.safetensors"
    unfinished(path)
    journal = partial(path)[1]
    lines = journal.read_text().splitlines()
    assert json.loads(lines[1])["index"] == 0
    journal.write_text("\n".join(lines)[:-9])
    with writer(path, resume=True) as file:
        assert file.finished() == {0}
        fill(file, (1, 2))
        file.commit()
    assert names(tmp_path) == ["s.safetensors"]
    unfinished(path)
    journal.unlink()
    with writer(path, resume=True) as file:
        assert file.finished() == frozenset()
