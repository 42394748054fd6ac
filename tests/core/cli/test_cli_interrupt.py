"""Ctrl-C at any time: exit code 130, one word and no traceback, nothing left beside the target, the record says so."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from slora_core.records.run_file import RunFile

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals to process groups are POSIX")
LONG = (
    *("--workload", "seed-small", "--operators", "linear,attention", "--threads", "1"),
    *("--set", "operators.attention.samples=50000"),
)


def interrupted(process):
    """Send Ctrl-C to the whole group, as a terminal does; returns what was said."""
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return out, err


def loaded(process, what):
    """Wait until the process has mapped a library whose name has ``what`` in it."""
    while process.poll() is None:
        if what in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.002)
    raise AssertionError(f"ended with {process.returncode}: {process.stderr.read()}")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's list of mapped files")
@pytest.mark.parametrize("moment", ["pydantic_core", "multiarray", "libtorch_python"])
def test_while_modules_are_imported(start, tmp_path, moment):
    process = start("run", "--here", *LONG, "--out", tmp_path / "o.safetensors", "--no-record")
    loaded(process, moment)
    out, err = interrupted(process)
    assert (process.returncode, out, err) == (130, "", "slora: cancelled\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [(), ("--here",)])
def test_in_the_middle_of_a_run(start, tmp_path, mode):
    run_file = tmp_path / "r.slora"
    process = start("run", *mode, *LONG, "--out", tmp_path / "o.safetensors", "--run-file", run_file)
    while process.poll() is None and not (run_file.exists() and _stages(run_file) > 3):
        time.sleep(0.01)
    out, err = interrupted(process)
    assert (process.returncode, out, err) == (130, "", "slora: cancelled\n")
    assert [path.name for path in tmp_path.iterdir()] == ["r.slora"]
    with RunFile.open(run_file) as run:
        assert run.status == "cancelled"


def test_while_the_fresh_process_starts(start, tmp_path):
    run_file = tmp_path / "r.slora"
    process = start("run", *LONG, "--out", tmp_path / "o.safetensors", "--run-file", run_file, "--json")
    while process.poll() is None and not run_file.exists():
        time.sleep(0.002)
    out, err = interrupted(process)
    assert (process.returncode, err) == (130, "slora: cancelled\n")
    assert '"event": "run-cancelled"' in out
    assert [path.name for path in tmp_path.iterdir()] == ["r.slora"]


def _stages(path):
    with RunFile.open(path) as run:
        return len(run.stages())
