import mmap
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from slora_core.memory import probe as probe_module
from slora_core.memory.probe import Probe, RssPeaks, peak_rss_bytes, reset_peak_rss

MIB = 1024**2
resettable = pytest.mark.skipif(not reset_peak_rss(), reason="this system has no resettable peak RSS")


def touch(size_bytes: int) -> None:
    """Fault fresh pages in and give them back: a mapping, since the heap may have pages of earlier tests to reuse."""
    with mmap.mmap(-1, size_bytes) as pages:
        for start in range(0, size_bytes, mmap.PAGESIZE):
            pages[start] = 1


def test_rss_is_the_systems(tmp_path: Path):
    rss = Probe().read().rss_bytes

    assert rss == pytest.approx(psutil.Process(os.getpid()).memory_info().rss, abs=4 * MIB)


def test_without_a_cuda_device_its_bytes_are_not_available():
    reading = Probe().read()

    assert (reading.process_bytes, reading.device_used_bytes, reading.device_total_bytes) == (None, None, None)


@resettable
def test_the_peak_is_exact_and_can_be_set_back():
    reset_peak_rss()
    before = peak_rss_bytes()
    touch(96 * MIB)
    after = peak_rss_bytes()
    reset_peak_rss()

    assert after - before == pytest.approx(96 * MIB, abs=4 * MIB)
    assert peak_rss_bytes() < after - 80 * MIB


@resettable
def test_peaks_of_nested_stages():
    base = Probe().rss_bytes()
    peaks = RssPeaks()
    touch(200 * MIB)
    peaks.push()
    touch(96 * MIB)
    peaks.push()
    touch(32 * MIB)
    inner = peaks.pop()
    peaks.push()
    sibling = peaks.pop()
    outer = peaks.pop()

    assert inner - base == pytest.approx(32 * MIB, abs=6 * MIB)
    assert sibling - base == pytest.approx(0, abs=6 * MIB)
    assert outer - base == pytest.approx(96 * MIB, abs=6 * MIB)


def test_where_the_peak_cannot_be_reset_it_is_not_available(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(probe_module, "_CLEAR_REFS", tmp_path / "nowhere" / "clear_refs")
    peaks = RssPeaks()

    peaks.push()
    peaks.push()

    assert (peaks.pop(), peaks.pop()) == (None, None)
    assert not reset_peak_rss()


def test_where_there_is_no_proc_the_peak_is_not_available(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(probe_module, "_STATUS", tmp_path / "status")
    assert peak_rss_bytes() is None

    (tmp_path / "status").write_text("Name:\tpython\nVmRSS:\t   12 kB\n")
    assert peak_rss_bytes() is None

    (tmp_path / "status").write_text("Name:\tpython\nVmHWM:\t   12 kB\n")
    assert peak_rss_bytes() == 12 * 1024


class FakeNvml:
    """NVML with one card and the processes given; counts how often it is asked for them."""

    def __init__(self, processes) -> None:
        self.processes = processes
        self.asked = 0

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        return {"GPU-0a1b": "handle"}[uuid]

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str):
        assert handle == "handle"
        self.asked += 1
        if isinstance(self.processes, Exception):
            raise self.processes
        return self.processes


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch):
    """Installs a fake card; returns (make a probe over these NVML processes, clock)."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(probe_module.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (30 * MIB, 100 * MIB))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid="0a1b"))

    def install(processes) -> tuple[Probe, FakeNvml]:
        nvml = FakeNvml(processes)
        monkeypatch.setitem(sys.modules, "pynvml", nvml)
        return Probe(cuda_index=0), nvml

    return install, clock


def process(pid: int, used: int | None):
    return SimpleNamespace(pid=pid, usedGpuMemory=used)


def test_device_and_process_bytes_are_separate(card):
    install, _ = card
    probe, _ = install([process(1, 50), process(os.getpid(), 20 * MIB)])

    reading = probe.read()

    assert (reading.device_used_bytes, reading.device_total_bytes) == (70 * MIB, 100 * MIB)
    assert reading.process_bytes == 20 * MIB


def test_nvml_is_asked_once_a_second(card):
    install, clock = card
    probe, nvml = install([process(os.getpid(), 1)])

    for clock.now in (100.0, 100.5, 100.9, 101.0, 101.5):
        assert probe.read().process_bytes == 1

    assert nvml.asked == 2


@pytest.mark.parametrize("processes", [[], [(os.getpid(), None)], RuntimeError("NVML is gone")])
def test_what_nvml_does_not_say_is_not_available(card, processes):
    install, _ = card
    if isinstance(processes, list):
        processes = [process(*item) for item in processes]
    probe, _ = install(processes)

    assert probe.read().process_bytes is None
    assert probe.read().device_total_bytes == 100 * MIB


def test_without_nvml_and_driver_the_rest_is_still_read(monkeypatch: pytest.MonkeyPatch):
    def no_driver(index: int):
        raise RuntimeError("no driver")

    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(torch.cuda, "mem_get_info", no_driver)

    reading = Probe(cuda_index=0).read()

    assert (reading.process_bytes, reading.device_used_bytes, reading.device_total_bytes) == (None, None, None)
    assert reading.rss_bytes > 0
