"""The hub and the supervision against ranks that are threads here: what they say, and how they fall silent."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from slora_core.cancel import CancelToken
from slora_core.config import DistributedConfig
from slora_core.distributed.hub import Hub, HubAddress
from slora_core.distributed.link import HubLink, PulsingToken
from slora_core.distributed.messages import BEAT, HELLO, Channel
from slora_core.distributed.place import Place, place_of
from slora_core.distributed.supervision import Supervision
from slora_core.errors import BudgetRefused, ConfigError, InputError, PeerLost, RunCancelled
from slora_core.events import (
    MemorySample,
    Notice,
    Progress,
    RunCancelledEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StagePeaks,
    StageStarted,
    TaskFinished,
)
from slora_core.streams.streaming import failure_of

FINISHED = RunFinished(3.0, 3.0, StagePeaks(5), {}, {}, {}, True)
STARTED = RunStarted(0.0, "r", "", "optimised", {}, {}, None, None)


class Processes:
    """The launcher's side: ``statuses`` of ranks, and ``over`` when none runs any more."""

    def __init__(self):
        self.over = threading.Event()
        self.statuses = {}

    def ended(self):
        return self.over.is_set()

    def exit_status(self, rank):
        return self.statuses.get(rank)

    def output(self, rank):
        return f"output of {rank}"


class Run:
    """A supervision in a thread, with links for its ranks."""

    def __init__(self, size, **settings):
        settings = {"timeout_s": 60.0, "grace_s": 0.3} | settings
        self.settings = DistributedConfig(processes=size, **settings)
        self.hub, self.processes, self.cancel = Hub(), Processes(), CancelToken()
        self.events, self.size = [], size
        self.tokens, self.links = {}, []
        self._reached = threading.Condition()
        watch = Supervision(self.hub, size, self.settings, self.processes, self._emit, self.cancel)
        self._thread = threading.Thread(target=watch.run)
        self._thread.start()

    def _emit(self, event):
        with self._reached:
            self.events.append(event)
            self._reached.notify_all()

    def link(self, rank, attempt=0):
        self.tokens[rank] = PulsingToken()
        place = Place(rank, self.size, rank, self.size, attempt)
        self.links.append(HubLink(self.hub.address(), place, self.tokens[rank], grace_s=60.0, beat_s=0.05))
        return self.links[-1]

    def await_event(self, kind):
        with self._reached:
            assert self._reached.wait_for(lambda: any(isinstance(e, kind) for e in self.events), timeout=60)

    def final(self):
        self._thread.join(60)
        assert not self._thread.is_alive()
        self.hub.close()
        return self.events[-1]


@pytest.fixture
def make_run():
    runs = []

    def make(size=2, **settings):
        runs.append(Run(size, **settings))
        return runs[-1]

    yield make
    for run in runs:
        run.processes.over.set()
        run.cancel.cancel()
        run.final()
        for link in run.links:
            link.close()


def test_events_of_all_ranks_come_out_with_their_rank(make_run):
    run = make_run()
    first, second = run.link(0), run.link(1)
    for link in (first, second):
        link.emit(STARTED)
        link.emit(StageStarted(0.1, "scan", ""))
        link.emit(MemorySample(0.2, "scan", 1, None, None, None, None, None, 1))
        link.emit(TaskFinished(0.3, 1, 1, 5, {}))
    second.end()
    first.emit(FINISHED)
    first.end()
    assert run.final() == FINISHED
    assert sorted(e.rank for e in run.events if isinstance(e, MemorySample)) == [0, 1]
    assert len([e for e in run.events if isinstance(e, (RunStarted, TaskFinished))]) == 2


def test_what_concerns_the_whole_run_is_said_once(make_run):
    run = make_run()
    first, second = run.link(0), run.link(1)
    for link in (first, second):
        link.emit(Notice(0.1, "labels", "the same for all"))
        link.emit(Notice(0.1, "retry", "its own"))
        link.emit(Notice(0.1, "jitter", "of its own classes"))
    second.end()
    first.emit(FINISHED)
    first.end()
    run.final()
    kinds = [(e.kind, e.rank) for e in run.events if isinstance(e, Notice)]
    assert sorted(kinds) == [("jitter", 0), ("jitter", 1), ("labels", 0), ("retry", 0), ("retry", 1)]


def test_a_run_is_not_finished_before_every_rank_is(make_run):
    run = make_run()
    first, second = run.link(0), run.link(1)
    first.emit(FINISHED)
    first.end()
    second.emit(Progress(1.0, "move", 1, 2, "classes"))
    run.await_event(Progress)
    assert run.events[-1] != FINISHED
    second.end()
    assert run.final() == FINISHED


def test_a_rank_that_dies_is_named_with_its_stage_and_how_it_ended(make_run):
    run = make_run()
    first, second = run.link(0), run.link(1)
    second.emit(StageStarted(0.1, "attention.move", ""))
    run.await_event(StageStarted)
    run.processes.statuses[1] = -9
    second._channel.close()
    first.end(failure_of(PeerLost("rank 0 lost its connection to another rank"), 1.0))
    run.processes.over.set()
    final = run.final()
    assert final.kind == "rank-lost"
    assert final.exit_code == 4
    assert f"rank 1 of 2 (process {os.getpid()}) was killed by signal 9 (SIGKILL) in stage attention.move" in final.what
    assert "--resume" in final.remedy
    assert final.details == "output of 1"


def test_the_others_are_told_to_stop_when_one_is_lost(make_run):
    run = make_run(3)
    links = [run.link(rank) for rank in range(3)]
    links[1]._channel.close()
    for rank in (0, 2):
        assert run.tokens[rank]._event.wait(60)
        links[rank].end(RunCancelledEvent(1.0, ""))
        links[rank].close()
    assert links[0].exit_code == links[2].exit_code != 0
    run.processes.over.set()
    assert "rank 1 of 3" in run.final().what


def test_a_consequence_gives_way_to_its_cause(make_run):
    """A lost connection is noticed before the rank that went is."""
    run = make_run()
    first, second = run.link(0), run.link(1)
    first.end(failure_of(PeerLost("connection closed by peer"), 1.0))
    second.end(failure_of(InputError("row 3 holds NaN"), 1.0))
    run.processes.over.set()
    final = run.final()
    assert (final.kind, final.what, final.exit_code) == ("input-error", "row 3 holds NaN", 2)


def test_a_refused_budget_is_one_failure(make_run):
    run = make_run()
    refusal = BudgetRefused("too small", stage="a", budget_bytes=1, smallest_bytes=2)
    for link in (run.link(0), run.link(1)):
        link.end(failure_of(refusal, 0.1))
    run.processes.over.set()
    final = run.final()
    assert (final.kind, final.what, final.exit_code) == ("budget-refused", "too small", 3)
    assert len([event for event in run.events if isinstance(event, RunFailed)]) == 1


def test_an_unexpected_failure_names_its_rank(make_run):
    run = make_run()
    run.link(0)
    run.link(1).end(failure_of(ZeroDivisionError("oh"), 1.0))
    run.processes.over.set()
    assert run.final().what.startswith("rank 1 of 2: the engine failed unexpectedly: ZeroDivisionError")


def test_a_rank_without_a_sign_of_life_counts_as_hanging(make_run, monkeypatch):
    killed = []
    monkeypatch.setattr("slora_core.distributed.supervision.os.kill", lambda pid, number: killed.append(pid))
    run = make_run(timeout_s=1.0)
    run.link(0)
    silent = Channel(socket.create_connection((run.hub.address().host, run.hub.address().port)))
    silent.send(HELLO, token=run.hub.address().token, rank=1, attempt=0, pid=4711, host=os.uname().nodename)
    silent.send(BEAT, idle_s=0.0, waiting=True)
    run.tokens[0].waiting = True  # rank 0 waits for the other, as in a collective
    assert run.tokens[0]._event.wait(60)
    run.processes.over.set()
    final = run.final()
    assert "rank 1 of 2 (process 4711) gave no sign of life for 1 s" in final.what
    assert killed == [4711]
    silent.close()


def test_a_rank_whose_work_stands_still_counts_as_hanging_and_one_that_waits_does_not(make_run, monkeypatch):
    monkeypatch.setattr("slora_core.distributed.supervision.os.kill", lambda pid, number: None)
    run = make_run(timeout_s=1.0)
    run.link(0)
    run.tokens[0].waiting = True
    run.link(1)  # alive, and never at a checkpoint
    assert run.tokens[0]._event.wait(60)
    run.processes.over.set()
    assert "rank 1 of 2" in run.final().what
    assert "made no progress for 1 s" in run.events[-1].what


def test_a_cancel_reaches_every_rank(make_run):
    run = make_run()
    links = [run.link(0), run.link(1)]
    links[0].emit(STARTED)
    links[1].emit(StageStarted(0.1, "scan", ""))
    run.await_event(StageStarted)
    run.await_event(RunStarted)
    run.cancel.cancel()
    for rank, link in enumerate(links):
        assert run.tokens[rank]._event.wait(60)
        with pytest.raises(RunCancelled):
            run.tokens[rank].raise_if_cancelled()
        link.end(RunCancelledEvent(1.0, ""))
        link.close()
    assert isinstance(run.final(), RunCancelledEvent)


def test_a_new_attempt_takes_the_place_of_the_old(make_run):
    run = make_run(max_restarts=1)
    old = [run.link(0), run.link(1)]
    old[0].emit(STARTED)
    run.await_event(RunStarted)
    old[1]._channel.close()
    assert run.tokens[0]._event.wait(60)
    old[0].end(RunCancelledEvent(1.0, ""))
    new = [run.link(0, attempt=1), run.link(1, attempt=1)]
    new[0].emit(STARTED)
    new[1].end()
    new[0].emit(FINISHED)
    new[0].end()
    assert run.final() == FINISHED
    (notice,) = [event for event in run.events if isinstance(event, Notice)]
    assert notice.kind == "restart"
    assert "rank 1 of 2" in notice.message
    assert "restart 1 of 1" in notice.message
    assert len([event for event in run.events if isinstance(event, RunStarted)]) == 1


def test_ranks_that_never_connect_end_the_run(make_run):
    run = make_run()
    run.processes.statuses[1] = 1
    run.processes.over.set()
    final = run.final()
    assert final.what == "rank 1 of 2 ended with exit status 1"
    assert final.details == "output of 1"


def test_a_stranger_is_not_heard(make_run):
    run = make_run(1)
    address = run.hub.address()
    stranger = Channel(socket.create_connection((address.host, address.port)))
    stranger.send(HELLO, token="guess", rank=0, attempt=0, pid=1, host="h")
    assert list(stranger.receive()) == []
    stranger.close()
    assert run.hub.ranks == []
    run.cancel.cancel()
    assert isinstance(run.final(), RunCancelledEvent)


def test_a_hub_that_cannot_be_reached_is_said_so():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PeerLost, match="rank 0 cannot reach"):
        HubLink(HubAddress("127.0.0.1", port, ""), Place(0, 1, 0, 1), PulsingToken(), grace_s=1.0, beat_s=1.0)


def test_the_place_follows_from_the_environment_of_torchrun():
    found = {"TORCHELASTIC_RUN_ID": "x", "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}
    assert place_of(found) == Place(5, 8, 1, 4)
    assert not place_of(found).one_host
    assert place_of({"RANK": "5"}) is None
    with pytest.raises(ConfigError, match="not complete"):
        place_of({"TORCHELASTIC_RUN_ID": "x", "RANK": "5", "WORLD_SIZE": "eight"})


def test_a_rank_that_connects_after_the_stop_is_stopped_as_well(make_run):
    run = make_run(2)
    run.link(0)._channel.close()
    late = run.link(1)
    assert run.tokens[1]._event.wait(60)
    assert late.exit_code != 0
    run.processes.over.set()
    assert "rank 0 of 2" in run.final().what
