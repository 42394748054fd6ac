"""The planner's view of a card for one job: its eigensolver is asked where, and only where, it is needed."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from slora_core.classifiers.plan import evaluate_options
from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.footprint import arena_bytes
from slora_core.running import profiles
from slora_core.running.profiles import job_profile
from slora_core.types import MIB, Workload

EVALUATED, PLAIN = Workload(100, 64, 5, evaluation_rows=40), Workload(100, 96, 5)
CARD = torch.device("cuda", 0)


@pytest.fixture
def asked(monkeypatch) -> list[tuple[torch.device, int]]:
    found: list[tuple[torch.device, int]] = []

    def measured(device: torch.device, dim: int) -> int:
        found.append((device, dim))
        return 37 * MIB + 5

    monkeypatch.setattr(profiles, "eigensolver_bytes", measured)
    monkeypatch.setattr(profiles, "profile_of", lambda device, threads: CUDA_PROFILE)
    return found


def test_an_evaluation_with_lr_rgda_is_planned_with_what_the_eigensolver_takes(asked) -> None:
    profile = job_profile(RunConfig(), CARD, (EVALUATED, PLAIN))
    assert asked == [(CARD, 64)]
    for option in evaluate_options(EVALUATED, RunConfig(), profile):
        assert option.footprint.workspace_bytes == arena_bytes(37 * MIB + 5)


@pytest.mark.parametrize("names", ["lda,qda,ncm", "lr-rgda"])
def test_nothing_is_asked_that_is_not_needed(names: str, asked) -> None:
    config = RunConfig().merged({"classifiers": {"names": names}})
    workloads = (PLAIN,) if names == "lr-rgda" else (EVALUATED,)
    assert job_profile(config, CARD, workloads) == CUDA_PROFILE
    assert asked == []


def test_a_cpu_is_not_asked(asked, monkeypatch) -> None:
    monkeypatch.setattr(profiles, "profile_of", lambda device, threads: CPU_PROFILE)
    assert job_profile(RunConfig(), torch.device("cpu"), (EVALUATED,)) == CPU_PROFILE
    assert asked == []


def test_small_pieces_of_a_library_are_planned_as_one_block_of_the_pool() -> None:
    """Between 1 and 10 MiB the pool would take 20 MiB for each."""
    tiny = dataclasses.replace(CUDA_PROFILE, workspace_bytes={"eigh": 3 * MIB})
    assert {o.footprint.workspace_bytes for o in evaluate_options(EVALUATED, RunConfig(), tiny)} == {10 * MIB}
