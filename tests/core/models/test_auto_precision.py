"""``extraction.precision = "auto"``: measured, bounded, the same on every rank, and told in plan, notice and record."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file
from torch import nn

from slora_core import pipeline
from slora_core.config import RunConfig
from slora_core.features import precision
from slora_core.features.encoders import ModuleEncoder
from slora_core.features.plan import ProbedCost
from slora_core.features.precision import largest_deviation, prefers_half, probe_precision
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile

sys.path.insert(0, str(Path(__file__).parents[1] / "distributed"))

from thread_peers import Room, ThreadPeers

CPU = torch.device("cpu")
AUTO = RunConfig().merged({"extraction": {"precision": "auto"}})


def cost(seconds: float) -> ProbedCost:
    return ProbedCost(1000, 100, item_s=seconds / 10)


@pytest.mark.parametrize(
    ("exact_s", "half_s", "deviation", "half"),
    [
        (1.0, 0.4, 0.01, True),
        (1.0, 0.4, 0.03, False),  # too far
        (1.0, 1.2, 0.01, False),  # slower
        (1.0, 0.97, 0.01, False),  # not clearly faster
        (1.0, 0.4, float("nan"), False),
    ],
)
def test_bf16_is_taken_where_it_is_clearly_faster_and_near(exact_s, half_s, deviation, half):
    assert prefers_half(cost(exact_s), cost(half_s), 10, deviation, 0.02) is half


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 40), nn.GELU(), nn.Linear(40, 8))


def test_the_deviation_is_that_of_the_libraries_autocast(network):
    inputs = torch.randn(24, 12)
    with torch.no_grad():
        exact = network(inputs).double()
        with torch.autocast("cpu", torch.bfloat16):
            half = network(inputs).double()
    expected = float((half - exact).norm() / exact.norm())
    assert 1e-4 < expected < 0.02
    assert largest_deviation([ModuleEncoder(network)], inputs, CPU) == pytest.approx(expected, rel=1e-3)


@pytest.fixture
def faked(monkeypatch):
    """``faked(fp32_s, bf16_s)``: what the probe will have measured, whatever the clock says."""

    def make(fp32_s, bf16_s):
        original = precision.probe_extraction

        def probed(*args, precision, **options):
            found = original(*args, precision=precision, **options)
            return ProbedCost(found.fixed_bytes, found.item_bytes, fp32_s if precision == "fp32" else bf16_s)

        monkeypatch.setattr(precision, "probe_extraction", probed)

    return make


def test_half_precision_is_a_matter_of_all_ranks(network, faked):
    """The clock of one rank finds bf16 slower: no rank takes it."""
    import threading

    faked(1.0, 0.5)
    room, found = Room(2), [None, None]

    def work(rank):
        bound = 0.5 if rank == 0 else 1e-6
        config = AUTO.merged({"extraction": {"precision_bound": bound}})
        encoders, peers = [ModuleEncoder(network)], ThreadPeers(rank, room)
        found[rank] = probe_precision(encoders, torch.randn(6, 12), CPU, config, counts=(2, 6), peers=peers)

    threads = [threading.Thread(target=work, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [own.precision for own in found] == ["fp32", "fp32"]
    assert [own.cost.item_s for own in found] == [1.0, 1.0]


def run(perform, config, target):
    return perform(config.merged({"output": {"state": str(target)}})).expect_finished()


def digest_of(path) -> str:
    with safe_open(path, "numpy") as file:
        return file.metadata()["config_digest"]


@pytest.mark.parametrize(("speed", "chosen"), [((1.0, 0.5), "bf16"), ((0.5, 1.0), "fp32")])
def test_an_auto_run_is_the_run_that_it_chose_to_the_bit(pair_config, perform, tmp_path, faked, speed, chosen):  # noqa: PLR0917
    config = pair_config(adapter_before=None, extraction={"cache_disk": 0, "batch": 8})
    run(perform, config.merged({"extraction": {"precision": chosen}}), tmp_path / "named.safetensors")
    faked(*speed)
    done = run(perform, config.merged({"extraction": {"precision": "auto"}}), tmp_path / "auto.safetensors")

    named, auto = (load_file(tmp_path / f"{name}.safetensors") for name in ("named", "auto"))
    assert all(np.array_equal(named[key], auto[key]) for key in named)
    assert digest_of(tmp_path / "auto.safetensors") == digest_of(tmp_path / "named.safetensors")
    extract = next(stage for stage in done.plan["stages"] if stage["stage"] == "extract")
    assert extract["choice"]["precision"] == chosen
    assert done.plan["precision"]["chosen"] == chosen
    assert 0 < done.plan["precision"]["deviation"] < 0.02
    (notice,) = [notice for notice in done.notices if notice.kind == "precision"]
    assert notice.message.startswith(f"forward passes in {chosen}: on 6 inputs bf16 is 2.0 times ")
    assert notice.data["bound"] == 0.02
    assert done.peaks["extract"] <= done.predicted["extract"] * 1.005 + 16384


def test_a_bound_that_bf16_cannot_keep_leaves_float32(pair_config, perform, tmp_path, faked):
    faked(1.0, 0.5)
    config = pair_config(
        adapter_before=None, extraction={"cache_disk": 0, "precision": "auto", "precision_bound": 1e-6}
    )
    assert run(perform, config, tmp_path / "auto.safetensors").plan["precision"]["chosen"] == "fp32"


def test_the_record_keeps_what_was_asked_for_and_what_was_chosen(pair_config, tmp_path):
    config = pair_config(adapter_before=None, extraction={"cache_disk": 0, "precision": "auto"})
    with closing(record(pipeline.stream(config), tmp_path / "run.slora")) as stream:
        list(stream)
    with RunFile.open(tmp_path / "run.slora") as file:
        assert file.config["extraction"]["precision"] == "auto"
        measured = file.plan["precision"]
        faster = measured["bf16_s"] < 0.95 * measured["fp32_s"]
        assert measured["chosen"] == ("bf16" if faster and measured["deviation"] <= 0.02 else "fp32")
        assert any(notice.kind == "precision" for notice in file.notices())
