"""The ear of a distributed run: every rank reports here, so that one process hears what all do and which is gone.

It lives outside of the ranks' own processes: the death of any of them leaves it alive. Torch-free.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final

from slora_core.distributed.messages import BEAT, CANCEL, END, HELLO, STOP, Channel
from slora_core.errors import SloraError

_HELLO_S: Final = 10.0
LOST: Final = "lost"
"""The kind of the message that the hub itself makes of a connection that ended without a word."""


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Where the hub listens, and the secret by which it knows its ranks."""

    host: str
    port: int
    token: str

    def to_dict(self) -> dict[str, Any]:
        return {"host": self.host, "port": self.port, "token": self.token}


@dataclass(slots=True)
class RankState:
    """One connected rank: ``heard_s`` is its last sign of life, ``progress_s`` that of its work (monotonic)."""

    rank: int
    attempt: int
    pid: int
    host: str
    channel: Channel
    heard_s: float
    progress_s: float
    waiting: bool = False
    ended: bool = False
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a rank said, or ``LOST``."""

    state: RankState
    kind: str
    data: dict[str, Any] = field(default_factory=dict)


class Hub:
    """Listens from construction to :meth:`close`; ``everywhere`` on all interfaces, else on the loopback alone."""

    def __init__(self, *, everywhere: bool = False) -> None:
        self._token = secrets.token_hex(16)
        try:
            self._server = socket.create_server(("" if everywhere else "127.0.0.1", 0), backlog=1024)
        except OSError as error:
            raise SloraError(f"the ranks' connections cannot be listened for: {error}") from error
        self._queue: SimpleQueue[Message] = SimpleQueue()
        self._lock = threading.Lock()
        self._ranks: dict[int, RankState] = {}
        self._closing = False
        threading.Thread(target=self._accept, name="slora-hub", daemon=True).start()

    def address(self, host: str = "127.0.0.1") -> HubAddress:
        """As ranks reach it under the name ``host``."""
        return HubAddress(host, self._server.getsockname()[1], self._token)

    def next_message(self, timeout_s: float) -> Message | None:
        with suppress(Empty):
            return self._queue.get(timeout=timeout_s)
        return None

    @property
    def ranks(self) -> list[RankState]:
        """Those of the newest attempt that have connected, in order."""
        with self._lock:
            return [self._ranks[rank] for rank in sorted(self._ranks)]

    def cancel(self) -> None:
        """Ask every rank to stop between two chunks."""
        for state in self.ranks:
            state.channel.send(CANCEL)

    def stop(self, exit_code: int) -> None:
        """Tell every rank that the run is over: whatever it does or waits for, it ends within the grace time."""
        for state in self.ranks:
            state.channel.send(STOP, exit_code=exit_code)

    def close(self) -> None:
        self._closing = True
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for state in self.ranks:
            state.channel.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="slora-rank", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_HELLO_S)
        with closing(Channel(connection)) as channel:
            messages = channel.receive()
            state = self._welcome(next(messages, {}), channel)
            if state is not None:
                connection.settimeout(None)
                self._hear(state, messages)

    def _hear(self, state: RankState, messages: Iterator[dict[str, Any]]) -> None:
        for message in messages:
            state.heard_s = time.monotonic()
            kind = str(message.pop("kind"))
            if kind == BEAT:
                state.progress_s = state.heard_s - float(message["idle_s"])
                state.waiting = bool(message["waiting"])
                continue
            state.ended = state.ended or kind == END
            self._queue.put(Message(state, kind, message))
        if not state.ended and not self._closing:
            self._queue.put(Message(state, LOST))

    def _welcome(self, hello: dict[str, Any], channel: Channel) -> RankState | None:
        """The rank behind a connection that knows the secret."""
        if hello.get("kind") != HELLO or not hmac.compare_digest(str(hello.get("token")), self._token):
            return None
        now = time.monotonic()
        state = RankState(
            int(hello["rank"]), int(hello["attempt"]), int(hello["pid"]), str(hello["host"]), channel, now, now
        )
        with self._lock:
            if any(other.attempt < state.attempt for other in self._ranks.values()):
                self._ranks.clear()
            self._ranks[state.rank] = state
        self._queue.put(Message(state, HELLO))
        return state
