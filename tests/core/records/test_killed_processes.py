"""Real processes killed in mid-run: the file opens, holds what was committed, and says how the run ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.events import MemorySample, RunStarted
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

ENGINES = Path(__file__).parents[1] / "engines"
ROOT = Path(__file__).parents[3]
BASE = 5_000_000_000


def _until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_engine_killed_in_mid_run_leaves_a_file_with_every_sample(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ENGINES))
    path = tmp_path / "run.slora"
    stream = isolate.stream(RunConfig(), engine="fake_engines:sample_until_killed")
    seen = []
    for event in record(stream, path):
        if isinstance(event, RunStarted):
            pid = event.environment["pid"]
        elif isinstance(event, MemorySample):
            seen.append(event.t_s)
            if len(seen) == 100:
                os.kill(pid, signal.SIGKILL)
    with RunFile.open(path) as run:
        assert run.status == "failed"
        assert "killed by signal 9 (SIGKILL)" in run.result.what
        assert run.samples().t_s.tolist() == seen
        assert [stage.completed for stage in run.stages()] == [None, None]


RECORDER = """
import sys
from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.records.recorder import record

stream = isolate.stream(RunConfig(), engine="fake_engines:sample_until_killed", grace_s=0.1)
for event in record(stream, sys.argv[1]):
    pass
"""


def test_the_recorder_killed_in_mid_run_leaves_an_interrupted_run(tmp_path):
    path = tmp_path / "run.slora"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ENGINES}"}
    with subprocess.Popen([sys.executable, "-c", RECORDER, path], env=environment) as recorder:
        _until(path.exists)
        with RunFile.open(path) as run:
            _until(lambda: len(run.samples()) > 50)
            assert run.status == "running"
            before = len(run.samples())
        recorder.kill()
    with RunFile.open(path) as run:
        assert run.status == "interrupted"
        assert run.result is None
        assert run.header.run_id == "a1b2"
        allocated = run.samples().counters["allocated_bytes"]
        assert len(allocated) >= before
        assert allocated.tolist() == [*range(BASE, BASE + len(allocated))]


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_between_any_two_writes_leaves_a_readable_file(tmp_path, moment):
    """The writer kills itself inside SQLite's own writes: the file still opens with whole transactions."""
    path = tmp_path / "run.slora"
    done = subprocess.run([sys.executable, "-c", DYING, path, str(moment)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    with RunFile.open(path) as run:
        assert run.status == "interrupted"
        assert len(run.samples()) % 500 == 0
        assert run._query("PRAGMA integrity_check") == [("ok",)]


DYING = """
import os, signal, sys
from slora_core.events import MemorySample
from slora_core.records.recorder import RunRecorder

recorder = RunRecorder(sys.argv[1])
moment = int(sys.argv[2])
batch = [MemorySample(float(i), "scan", 2**40 + i, 1, 2, 3, 4, 5, 6) for i in range(500)]
recorder._commit(batch, False)
recorder._connection.execute("PRAGMA cache_size = 1")
insert = recorder._inserter.insert
count = 0

def insert_and_die(event):
    global count
    count += 1
    if count == 1 + 160 * moment:
        os.kill(os.getpid(), signal.SIGKILL)
    insert(event)

recorder._inserter.insert = insert_and_die
recorder._commit(batch, False)
"""
