import contextlib
import importlib
import threading
from types import SimpleNamespace

import pytest
import torch

from slora_core import context as context_module
from slora_core.cancel import CancelToken
from slora_core.context import RunContext
from slora_core.errors import BudgetExceeded, RunCancelled
from slora_core.events import Notice, Progress, StageFinished, StagePeaks, StageStarted, event_from_json
from slora_core.memory.ledger import Ledger
from slora_core.memory.meters import CpuMeter

CPU = torch.device("cpu")


class Clock:
    """Time that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def perf_counter(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(context_module, "time", found)
    return found


def test_stages_nest_by_dotted_paths(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append, predicted_s={"a.fit": 2.0}, predicted_peak_bytes={"a.fit": 100})

    assert ctx.stage_path == ""
    with ctx.stage("a"):
        clock.now_s = 1.0
        with ctx.stage("fit", total=3, unit="rows"):
            assert ctx.stage_path == "a.fit"
            clock.now_s = 4.0
        assert ctx.stage_path == "a"
        clock.now_s = 5.0
    assert ctx.stage_path == ""

    assert events == [
        StageStarted(0.0, "a", ""),
        StageStarted(1.0, "a.fit", "a", 100, 2.0),
        StageFinished(4.0, "a.fit", 3.0, StagePeaks(), None),
        StageFinished(5.0, "a", 5.0, StagePeaks(), None),
    ]


def test_every_stage_has_its_own_peaks_and_says_what_is_left():
    events = []
    with Ledger() as ledger:
        ctx = RunContext(CPU, meter=CpuMeter(ledger), emit=events.append)
        with ctx.stage("outer"):
            torch.empty(1000)
            with ctx.stage("first"):
                torch.empty(300)
                kept = torch.empty(10)
            with ctx.stage("second"):
                torch.empty(20)

    finished = {event.stage: event for event in events if isinstance(event, StageFinished)}
    assert {stage: event.peaks.allocated_bytes for stage, event in finished.items()} == {
        "outer.first": 1200,
        "outer.second": 120,
        "outer": 4000,
    }
    assert finished["outer"].live_after_bytes == kept.untyped_storage().nbytes()
    assert finished["outer"].peaks.reserved_bytes is None


def test_the_peak_rss_of_a_stage_is_counted_from_its_start_to_its_end():
    events, calls, peaks = [], [], iter([20, 30])
    stack = SimpleNamespace(push=lambda: calls.append("push"), pop=lambda: calls.append("pop") or next(peaks))
    ctx = RunContext(CPU, emit=events.append, rss_peaks=stack)

    with ctx.stage("a"), ctx.stage("b"):
        assert calls == ["push", "push"]

    assert [event.peaks.rss_bytes for event in events if isinstance(event, StageFinished)] == [20, 30]
    assert calls == ["push", "push", "pop", "pop"]


def test_stages_with_a_part_outside_the_budget_are_not_held_against_it():
    with Ledger(budget_bytes=1000) as ledger:
        ctx = RunContext(CPU, meter=CpuMeter(ledger), unbudgeted=ledger.unbudgeted)
        with ctx.stage("small"):
            torch.empty(50)
        assert ctx.bound_peak_bytes is None
        with ctx.stage("task"):
            with ctx.stage("train"), ctx.unbudgeted():
                assert not ctx.bound
                torch.empty(5000)
            assert ctx.bound
            with ctx.stage("move"):
                torch.empty(100)
        assert ctx.bound_peak_bytes == 400
        with pytest.raises(BudgetExceeded):
            torch.empty(5000)


def test_a_stage_that_fails_ends_and_says_so():
    events = []
    with Ledger() as ledger:
        ctx = RunContext(CPU, meter=CpuMeter(ledger), emit=events.append)
        with pytest.raises(ZeroDivisionError), ctx.stage("a"), ctx.stage("b"):
            raise ZeroDivisionError
        assert ctx.stage_path == ""
        with ctx.stage("c"):
            torch.empty(5)

    finished = [(event.stage, event.completed) for event in events if isinstance(event, StageFinished)]
    assert finished == [("a.b", False), ("a", False), ("c", True)]
    assert events[-1].peaks.allocated_bytes == 20


def test_progress_is_thinned_but_its_end_is_told(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append)
    with ctx.stage("a", total=1000, unit="rows"):
        for _ in range(1000):
            clock.now_s += 0.001
            ctx.advance()

    progress = [event for event in events if isinstance(event, Progress)]
    assert 15 <= len(progress) <= 25
    assert progress[-1] == Progress(clock.now_s, "a", 1000, 1000, "rows")


def test_units_under_way_are_told_beside_those_that_are_done_and_are_not_taken_back(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append, predicted_s={"a": 1.0, "b": 3.0})
    with ctx.stage("a"):
        pass
    with ctx.stage("b", total=8, unit="classes"):
        for step in (0.5, 3.0, 2.0, None, 2.0):
            clock.now_s += 1
            ctx.advance(4) if step is None else ctx.come_to(step)

    progress = [event for event in events if isinstance(event, Progress)]
    assert [(event.done, event.under_way) for event in progress] == [(0, 0.5), (0, 3.0), (0, 3.0), (4, 0.0), (4, 2.0)]
    assert [event.fraction for event in progress] == [(1 + 3 * part / 8) / 4 for part in (0.5, 3.0, 3.0, 4.0, 6.0)]
    assert event_from_json(progress[1].to_json()) == progress[1]


def test_what_is_reached_is_kept_until_units_that_end_later_have_caught_up(clock: Clock):
    """As where results are written while the next are computed."""
    events = []
    ctx = RunContext(CPU, emit=events.append)
    with ctx.stage("a", total=6):
        for amount, done in ((2.0, 0), (1.0, 2), (2.0, 2), (2.0, 2)):
            clock.now_s += 1
            ctx.come_to(amount)
            clock.now_s += 1
            ctx.advance(done)

    reached = [event.done + event.under_way for event in events if isinstance(event, Progress)]
    assert reached == [2, 2, 2, 2, 4, 4, 6, 6]


def test_a_cancel_is_answered_between_units():
    cancel = CancelToken()
    ctx = RunContext(CPU, cancel=cancel)
    cancel.cancel()
    with pytest.raises(RunCancelled):
        ctx.come_to(0.5)


def test_progress_without_a_total_is_thinned_too(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append)
    with ctx.stage("a"):
        for _ in range(100):
            ctx.advance(2)

    assert [event.done for event in events if isinstance(event, Progress)] == [2]


def test_fraction_and_eta_follow_the_planned_seconds(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append, predicted_s={"a": 1.0, "b": 3.0})
    with ctx.stage("a", total=2):
        clock.now_s = 1.0
        ctx.advance()
    clock.now_s = 2.0
    with ctx.stage("b", total=3):
        clock.now_s = 4.0
        ctx.advance()
        clock.now_s = 6.0
        ctx.advance(5)  # more than was promised: still not more than the stage

    told = [(event.fraction, event.eta_s) for event in events if isinstance(event, Progress)]
    assert told == [(0.125, None), (0.5, 4.0), (1.0, 0.0)]


def test_stages_outside_the_plan_weigh_in_the_fraction_and_have_no_prediction(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append, predicted_s={"a": 1.0}, unplanned_s={"train": 3.0})
    with ctx.stage("train", total=2):
        clock.now_s = 3.0
        ctx.advance()
    ctx.expect({"a": 2.0}, {})
    with ctx.stage("a", total=2):
        clock.now_s = 8.0
        ctx.advance()

    assert [event.predicted_s for event in events if isinstance(event, StageStarted)] == [None, 2.0]
    told = [(event.fraction, event.eta_s) for event in events if isinstance(event, Progress)]
    assert told == [(0.375, 5.0), (0.8, pytest.approx(2.0))]


def test_advance_between_stages_reports_nothing():
    events = []
    RunContext(CPU, emit=events.append).advance()

    assert events == []


def test_a_cancelled_run_stops_at_the_next_chunk():
    events, cancel = [], CancelToken()
    ctx = RunContext(CPU, emit=events.append, cancel=cancel)
    reached = []
    with contextlib.suppress(RunCancelled), ctx.stage("a", total=3):
        ctx.advance()
        cancel.cancel()
        reached.append("cancel")
        ctx.advance()
        reached.append("too far")

    assert reached == ["cancel"]
    assert [type(event) for event in events] == [StageStarted, Progress, StageFinished]
    assert not events[-1].completed
    with pytest.raises(RunCancelled), ctx.stage("b"):
        pass
    assert len(events) == 3


def test_a_cancel_is_answered_while_a_library_loads():
    cancel, release = CancelToken(), threading.Event()

    def load():
        cancel.cancel()
        assert release.wait(60)

    try:
        with pytest.raises(RunCancelled):
            RunContext(CPU, cancel=cancel).load(load)
    finally:
        release.set()


def test_a_library_that_does_not_load_is_an_error():
    loaded = []
    RunContext(CPU).load(lambda: loaded.append(True))
    assert loaded == [True]
    with pytest.raises(ModuleNotFoundError):
        RunContext(CPU).load(lambda: importlib.import_module("no_such_library"))


def test_a_notice_carries_its_stage_and_figures(clock: Clock):
    events = []
    ctx = RunContext(CPU, emit=events.append)
    with ctx.stage("a"):
        ctx.notice("jitter", "class 3 needed a jitter", value=1e-6)

    assert Notice(0.0, "jitter", "class 3 needed a jitter", "a", {"value": 1e-6}) in events


def test_without_a_listener_everything_still_runs():
    ctx = RunContext(CPU)
    with ctx.stage("a", total=1):
        ctx.advance()
        ctx.notice("retry", "again")
