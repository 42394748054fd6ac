"""How a CUDA device is asked batch by batch, on a stand-in that answers with figures."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch

from slora_core.config import RunConfig
from slora_core.features import precision, probe
from slora_core.memory.meter import Reading

CUDA = torch.device("cuda", 0)
MIB = 1024**2


@pytest.fixture
def card(monkeypatch):
    """``card(images_per_s={batch: rate}, full_from=...)``: every input takes 5 MiB and 2 of the pool, libraries 10."""

    def stand_in(images_per_s, full_from=10**9):
        asked = []

        def begin(encoders, inputs, device, precision, count, *, batches=1):
            asked.append((count, batches))
            return lambda: None

        def peak(run, meter):
            count = asked[-1][0]
            if count >= full_from:
                raise torch.OutOfMemoryError("full")
            return Reading(5 * MIB * count, 7 * MIB * count)

        monkeypatch.setattr(probe, "_pass", begin)
        monkeypatch.setattr(probe, "_peak", peak)
        monkeypatch.setattr(probe, "_seconds", lambda _: asked[-1][0] / images_per_s[asked[-1][0]])
        monkeypatch.setattr(probe, "_library_workspaces", lambda _: nullcontext(lambda: 10 * MIB))
        monkeypatch.setattr(probe, "CudaMeter", lambda _: None)
        return asked

    return stand_in


def measured(room_bytes=None, **options):
    cost = probe.probe_extraction([None], torch.zeros(24, 3), CUDA, precision="fp32", room_bytes=room_bytes, **options)
    return {found.batch: found for found in cost.batches}


def test_larger_batches_are_measured_while_they_pay(card):
    asked = card({1: 10, 8: 80, 32: 200, 64: 202, 128: 999})
    found = measured()
    assert list(found) == [1, 8, 32, 64]  # 64 gave one percent more than 32: 128 is not tried
    assert found[32] == (32, 10 * MIB + 32 * 5 * MIB, 32 * 2 * MIB, 32 / 200)
    assert max(batches for _, batches in asked) > 1


def test_a_batch_that_the_budget_would_not_hold_is_not_tried(card):
    asked = card(dict.fromkeys((1, 8, 32, 64), 1.0) | {8: 10.0, 32: 100.0, 64: 1000.0})
    assert list(measured(room_bytes=300 * MIB)) == [1, 8, 32]
    assert 64 not in {count for count, _ in asked}


def test_a_card_that_is_full_ends_the_probe_and_one_without_room_for_a_single_input_the_run(card):
    card({1: 1.0, 8: 10.0, 32: 100.0}, full_from=32)
    assert list(measured()) == [1, 8]
    card({}, full_from=1)
    with pytest.raises(torch.OutOfMemoryError):
        measured()


def test_time_is_that_of_one_model(card):
    card({4: 40.0})
    cost = probe.probe_extraction([None, None], torch.zeros(24, 3), CUDA, precision="bf16", batches=(4,))
    assert cost.of(4).seconds == pytest.approx(4 / 40 / 2)


@pytest.mark.parametrize(
    ("batch", "longest", "expected"),
    [
        (0, 0, (1, 8, 32, 64, 128, 256)),
        (0, 10, (1, 8, 10)),
        (0, 8, (1, 8)),
        (0, 5000, (1, 8, 32, 64, 128, 256)),
        (48, 10, (48,)),
    ],
)
def test_no_batch_is_larger_than_what_there_is(monkeypatch, batch, longest, expected):
    monkeypatch.setattr(precision, "probe_extraction", lambda *_, **options: options["batches"])
    config = RunConfig().merged({"extraction": {"batch": batch}})
    cpu = torch.device("cpu")
    assert precision.probe_precision([None], torch.zeros(24, 3), cpu, config, longest=longest).cost == expected
