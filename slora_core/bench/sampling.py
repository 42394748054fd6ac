"""What the sampler costs beside a busy engine."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any, Final

import torch

from slora_core.bench.measure import Say
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.events import Event
from slora_core.memory.devices import resolve_device
from slora_core.memory.ledger import Ledger
from slora_core.memory.meters import CpuMeter, CudaMeter
from slora_core.memory.probe import Probe
from slora_core.memory.sampler import Sampler
from slora_core.records.tables import TextTable

SECONDS: Final = 5.0


def measure_sampling(config: RunConfig, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """CPU seconds of the sampler's thread for each second of a run whose device is busy with products."""
    hz, device = config.run.sample_hz, resolve_device(config.run.device)
    say(f"sampling at {hz:g} Hz")
    ledger = Ledger()
    on_cpu = device.type == "cpu"
    samples: list[Event] = []
    sampler = Sampler(
        hz,
        meter=CpuMeter(ledger) if on_cpu else CudaMeter(device),
        probe=Probe(None if on_cpu else device.index or 0),
        position=RunContext(device),
        emit=samples.append,
    )
    matrix = torch.randn(768, 768, device=device)
    product = torch.empty_like(matrix)
    started = time.perf_counter()
    with ledger if on_cpu else nullcontext(), sampler:
        while time.perf_counter() - started < SECONDS:
            torch.mm(matrix, matrix, out=product)
            if not on_cpu:
                torch.cuda.synchronize(device)
    elapsed = time.perf_counter() - started
    share = sampler.cpu_s / elapsed
    table = TextTable(
        "Cost of sampling",
        ("rate", "samples", "missed deadlines", "cost of a tick", "share of one core"),
        (True,) * 5,
        (
            (
                f"{hz:g} Hz",
                str(sampler.ticks),
                str(sampler.skipped),
                f"{1e6 * sampler.cpu_s / max(1, sampler.ticks):.0f} µs",
                f"{100 * share:.2f} %",
            ),
        ),
    )
    return [table], {"hz": hz, "ticks": sampler.ticks, "skipped": sampler.skipped, "share": share}
