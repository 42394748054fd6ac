"""Memory that others take of the device during a run."""

from __future__ import annotations

from slora_core.memory.other_processes import OtherProcessWatch
from slora_core.memory.probe import SystemReading
from slora_core.types import GIB, MIB


def looked(*readings: tuple[int, int | None, bool]):
    """Notices of (used MiB, held by this process MiB, fresh), one list a reading."""
    watch, found = OtherProcessWatch(), []
    for used, process, fresh in readings:
        held = None if process is None else process * MIB
        found.append(watch.look(SystemReading(None, held, used * MIB, 80 * GIB, fresh), 0.5, "s"))
    return found


def test_growth_beside_this_process_is_told_once_and_again_when_it_grows_again():
    found = looked(*((used, 1000, True) for used in (3000, 3000, 3200, 3200, 3300)))
    assert [len(notices) for notices in found] == [0, 0, 1, 0, 1]
    (notice,) = found[2]
    assert notice.kind == "other-process"
    assert notice.data == {"grown_bytes": 200 * MIB, "others_bytes": 2200 * MIB}
    assert notice.message == "another process took 200 MiB of the device during this run; 76.88 GiB are free"


def test_this_process_s_own_growth_is_not_another_process():
    """Its pool, context and libraries grow at once; the driver's account of them comes once a second."""
    found = looked((3000, 1000, True), (3700, 1000, False), (3700, 1700, True), (3000, 1700, False), (3000, 1000, True))
    assert found == [[], [], [], [], []]


def test_memory_that_was_given_back_counts_again_when_it_is_taken_again():
    found = looked(*((used, 1000, True) for used in (3000, 3100, 2900, 3000)))
    assert [len(notices) for notices in found] == [0, 1, 0, 1]


def test_nothing_is_said_where_the_driver_does_not_say_what_this_process_holds():
    assert looked((3000, None, True), (9000, None, True)) == [[], []]
    assert OtherProcessWatch().look(SystemReading(1, None, None, None), 0.0, "") == []
