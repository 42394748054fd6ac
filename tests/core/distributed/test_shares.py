from __future__ import annotations

import json

import pytest

from slora_core.cli import main
from slora_core.compensators.rff.plan import fit_options
from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE
from slora_core.peers import ALONE, own_share, share_of
from slora_core.running.planning import plan_config
from slora_core.running.shares import Share, own_workload, received
from slora_core.types import Workload

SIZES = {"source": {"kind": "synthetic", "pairs": 1000, "dim": 64, "classes": 10}}


@pytest.mark.parametrize(("count", "size"), [(10, 3), (2, 5), (0, 4), (7, 1), (41_000, 8)])
def test_shares_cover_everything_once_and_differ_by_one_at_most(count, size):
    shares = [share_of(count, rank, size) for rank in range(size)]
    assert [row for start, stop in shares for row in range(start, stop)] == list(range(count))
    lengths = [stop - start for start, stop in shares]
    assert max(lengths) - min(lengths) <= 1


def test_a_process_alone_has_everything():
    assert own_share([3, 1, 2], ALONE) == [3, 1, 2]


def test_a_rank_plans_for_its_pairs_and_classes():
    whole, share = plan_config(RunConfig.from_dict(SIZES)), plan_config(RunConfig.from_dict(SIZES), share=Share(1, 4))
    assert [stage.stage for stage in share.plan.stages] == [stage.stage for stage in whole.plan.stages]
    assert share.plan.stage("linear.fit").seconds < whole.plan.stage("linear.fit").seconds
    assert share.plan.stage("attention.move").seconds < whole.plan.stage("attention.move").seconds


def test_only_rank_0_plans_the_training():
    """Beside the network itself (three d x d and three gates in float32) the others hold nothing for it."""
    config = RunConfig.from_dict(SIZES)
    trains, receives = (plan_config(config, share=Share(rank, 2)).plan.stage("weaknonlinear.fit") for rank in (0, 1))
    assert receives.predicted_peak_bytes == (3 * 64 * 64 + 3) * 4
    assert trains.predicted_peak_bytes > 2 * receives.predicted_peak_bytes


def test_a_rank_without_classes_plans_for_one():
    assert own_workload(Workload(5, 8, 2), Share(0, 3)).classes == 1
    assert own_workload(Workload(5, 8, 0), Share(0, 3)).classes == 0


def test_what_is_received_is_what_a_fit_keeps():
    options = fit_options(Workload(100, 8, 2), RunConfig(), CPU_PROFILE)
    (option,) = received(options)
    assert option.footprint.kept == options[0].footprint.kept
    assert option.footprint.standing == ()


def test_slora_plan_shows_every_rank_and_what_they_exchange(capsys):
    sizes = ["--set", "source.pairs=10000000", "--set", "source.dim=1024", "--set", "source.classes=21841"]
    arguments = ["plan", "--workload", "seed-16gb", *sizes, "--nproc", "8", "--profile", "cuda", "--json"]
    assert main([*arguments, "--operators", "linear"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert len(plan["ranks"]) == 8
    assert plan["communicated_bytes"]["linear.fit"] == 7 * 3 * 1024 * 1024 * 8
    assert plan["communicated_bytes"]["linear.move"] == 0


def test_slora_plan_refuses_for_the_rank_that_needs_most(capsys):
    assert main(["plan", "--workload", "seed-2core", "--nproc", "2", "--profile", "cpu", "--budget", "16MiB"]) == 3
    assert "cannot hold the weaknonlinear stage of rank 0" in capsys.readouterr().err
