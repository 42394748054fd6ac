"""Real ranks over loopback: launched, killed, stopped, cancelled, begun again. Each costs seconds: there are few."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from slora_core import pipeline
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.distributed import launcher
from slora_core.distributed.traffic import communicated_bytes
from slora_core.events import (
    MemorySample,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    StageFinished,
)
from slora_core.records.ranks import band, rank_summaries, slowest_rank
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile
from slora_core.streams.streaming import stream_in_thread
from slora_core.types import Workload

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc"),
    # the elastic agent leaves the files of its ranks' output to the collector
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

WORKER = "slora_core.distributed.worker"
LONG = {
    "operators": {"names": ["linear", "attention"], "attention": {"samples": 2000, "top_k": 50}},
    "memory": {"policy": "fixed", "chunk": 100},
    "run": {"sample_hz": 20},
}
"""Sixty classes of many small batches: long enough to be interrupted in."""


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in ("PYTHONPATH", "TORCHELASTIC_SIGNALS_TO_HANDLE"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


@pytest.fixture
def make_long_job(make_job, tmp_path):
    def make(name="out", **sections):
        job = make_job(tmp_path / f"{name}.safetensors", pairs=3000, classes=60, dim=48, labels=False)
        return job.merged({"source": {"evaluate": None}}).merged(LONG).merged(sections)

    return make


def launched(job, ranks, cancel=None, **settings):
    job = job.merged({"distributed": {"processes": ranks, "grace_s": 2, **settings}})
    return stream_in_thread(partial(launcher.execute, job), cancel or CancelToken())


def moving(event, rank):
    """Whether ``rank`` has moved a class."""
    return isinstance(event, Progress) and event.stage == "attention.move" and event.rank == rank and event.done > 0


def process_of(rank, above=None):
    """The engine of ``rank`` among the descendants of this process, or of ``above``."""
    for process in (above or psutil.Process()).children(recursive=True):
        try:
            if WORKER in process.cmdline() and process.environ().get("RANK") == str(rank):
                return process
        except psutil.Error:
            continue
    raise AssertionError(f"no process of rank {rank}")


def one_process(job, path):
    pipeline.execute(job.merged({"output": {"state": str(path)}}), lambda _: None, CancelToken())
    return path


@pytest.fixture(scope="module")
def long_results(tmp_path_factory):
    """``long_results(job)``: the state file of the long job, which has the same data in every test, by one process."""
    path = tmp_path_factory.mktemp("long") / "one.safetensors"

    def state(job):
        return path if path.exists() else one_process(job, path)

    return state


def test_three_processes_give_the_results_of_one_and_one_record(make_job, tmp_path, deviation):
    job = make_job(tmp_path / "many.safetensors", run={"sample_hz": 50})
    with closing(record(launched(job, 3), tmp_path / "run.slora")) as stream:
        events = list(stream)
    assert isinstance(events[-1], RunFinished), events[-1]
    one = one_process(job, tmp_path / "one.safetensors")
    assert deviation(one, tmp_path / "many.safetensors") <= 1e-6
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.ranks() == (0, 1, 2)
        assert run.status == "finished"
        assert RunConfig.from_dict(run.config) == job.merged(
            {"distributed": {"processes": 3, "grace_s": 2}}
        )  # to run again
        assert run.header.device == "cpu"
        stages = [{stage.stage: stage for stage in run.stages(rank)} for rank in run.ranks()]
        assert stages[0].keys() == stages[1].keys() == stages[2].keys()
        assert all(len(run.samples(rank)) for rank in run.ranks())
        sizes = Workload(203, 12, 5, new_classes=4)
        for stage in ("linear.fit", "rff.fit", "weaknonlinear.fit"):
            counted = stages[0][stage].communicated_bytes
            assert 0 <= counted - communicated_bytes(stage, sizes, job, 3) < 3000, stage
        # a rank that has seen no row of a class sends nothing of it
        assert 0 < stages[0]["statistics"].communicated_bytes < communicated_bytes("statistics", sizes, job, 3) + 3000
        assert all(own["attention.move"].communicated_bytes == 0 for own in stages)
        assert [summary.rank for summary in rank_summaries(run)] == [0, 1, 2]
        assert slowest_rank(run, "attention.move") in run.ranks()
        curve = band(run, "rss_bytes")
        assert np.nanmax(curve.highest) >= np.nanmax(run.samples(0).counters["rss_bytes"])
        assert (curve.lowest[~np.isnan(curve.lowest)] <= curve.highest[~np.isnan(curve.highest)]).all()


def test_a_killed_rank_is_recorded_and_resume_completes_with_the_same_result(
    make_long_job, long_results, tmp_path, deviation
):
    job = make_long_job(output={"resume": True})
    events = []
    with closing(record(launched(job, 2), tmp_path / "run.slora")) as stream:
        killed = None
        for event in stream:
            events.append(event)
            if moving(event, 1) and killed is None:
                killed = process_of(1).pid
                os.kill(killed, signal.SIGKILL)
    assert isinstance(events[-1], RunFailed)
    assert f"rank 1 of 2 (process {killed}) was killed by signal 9 (SIGKILL) in stage attention.move" in events[-1].what
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.status == "failed"
        assert run.result.what == events[-1].what
    assert not (tmp_path / "out.safetensors").exists()
    resumed = []
    pipeline.execute(job, resumed.append, CancelToken())
    left = [event.total for event in resumed if isinstance(event, Progress) and event.stage == "attention.move"]
    assert left
    assert left[0] < 60  # what both ranks had finished is not moved again
    assert deviation(long_results(job.merged({"output": {"resume": False}})), tmp_path / "out.safetensors") <= 1e-6
    assert {path.name for path in tmp_path.glob(".out*")} == set()


def test_a_hanging_rank_is_found_and_the_others_end(make_long_job):
    """Rank 0 stands still: it is the one that the other needs to finish, and the first of which anyone hears."""
    events, stopped = [], False
    for event in launched(make_long_job(), 2, timeout_s=4):
        events.append(event)
        if moving(event, 0) and not stopped:
            stopped = True
            others = process_of(1)
            process_of(0).suspend()
    assert isinstance(events[-1], RunFailed), events[-1]
    assert "rank 0 of 2" in events[-1].what
    assert "gave no sign of life for 4 s in stage attention.move" in events[-1].what
    assert not others.is_running()


def test_a_cancel_ends_every_rank_and_leaves_nothing(make_long_job, tmp_path):
    cancel, events, processes = CancelToken(), [], []
    before = set(tmp_path.iterdir())
    job = make_long_job()
    for event in launched(job, 2, cancel):
        events.append(event)
        if moving(event, 1) and not processes:
            processes = [process_of(0), process_of(1)]
            cancel.cancel()
    assert isinstance(events[-1], RunCancelledEvent)
    assert not any(process.is_running() for process in processes)
    assert {path.name for path in set(tmp_path.iterdir()) - before} == {"files-0-3000x48"}
    cut = [event for event in events if isinstance(event, StageFinished) and not event.completed]
    assert {event.rank for event in cut} == {0, 1}
    assert not any(isinstance(event, MemorySample) for event in events[events.index(cut[-1]) + 5 :])


def test_torchrun_starts_the_ranks_again_after_one_is_killed(make_long_job, long_results, tmp_path, deviation):
    job = make_long_job(output={"resume": True})
    (tmp_path / "job.toml").write_text(job.to_toml())
    run_file = tmp_path / "run.slora"
    command = [sys.executable, "-P", "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts", "1"]
    command += ["-m", "slora_core", "run", "--config", str(tmp_path / "job.toml"), "--run-file", str(run_file)]
    root = str(Path(pipeline.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as torchrun:
        _kill_when_moving(run_file, psutil.Process(torchrun.pid), torchrun)
        output = torchrun.communicate(timeout=120)[0].decode()
    assert torchrun.returncode == 0, output
    with RunFile.open(run_file) as first, RunFile.open(tmp_path / "run-restart1.slora") as second:
        assert first.status == "failed"
        assert "rank 1 of 2" in first.result.what
        assert second.status == "finished"
        assert second.ranks() == (0, 1)
    assert deviation(long_results(job.merged({"output": {"resume": False}})), tmp_path / "out.safetensors") <= 1e-6


def _kill_when_moving(run_file, above, torchrun):
    """Kill the process of rank 1 once its move is in the record, which is written twice a second."""
    while torchrun.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            torchrun.wait(0.05)
        if run_file.exists():
            with RunFile.open(run_file) as run:
                begun = any(stage.stage == "linear.move" for stage in run.stages(1))
            if begun:
                for process in above.children(recursive=True):
                    if process.environ().get("RANK") == "1":
                        process.kill()
                        return
    raise AssertionError("the move of rank 1 was never recorded")
