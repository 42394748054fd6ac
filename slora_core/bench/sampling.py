"""What the sampler costs beside a busy engine."""

from __future__ import annotations

import time
from typing import Any, Final

import torch

from slora_core.bench.measure import Say
from slora_core.context import RunContext
from slora_core.events import Event
from slora_core.memory.ledger import Ledger
from slora_core.memory.meters import CpuMeter
from slora_core.memory.probe import Probe
from slora_core.memory.sampler import Sampler
from slora_core.records.tables import TextTable

SECONDS: Final = 5.0


def measure_sampling(hz: float, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """CPU seconds of the sampler's thread for each second of a run whose cores are busy with products."""
    say(f"sampling at {hz:g} Hz")
    ledger = Ledger()
    samples: list[Event] = []
    sampler = Sampler(
        hz, meter=CpuMeter(ledger), probe=Probe(), position=RunContext(torch.device("cpu")), emit=samples.append
    )
    matrix = torch.randn(768, 768)
    product = torch.empty_like(matrix)
    started = time.perf_counter()
    with ledger, sampler:
        while time.perf_counter() - started < SECONDS:
            torch.mm(matrix, matrix, out=product)
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
