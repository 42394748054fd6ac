"""Memory that others take of the device during a run."""

from __future__ import annotations

from slora_core.memory.other_processes import OtherProcessWatch
from slora_core.memory.probe import SystemReading
from slora_core.types import GIB, MIB


def reading(used_mib: int, process_mib: int | None) -> SystemReading:
    process = None if process_mib is None else process_mib * MIB
    return SystemReading(None, process, used_mib * MIB, 80 * GIB)


def looked(watch: OtherProcessWatch, *readings: tuple[int, int | None, int]):
    """Notices of (used, process, reserved) in MiB, one list a reading."""
    return [watch.look(reading(used, process), reserved * MIB, 0.5, "s") for used, process, reserved in readings]


def test_growth_beside_this_process_is_told_once_and_again_when_it_grows_again():
    found = looked(
        OtherProcessWatch(),
        (3000, 1000, 500),
        (3000, 1000, 500),
        (3200, 1000, 500),
        (3200, 1000, 500),
        (3300, 1000, 500),
    )
    assert [len(notices) for notices in found] == [0, 0, 1, 0, 1]
    (notice,) = found[2]
    assert notice.kind == "other-process"
    assert notice.data == {"grown_bytes": 200 * MIB, "others_bytes": 2200 * MIB}
    assert notice.message == "another process took 200 MiB of the device during this run; 76.88 GiB are free"


def test_the_pool_s_own_growth_is_not_another_process():
    """The pool grows at once, the driver's account of the process a moment later."""
    found = looked(OtherProcessWatch(), (3000, 1000, 500), (3700, 1000, 1200), (3700, 1700, 1200), (3000, 1700, 500))
    assert [len(notices) for notices in found] == [0, 0, 0, 0]


def test_memory_that_was_given_back_counts_again_when_it_is_taken_again():
    found = looked(OtherProcessWatch(), (3000, 1000, 500), (3100, 1000, 500), (2900, 1000, 500), (3000, 1000, 500))
    assert [len(notices) for notices in found] == [0, 1, 0, 1]


def test_without_the_driver_s_account_only_much_growth_is_told():
    """This process' own libraries are in the count then."""
    found = looked(OtherProcessWatch(), (3000, None, 500), (3400, None, 500), (3600, None, 500))
    assert [len(notices) for notices in found] == [0, 0, 1]
    assert looked(OtherProcessWatch(), (3000, None, 500), (3400, 900, 500), (3400, 900, 500)) == [[], [], []]


def test_nothing_is_said_where_the_device_has_no_counters():
    assert OtherProcessWatch().look(SystemReading(1, None, None, None), None, 0.0, "") == []
