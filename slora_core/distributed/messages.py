"""Lines of JSON between the ranks of a run and the hub that hears them all. Nothing is pickled. Torch-free."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

HELLO: Final = "hello"
BEAT: Final = "beat"
EVENT: Final = "event"
END: Final = "end"
CANCEL: Final = "cancel"
STOP: Final = "stop"


class Channel:
    """One connection; :meth:`send` from any thread, :meth:`receive` from one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, kind: str, **data: Any) -> bool:
        """False when the other end is gone."""
        line = json.dumps({"kind": kind, **data}).encode() + b"\n"
        try:
            with self._lock:
                self._connection.sendall(line)
        except OSError:
            return False
        return True

    def receive(self) -> Iterator[dict[str, Any]]:
        """Messages until the other end is gone. A line that is no message ends it."""
        pending = b""
        while True:
            try:
                block = self._connection.recv(65536)
            except OSError:
                return
            if not block:
                return
            *complete, pending = (pending + block).split(b"\n")
            for line in complete:
                try:
                    message = json.loads(line)
                except ValueError:
                    return
                if not isinstance(message, dict) or "kind" not in message:
                    return
                yield message

    def close(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
