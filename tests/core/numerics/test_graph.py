"""What is left of a recording that fails, on a stand-in for a device."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

from slora_core.numerics.graph import _capture

POOL = (0, 7)


class Device:
    """Records what it is told; ``ends`` says whether a recording can be ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, ends: bool) -> None:
        self.told: list[object] = []
        self._ends = ends
        self.stream = SimpleNamespace(device=SimpleNamespace(index=1), synchronize=lambda: None)
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: self)
        monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: POOL)
        monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
        for name in ("_cuda_endAllocateToPool", "_cuda_releasePool"):
            monkeypatch.setattr(torch._C, name, self._pool_call(name), raising=False)

    def capture_begin(self, *, pool, capture_error_mode) -> None:
        self.told.append(("begin", pool, capture_error_mode))

    def capture_end(self) -> None:
        self.told.append("end")
        if not self._ends:
            raise RuntimeError("operation failed due to a previous error during capture")

    def _pool_call(self, name: str):
        return lambda device, pool: self.told.append((name, device, pool))


BEGUN = ("begin", POOL, "thread_local")
FORGOTTEN = [("_cuda_endAllocateToPool", 1, POOL), ("_cuda_releasePool", 1, POOL)]


def refuse() -> None:
    raise RuntimeError("the step waits for the device")


def test_a_step_is_recorded_into_a_pool_of_its_own(monkeypatch) -> None:
    device = Device(monkeypatch, ends=True)
    assert _capture(lambda: device.told.append("step"), device.stream) is device
    assert device.told == [BEGUN, "step", "end"]


def test_a_step_that_invalidates_its_recording_is_forgotten_by_the_allocator(monkeypatch) -> None:
    device = Device(monkeypatch, ends=False)
    with pytest.raises(RuntimeError, match="the step waits for the device"):
        _capture(refuse, device.stream)
    assert device.told == [BEGUN, "end", *FORGOTTEN]


def test_a_recording_that_others_have_invalidated_is_forgotten_too(monkeypatch) -> None:
    device = Device(monkeypatch, ends=False)
    with pytest.raises(RuntimeError, match="previous error during capture"):
        _capture(lambda: None, device.stream)
    assert device.told == [BEGUN, "end", *FORGOTTEN]


def test_a_recording_that_could_be_ended_belongs_to_its_graph(monkeypatch) -> None:
    device = Device(monkeypatch, ends=True)
    with pytest.raises(RuntimeError, match="the step waits"):
        _capture(refuse, device.stream)
    assert device.told == [BEGUN, "end"]
