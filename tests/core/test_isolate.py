"""Runs in real child processes: the same events, cancel, crash, kill, an orphan, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from slora_core import isolate
from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.events import MemorySample, RunCancelledEvent, RunFailed, RunFinished, RunStarted
from slora_core.streams import postmortem
from slora_core.streams.postmortem import describe_end, memory_hint
from slora_core.streams.streaming import stream_in_thread

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc")

ENGINES = Path(__file__).parent / "engines"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _engines(monkeypatch):
    monkeypatch.syspath_prepend(str(ENGINES))


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    before = _descriptors()
    yield
    assert psutil.Process().children() == []
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("slora")] == []
    assert _descriptors() <= before  # fewer: a file of an earlier test was collected meanwhile


def _descriptors():
    return len([*Path("/proc/self/fd").iterdir()])


def _config(samples=0, scratch=None):
    return RunConfig.from_dict({"run": {"seed": samples} | ({"scratch": str(scratch)} if scratch else {})})


def _stream(engine, config=None, cancel=None, grace_s=30.0):
    return isolate.stream(config or _config(), cancel, engine=f"fake_engines:{engine}", grace_s=grace_s)


def _until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_child_yields_the_events_of_a_run_in_this_process():
    import fake_engines

    config = _config(samples=200)
    here = list(stream_in_thread(lambda emit, cancel: fake_engines.finish(config, emit, cancel), CancelToken()))
    there = list(_stream("finish", config))
    assert here[0].environment["pid"] == os.getpid()
    assert there[0].environment["pid"] != os.getpid()
    there[0] = replace(there[0], environment=here[0].environment)
    assert there == here


def test_what_the_engine_prints_never_mixes_with_its_events():
    *_, last = _stream("print_much", _config(samples=2))
    assert isinstance(last, RunFinished)


def test_errors_of_the_engine_arrive_as_it_said_them():
    (failed,) = _stream("raise_input_error")
    assert (failed.kind, failed.what) == ("input-error", "file 'a.npz' has no key 'features_before'")
    assert (failed.remedy, failed.exit_code) == ("add it", 2)
    (failed,) = _stream("raise_unexpected")
    assert failed.kind == "internal"
    assert "fake_engines.py" in failed.details


def test_an_engine_that_cannot_be_imported_is_a_failure_and_not_a_hang():
    (failed,) = isolate.stream(_config(), engine="no_such_module:execute")
    assert failed.kind == "internal"
    assert "no_such_module" in failed.what


def test_a_process_that_cannot_start_is_a_failure(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    (failed,) = _stream("finish")
    assert failed.kind == "engine-died"
    assert "could not be started" in failed.what


def test_a_killed_engine_keeps_all_its_samples():
    events = list(_stream("kill_itself", _config(samples=1000)))
    samples = [event for event in events if isinstance(event, MemorySample)]
    assert [sample.allocated_bytes - 5_000_000_000 for sample in samples] == [*range(1000)]
    failed = events[-1]
    assert failed.kind == "engine-died"
    assert failed.what.startswith("the engine process was killed by signal 9 (SIGKILL) in stage task1.attention")
    assert failed.details == "last words\n"
    assert failed.t_s >= samples[-1].t_s


def test_an_engine_killed_from_outside_is_reported():
    stream = _stream("sample_until_killed")
    pid = next(stream).environment["pid"]
    before = [next(stream) for _ in range(50)]
    os.kill(pid, signal.SIGKILL)
    *after, failed = stream
    samples = [event.allocated_bytes for event in before + after if isinstance(event, MemorySample)]
    assert samples == [*range(5_000_000_000, 5_000_000_000 + len(samples))]
    assert isinstance(failed, RunFailed)
    assert "signal 9 (SIGKILL)" in failed.what


def test_a_crash_shows_where_it_happened():
    *_, failed = _stream("crash")
    assert "signal 11 (SIGSEGV)" in failed.what
    assert "fake_engines.py" in failed.details


def test_a_quiet_exit_is_reported_with_the_last_output_only():
    *_, failed = _stream("leave")
    assert "exit status 3" in failed.what
    assert failed.details.endswith("x" * 1000 + "the end\n")
    assert len(failed.details) == 16 * 1024


def test_an_engine_that_obeys_is_cancelled_in_its_own_words():
    cancel = CancelToken()
    stream = _stream("obey_cancel", cancel=cancel)
    assert isinstance(next(stream), RunStarted)
    cancel.cancel()
    *_, last = stream
    assert last == RunCancelledEvent(1.0, "task1.attention")


@pytest.mark.parametrize("engine", ["ignore_cancel", "ignore_everything"])
def test_an_engine_that_does_not_answer_is_ended(engine):
    cancel = CancelToken()
    stream = _stream(engine, cancel=cancel, grace_s=0.05)
    pid = next(stream).environment["pid"]
    cancel.cancel()
    *_, last = stream
    assert isinstance(last, RunCancelledEvent)
    assert last.stage == "task1.attention"
    assert _gone(pid)


def test_a_run_cancelled_before_its_start_starts_no_process(tmp_path):
    cancel = CancelToken()
    cancel.cancel()
    (last,) = _stream("finish", _config(scratch=tmp_path), cancel)
    assert isinstance(last, RunCancelledEvent)
    assert not (tmp_path / "pid").exists()


def test_closing_the_stream_ends_the_child():
    stream = _stream("ignore_cancel", grace_s=0.05)
    pid = next(stream).environment["pid"]
    stream.close()
    assert _gone(pid)


def test_two_children_at_once_and_from_threads():
    results = {}

    def run(name, samples):
        results[name] = [e for e in _stream("finish", _config(samples)) if isinstance(e, MemorySample)]

    threads = [threading.Thread(target=run, args=(n, n)) for n in (3, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: len(samples) for name, samples in results.items()} == {3: 3, 40: 40}


def test_a_grandchild_that_holds_the_pipe_does_not_hold_up_the_end(tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    try:
        *_, failed = _stream("leave_a_grandchild", _config(scratch=tmp_path))
        assert "exit status 5" in failed.what
    finally:
        hold.unlink()
    _until(lambda: not [t for t in threading.enumerate() if t.name.startswith("slora")])


def test_a_killed_engine_leaves_no_scratch_behind(tmp_path):
    *_, failed = _stream("leave_files_and_die", _config(scratch=tmp_path))
    assert "SIGKILL" in failed.what
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]


def test_a_scratch_folder_that_is_not_there_is_refused(tmp_path):
    (failed,) = _stream("finish", _config(scratch=tmp_path / "absent"))
    assert failed.exit_code == 2
    assert "run.scratch" in failed.what
    assert "absent" in failed.what


SCRIPT = """
import sys
from slora_core import isolate
from slora_core.streams import postmortem
from slora_core.config import RunConfig

config = RunConfig.from_dict({"run": {"seed": 2, "scratch": sys.argv[1]}})
for event in isolate.stream(config, engine=f"fake_engines:{sys.argv[2]}", grace_s=0.2):
    last = event
assert "torch" not in sys.modules
assert not any(name.startswith("PySide6") for name in sys.modules)
print(type(last).__name__)
"""


def _script(tmp_path, engine):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ENGINES}"}
    return [sys.executable, str(script), str(tmp_path), engine], environment


def test_it_works_from_a_script_without_a_main_guard_and_without_torch(tmp_path):
    command, environment = _script(tmp_path, "finish")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "RunFinished\n", "")


@pytest.mark.parametrize("engine", ["obey_cancel", "ignore_cancel", "sample_until_killed"])
def test_the_child_ends_by_itself_when_its_parent_is_killed(tmp_path, engine):
    command, environment = _script(tmp_path, engine)
    with subprocess.Popen(command, env=environment) as parent:
        _until((tmp_path / "pid").exists)
        child = int((tmp_path / "pid").read_text())
        assert not _gone(child)
        parent.kill()
    _until(lambda: _gone(child))


def test_the_out_of_memory_killer_is_named_only_when_memory_was_short():
    assert memory_hint(-signal.SIGKILL, 0, 100, 10_000) == ""
    assert memory_hint(-signal.SIGKILL, 0, None, 10_000) == ""
    assert memory_hint(-signal.SIGTERM, 1, 9_900, 10_000) == ""
    assert "out-of-memory killer" in memory_hint(-signal.SIGKILL, 1, None, 10_000)
    assert "out-of-memory killer" in memory_hint(-signal.SIGKILL, 0, 9_900, 10_000)


def test_the_end_of_a_process_is_told_in_words():
    assert describe_end(-9, "") == "the engine process was killed by signal 9 (SIGKILL)"
    assert describe_end(-99, "scan") == "the engine process was killed by signal 99 (unknown) in stage scan"
    assert describe_end(1, "") == "the engine process ended with exit status 1 before its run was finished"


def test_out_of_memory_kills_are_counted_over_host_and_control_group(tmp_path, monkeypatch):
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 3\noom_kill_disable 9\n")
    (tmp_path / "memory.events").write_text("low 0\noom 4\noom_kill 2\noom_group_kill 1\n")
    counters = (tmp_path / "vmstat", tmp_path / "memory.events", tmp_path / "missing")
    monkeypatch.setattr(postmortem, "_COUNTERS", counters)
    assert postmortem.count_oom_kills() == 5
