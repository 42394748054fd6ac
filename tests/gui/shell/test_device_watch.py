"""Cards are watched through the driver's library; without it there are none, and no error."""

from __future__ import annotations

from types import SimpleNamespace

from slora_core.events import MemorySample
from slora_gui.shell.device_watch import CardUse, DeviceWatch
from slora_gui.shell.status_line import StatusLine

GIB = 2**30


class Driver:
    """Two cards, whose use grows with every look."""

    def __init__(self):
        self.looks = 0

    def nvmlInit(self): ...

    def nvmlDeviceGetCount(self):
        return 2

    def nvmlDeviceGetHandleByIndex(self, index):
        return index

    def nvmlDeviceGetName(self, handle):
        return b"Card 0" if handle == 0 else "Card 1"

    def nvmlDeviceGetMemoryInfo(self, handle):
        self.looks += 1
        return SimpleNamespace(total=80 * GIB, used=(self.looks + 1) // 2 * GIB)


class Broken(Driver):
    def nvmlDeviceGetMemoryInfo(self, handle):
        raise RuntimeError("GPU is lost")


class Absent(Driver):
    def nvmlInit(self):
        raise RuntimeError("no driver")


def test_it_tells_of_changes(qtbot):
    watch, heard = DeviceWatch(nvml=Driver()), []
    watch.changed.connect(heard.append)
    watch.start()
    watch.look()
    watch.stop()
    assert heard[0] == (CardUse(0, "Card 0", 80 * GIB, GIB), CardUse(1, "Card 1", 80 * GIB, GIB))
    assert heard[1][0].used_bytes == 2 * GIB


def test_without_a_driver_or_a_card_there_is_nothing_to_watch(qtbot):
    for driver in (Absent(), Broken()):
        watch, heard = DeviceWatch(nvml=driver), []
        watch.changed.connect(heard.append)
        watch.start()
        assert (watch.cards, heard) == ((), [])
        watch.stop()


def test_the_status_line_tells_the_use_of_others_apart(qtbot):
    line = StatusLine()
    qtbot.addWidget(line)
    assert "CPU" in line.device.text()
    line.show_cards((CardUse(0, "Card 0", 80 * GIB, 10 * GIB),))
    assert line.device.text() == "Card 0: 10 GiB of 80 GiB in use"
    line.show_status("running")
    line.show_sample(MemorySample(0.1, "", GIB, 2 * GIB, 4 * GIB, None, None, GIB, None))
    line.show_cards((CardUse(0, "Card 0", 80 * GIB, 11 * GIB),))
    assert "7 GiB" in line.device.toolTip()
    line.show_device("cpu")
    assert "CPU" in line.device.text()
