"""Engines for the tests of streams and processes: ``execute(config, emit, cancel)`` without torch.

``config.run.seed`` is the number of samples; the file ``pid`` in ``config.run.scratch`` tells the test who is running.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from slora_core.cancel import CancelToken
from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.events import (
    MemorySample,
    Progress,
    RunCancelledEvent,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePeaks,
    StageStarted,
)
from slora_core.streams.scratch import scratch_folder
from slora_core.streams.streaming import Emit

STAGE = "task1.attention"


def finish(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """One stage with samples and progress, then the result."""
    _begin(config, emit)
    _samples(config, emit)
    emit(StageFinished(2.0, STAGE, 1.5, StagePeaks(5_000_000_000, None, 7_000), 12))
    emit(_result(2.5))


def kill_itself(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    _begin(config, emit)
    _samples(config, emit)
    print("last words", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def crash(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    _begin(config, emit)
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    _begin(config, emit)
    sys.stderr.write("x" * 100_000 + "the end\n")
    sys.stderr.flush()
    os._exit(3)


def obey_cancel(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """Runs until it is cancelled, and says so."""
    _begin(config, emit)
    while not cancel.cancelled:
        threading.Event().wait(0.005)
    emit(RunCancelledEvent(1.0, STAGE))


def ignore_cancel(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    _begin(config, emit)
    threading.Event().wait()


def ignore_everything(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ignore_cancel(config, emit, cancel)


def sample_until_killed(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """One sample a millisecond until the process ends."""
    _begin(config, emit)
    for index in range(10**9):
        emit(_sample(0.01 + index * 1e-3, index))
        threading.Event().wait(0.001)


def print_much(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """Writes to every standard stream, and reads the empty one."""
    print('{"event": "run-cancelled", "t_s": 0.0, "stage": ""}', flush=True)
    os.write(1, b"raw output\n" * 20_000)
    os.write(2, b"raw errors\n")
    assert sys.stdin.read() == ""
    finish(config, emit, cancel)


def raise_input_error(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    raise InputError("file 'a.npz' has no key 'features_before'", "add it")


def raise_unexpected(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    raise ZeroDivisionError("so it goes")


def forget_the_result(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    _begin(config, emit)


def leave_a_grandchild(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """Dies while a process that it started still holds its pipes; that process ends when the file ``hold`` goes."""
    _begin(config, emit)
    held = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    script = "import pathlib, sys, time\nwhile pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)"
    assert config.run.scratch is not None
    kept = tuple(descriptor for descriptor in held if descriptor > 2 and _is_pipe(descriptor))
    subprocess.Popen([sys.executable, "-c", script, str(Path(config.run.scratch, "hold"))], pass_fds=kept)
    os._exit(5)


def leave_files_and_die(config: RunConfig, emit: Emit, cancel: CancelToken) -> None:
    """Killed with half a result in the folder that it works in."""
    _begin(config, emit)
    with scratch_folder(config.run.scratch) as folder:
        Path(folder, "features.f32").write_bytes(bytes(1000))
        os.kill(os.getpid(), signal.SIGKILL)


def _is_pipe(descriptor: int) -> bool:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith("pipe:")
    except OSError:
        return False


def _begin(config: RunConfig, emit: Emit) -> None:
    if config.run.scratch:
        temporary = Path(config.run.scratch, "pid.new")
        temporary.write_text(str(os.getpid()))
        temporary.replace(temporary.with_suffix(""))
    environment = {"pid": os.getpid(), "python": sys.version}
    emit(RunStarted(0.0, "a1b2", "2025-01-02T03:04:05+00:00", "optimised", config.to_dict(), environment, None, 2**33))
    emit(StageStarted(0.01, "task1", ""))
    emit(StageStarted(0.02, STAGE, "task1", 5_000_000_000, 1.0))


def _samples(config: RunConfig, emit: Emit) -> None:
    for index in range(config.run.seed):
        emit(_sample(0.1 + index * 1e-3, index))
        if index % 10 == 0:
            emit(Progress(0.1 + index * 1e-3, STAGE, index, config.run.seed, "class", 0.5, None))


def _sample(t_s: float, index: int) -> MemorySample:
    return MemorySample(t_s, STAGE, 5_000_000_000 + index, None, None, None, None, 123_456, 5_000_000_000 + index)


def _result(t_s: float) -> RunFinished:
    peaks = StagePeaks(5_000_000_000, None, 7_000)
    accuracies = {"SeqFT": {"lda": 0.5}, "SeqFT + linear": {"lda": 0.75}}
    return RunFinished(t_s, t_s, peaks, {"state": "out.safetensors"}, accuracies, {"SeqFT + linear": {"3": 1e-6}}, True)
