"""A rank's end of its connection with the hub: events go out, cancels and stops come in, and beats tell of life."""

from __future__ import annotations

import dataclasses
import os
import platform
import socket
import threading
import time
from typing import Final

from slora_core.cancel import CancelToken
from slora_core.distributed.hub import HubAddress
from slora_core.distributed.messages import BEAT, CANCEL, END, EVENT, HELLO, STOP, Channel
from slora_core.distributed.place import Place
from slora_core.errors import PeerLost
from slora_core.events import Event, MemorySample, Notice, Progress, StageFinished, StageStarted

OWN_NOTICES: Final = ("budget-near", "budget-crossed", "retry", "jitter", "other-process")
"""Notices that each rank has for itself; the others are the same on all, and rank 0 gives them."""
_CONNECT_S: Final = 30.0
STOPPED_EXIT: Final = 75
"""Exit status of a rank that ended because another is gone."""


class PulsingToken(CancelToken):
    """A cancel token that notes each look at it: that is the pulse of a rank's work."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_s = time.monotonic()
        self.waiting = False

    def looked(self) -> None:
        self.looked_s = time.monotonic()

    def raise_if_cancelled(self) -> None:
        self.looked()
        super().raise_if_cancelled()


class HubLink:
    """Connected from construction to :meth:`close`. Raises PeerLost when the hub cannot be reached.

    A cancel sets ``token``. After a cancel or a stop, and when the hub is gone, the process has ``grace_s`` to end by
    itself; then it is ended, wherever it hangs.
    """

    def __init__(
        self, address: HubAddress, place: Place, token: PulsingToken, *, grace_s: float, beat_s: float
    ) -> None:
        self._place = place
        self._token = token
        self._grace_s = grace_s
        self._over = threading.Event()
        self.exit_code = 0
        try:
            connection = socket.create_connection((address.host, address.port), timeout=_CONNECT_S)
        except OSError as error:
            raise PeerLost(f"rank {place.rank} cannot reach the recorder of the run: {error}") from error
        connection.settimeout(None)
        self._channel = Channel(connection)
        self._channel.send(
            HELLO,
            token=address.token,
            rank=place.rank,
            attempt=place.attempt,
            pid=os.getpid(),
            host=platform.node(),
        )
        for target, args in ((self._listen, ()), (self._beat, (beat_s,))):
            threading.Thread(target=target, args=args, name="slora-link", daemon=True).start()

    def emit(self, event: Event) -> None:
        """Report an event of this rank; of those that concern the run as a whole rank 0 reports alone."""
        if self._place.rank:
            if not isinstance(event, (MemorySample, Notice, Progress, StageFinished, StageStarted)):
                return
            if isinstance(event, Notice) and event.kind not in OWN_NOTICES:
                return
            event = dataclasses.replace(event, rank=self._place.rank)
        self._channel.send(EVENT, line=event.to_json())

    def end(self, final: Event | None = None) -> None:
        """The last word of this rank: how its run ended, None for well."""
        self._channel.send(END, line=None if final is None else final.to_json())

    def close(self) -> None:
        self._over.set()
        self._channel.close()

    def _listen(self) -> None:
        for message in self._channel.receive():
            if message["kind"] in (CANCEL, STOP):
                self._stop(int(message.get("exit_code", 0)))
        self._stop(STOPPED_EXIT)

    def terminate(self) -> None:
        """Whoever started this process ends it."""
        self._stop(STOPPED_EXIT)

    def _stop(self, exit_code: int) -> None:
        if self._over.is_set() or self._token.cancelled:
            return
        self.exit_code = exit_code
        self._token.cancel()
        threading.Thread(target=self._leave, name="slora-grace", daemon=True).start()

    def _leave(self) -> None:
        if not self._over.wait(self._grace_s):
            os._exit(self.exit_code)

    def _beat(self, beat_s: float) -> None:
        while not self._over.wait(beat_s):
            idle_s = time.monotonic() - self._token.looked_s
            if not self._channel.send(BEAT, idle_s=idle_s, waiting=self._token.waiting):
                return
