"""The engine's child process as its parent holds it: pipes, two reading threads, and an end that leaves nothing behind.

Nothing is pickled and ``__main__`` is not imported again, so any script, thread or window may start one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import IO, Any, Final

OUTPUT_TAIL_BYTES: Final = 16 * 1024
_HELD_PIPE_S: Final = 1.0
_BLOCK_BYTES: Final = 64 * 1024
_GATHER_S: Final = 0.04
"""A trickle of events is handed on 25 times a second: every thread that it passes wakes for a handful, not for each."""
_TERMINATE_S: Final = 1.0


class EngineProcess:
    """A started ``slora_core.streams.worker`` with its job. A context manager: on leaving, the process has ended.

    ``environment`` goes above this process's own. Raises OSError when the process cannot be started.
    """

    def __init__(self, job: Mapping[str, Any], stop_s: float, environment: Mapping[str, str]) -> None:
        self._stop_s = stop_s
        self._lines: SimpleQueue[list[bytes] | None] = SimpleQueue()
        self._tail = bytearray()
        self._process, events, output = _start(environment)
        self._readers = (
            threading.Thread(target=self._read_events, args=(events,), name="slora-events", daemon=True),
            threading.Thread(target=self._read_output, args=(output,), name="slora-output", daemon=True),
        )
        for reader in self._readers:
            reader.start()
        self._tell(json.dumps(job).encode())

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while the process runs."""
        return self._process.poll()

    def next_lines(self, timeout_s: float) -> list[bytes] | None:
        """The next complete event lines; [] when none came in time; None when no more will come."""
        wait_s = timeout_s if self.returncode is None else max(timeout_s, _HELD_PIPE_S)
        try:
            return self._lines.get(timeout=wait_s)
        except Empty:  # after a second of silence, a grandchild holds the pipe of a dead process
            return [] if wait_s == timeout_s else None

    def send_cancel(self) -> None:
        self._tell(b"cancel")

    def stop(self, patience_s: float | None = None) -> None:
        """Wait ``patience_s`` for the end, then terminate, then kill."""
        first_s = self._stop_s if patience_s is None else patience_s
        for wait_s, end in ((first_s, self._process.terminate), (_TERMINATE_S, self._process.kill)):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(wait_s)
                break
            end()
        self._process.wait()
        assert self._process.stdin is not None
        if self._process.stdin.closed:
            return
        with suppress(OSError):
            self._process.stdin.close()
        deadline_s = time.monotonic() + _HELD_PIPE_S
        for reader in self._readers:
            reader.join(max(0.0, deadline_s - time.monotonic()))

    def output_tail(self) -> str:
        """The last 16 KiB that the process printed."""
        return bytes(self._tail).decode("utf-8", "replace")

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # a dead process is reported by the end of its events
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()

    def _read_events(self, events: IO[bytes]) -> None:
        rest = b""
        with events:
            while block := os.read(events.fileno(), _BLOCK_BYTES):
                *lines, rest = (rest + block).split(b"\n")
                if lines:
                    self._lines.put(lines)
                if len(block) < _BLOCK_BYTES // 4:  # else the engine would soon wait for its reader
                    time.sleep(_GATHER_S)
        self._lines.put(None)

    def _read_output(self, output: IO[bytes]) -> None:
        with output:
            while block := os.read(output.fileno(), 4096):
                self._tail += block
                del self._tail[:-OUTPUT_TAIL_BYTES]


def import_path() -> str:
    """What makes a child process import what this one does."""
    return os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109


def _start(additions: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
    """The process with the readers of its events and of its output."""
    command = [sys.executable, "-P", "-m", "slora_core.streams.worker"]
    environment = {**os.environ, "PYTHONPATH": import_path(), **additions}
    pipe = subprocess.PIPE
    if sys.platform == "win32":
        process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        return process, process.stdout, process.stderr
    receive, send = os.pipe()
    try:
        process = subprocess.Popen(
            [*command, "--events-fd", str(send)],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=(send,),
        )
    except BaseException:
        os.close(receive)
        raise
    finally:
        os.close(send)
    assert process.stdout is not None
    return process, os.fdopen(receive, "rb"), process.stdout
