import pytest
import torch

from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import NoMeter, Reading
from slora_core.memory.meters import CpuMeter, CudaMeter


def test_on_a_cpu_the_ledger_is_the_counter_and_nothing_is_reserved():
    with Ledger() as ledger:
        meter = CpuMeter(ledger)
        kept = torch.empty(100)
        meter.push()
        torch.empty(300)
        meter.push()
        torch.empty(50)
        assert meter.pop() == Reading(600, None, 600)
        assert meter.pop() == Reading(1600, None, 1600)
        assert meter.read() == Reading(400, None, 400)
        del kept


class FakeAllocator:
    """The CUDA allocator's counters: present values, and peaks since the last reset of all."""

    def __init__(self) -> None:
        self.allocated = self.reserved = self.allocated_peak = self.reserved_peak = 0
        self.ready = True

    def use(self, allocated: int, reserved: int) -> None:
        self.allocated, self.reserved = allocated, reserved
        self.allocated_peak = max(self.allocated_peak, allocated)
        self.reserved_peak = max(self.reserved_peak, reserved)

    def stats(self, device: torch.device):
        if not self.ready:
            return {}
        pairs = {
            "allocated_bytes": (self.allocated, self.allocated_peak),
            "reserved_bytes": (self.reserved, self.reserved_peak),
        }
        return {name: {"all": {"current": now, "peak": peak}} for name, (now, peak) in pairs.items()}

    def reset(self, device: torch.device) -> None:
        self.allocated_peak, self.reserved_peak = self.allocated, self.reserved

    def empty(self) -> None:
        self.reserved = self.allocated


@pytest.fixture
def allocator(monkeypatch: pytest.MonkeyPatch) -> FakeAllocator:
    fake = FakeAllocator()
    monkeypatch.setattr(torch.cuda.memory, "memory_stats_as_nested_dict", fake.stats)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", fake.reset)
    monkeypatch.setattr(torch.cuda, "empty_cache", fake.empty)
    return fake


def test_cuda_peaks_nest_though_the_device_knows_one(allocator: FakeAllocator):
    meter = CudaMeter(torch.device("cuda", 0))
    allocator.use(900, 1000)
    allocator.use(100, 1000)

    meter.push()
    allocator.use(700, 1200)
    allocator.use(50, 1200)
    meter.push()
    allocator.use(300, 1200)
    allocator.use(50, 400)
    inner = meter.pop()
    meter.push()
    sibling = meter.pop()

    assert inner == Reading(300, 1200, None)
    assert sibling == Reading(50, 50, None)
    assert meter.pop() == Reading(700, 1200, None)
    assert meter.read() == Reading(50, 50, None)


def test_a_nested_cuda_count_is_not_charged_for_what_the_pool_only_keeps(allocator: FakeAllocator):
    meter = CudaMeter(torch.device("cuda", 0))
    meter.push()
    meter.push()
    allocator.use(700, 1200)
    allocator.use(60, 1200)
    meter.pop()
    meter.push()
    allocator.use(90, 100)

    assert meter.pop() == Reading(90, 100, None)
    assert meter.pop() == Reading(700, 1200, None)


def test_cuda_host_tensors_come_from_a_ledger(allocator: FakeAllocator):
    with Ledger() as ledger:
        meter = CudaMeter(torch.device("cuda", 0), ledger)
        meter.push()
        torch.empty(25)
        kept = torch.empty(5)
        allocator.use(8, 16)

        assert meter.read() == Reading(8, 16, 20)
        assert meter.pop() == Reading(8, 16, 100)
        del kept


def test_cuda_before_its_first_use_has_nothing_allocated(allocator: FakeAllocator):
    allocator.ready = False

    assert CudaMeter(torch.device("cuda", 0)).read() == Reading(0, 0, None)


def test_outside_a_run_nothing_is_available():
    meter = NoMeter()
    meter.push()

    assert meter.pop() == meter.read() == Reading(None, None, None)
