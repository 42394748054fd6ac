import contextlib
import threading
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_core.events import Event, MemorySample, Notice
from slora_core.memory.meter import Reading
from slora_core.memory.probe import Probe, SystemReading
from slora_core.memory.sampler import BudgetWatch, Sampler, next_deadline

WAIT_S = 30


class Meter:
    """Readings one after another; the last one stays. An exception in their place is raised."""

    def __init__(self, *readings: Reading | Exception) -> None:
        self.readings = list(readings)

    def read(self) -> Reading:
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        if isinstance(reading, Exception):
            raise reading
        return reading

    def push(self) -> None: ...

    def pop(self) -> Reading:
        return Reading(None)


class Events(list[Event]):
    """Collects events and says when there are enough."""

    def __init__(self, enough: int) -> None:
        super().__init__()
        self.enough = enough
        self.reached = threading.Event()

    def __call__(self, event: Event) -> None:
        self.append(event)
        if len(self) >= self.enough:
            self.reached.set()


POSITION = SimpleNamespace(stage_path="attention.move", now=lambda: 1.5, bound=True)


def sample(meter: Meter, enough: int, probe: Probe | None = None, budget_bytes: int | None = None):
    events = Events(enough)
    probe = probe or Probe()
    with Sampler(500, meter=meter, probe=probe, position=POSITION, emit=events, budget_bytes=budget_bytes) as sampler:
        assert events.reached.wait(WAIT_S)
    return events, sampler


def test_samples_carry_every_counter_and_their_stage():
    probe = SimpleNamespace(read=lambda: SystemReading(7, 6, 5, 4))

    events, sampler = sample(Meter(Reading(3, 2, 1)), 5, probe)

    assert events[0] == MemorySample(1.5, "attention.move", 3, 2, 6, 5, 4, 7, 1)
    assert sampler.ticks == len(events) >= 6  # one more at the end
    assert 0 < sampler.min_tick_s * sampler.ticks <= sampler.cpu_s


def test_the_thread_is_gone_afterwards():
    before = threading.active_count()

    sample(Meter(Reading(1)), 2)

    assert threading.active_count() == before


def test_a_counter_that_fails_is_not_available_in_that_sample():
    def fail():
        raise OSError("gone")

    events, _ = sample(Meter(Reading(1), RuntimeError("driver"), Reading(3)), 4, SimpleNamespace(read=fail))

    assert [event.allocated_bytes for event in events[:3]] == [1, None, 3]
    assert {event.rss_bytes for event in events} == {None}


def test_what_the_listener_raises_is_not_lost():
    raised = threading.Event()

    def listener(event: Event) -> None:
        raised.set()
        raise BrokenPipeError("nobody listens")

    sampler = Sampler(500, meter=Meter(Reading(1)), probe=Probe(), position=POSITION, emit=listener)
    with pytest.raises(BrokenPipeError, match="nobody listens"), sampler:
        assert raised.wait(WAIT_S)


def test_an_error_of_the_run_comes_before_that_of_the_listener():
    raised = threading.Event()

    def listener(event: Event) -> None:
        raised.set()
        raise BrokenPipeError

    sampler = Sampler(500, meter=Meter(Reading(1)), probe=Probe(), position=POSITION, emit=listener)
    with contextlib.suppress(ZeroDivisionError), sampler:
        assert raised.wait(WAIT_S)
        raise ZeroDivisionError


def test_rate_zero_takes_no_sample():
    events = Events(1)

    with Sampler(0, meter=Meter(Reading(1)), probe=Probe(), position=POSITION, emit=events) as sampler:
        pass

    assert (events, sampler.ticks) == ([], 0)


@pytest.mark.parametrize("reserved", [False, True])
def test_the_budget_is_watched_where_it_bounds(reserved: bool):
    used = [Reading(5, mark) if reserved else Reading(mark) for mark in (50, 85, 101, 102, 60, 90)]

    events, _ = sample(Meter(*used), 10, budget_bytes=100)

    notices = [event for event in events if isinstance(event, Notice)]
    assert [notice.kind for notice in notices] == ["budget-near", "budget-crossed", "budget-near"]
    assert notices[1].data == {"used_bytes": 101, "budget_bytes": 100}
    assert notices[1].stage == "attention.move"
    assert notices[1].message == "memory is above 100% of the budget: 101 B of 100 B"


def test_what_the_budget_does_not_bind_crosses_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(POSITION, "bound", False)
    events, _ = sample(Meter(Reading(50), Reading(85), Reading(101)), 5, budget_bytes=100)
    assert {type(event) for event in events} == {MemorySample}


@given(st.lists(st.integers(0, 150), max_size=40))
def test_crossings_are_told_once_until_usage_was_below_seventy_percent(usage: list[int]):
    watch = BudgetWatch(100)
    told: set[str] = set()
    for used in usage:
        kinds = [notice.kind for notice in watch.look(used, 0.0, "")]
        if used < 70:
            told.clear()
        expected = [k for k, mark in (("budget-near", 80), ("budget-crossed", 100)) if used > mark and k not in told]
        told.update(expected)
        assert kinds == expected


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=50), st.floats(0.001, 0.1))
def test_deadlines_neither_drift_nor_pile_up(durations: list[float], period: float):
    due, now, skipped = 0, 0.0, 0
    for duration in durations:
        now = max(now, due * period) + duration  # a tick starts at its deadline and takes its time
        following, missed = next_deadline(due, now, period)
        assert following > due
        assert (following - 1) * period <= max(now, due * period) + 1e-9
        assert following * period >= now - 1e-9
        skipped += missed
        due = following
    assert due == len(durations) + skipped
