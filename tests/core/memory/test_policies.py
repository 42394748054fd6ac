import pytest

from slora_core.config import RunConfig
from slora_core.memory.policies import adaptive_chunk, candidate_chunks

MIB = 1024**2


def config(**memory):
    return RunConfig.from_dict({"memory": memory})


def test_planned_and_tuned_may_take_any_power_of_two_and_the_whole():
    assert candidate_chunks(config(policy="planned"), 100) == (8, 16, 32, 64, 100)
    assert candidate_chunks(config(policy="tuned"), 64) == (8, 16, 32, 64)
    assert candidate_chunks(config(policy="planned"), 5) == (5,)
    assert candidate_chunks(config(policy="planned"), 10**6)[-1] == 2**14


def test_fixed_is_as_configured_and_adaptive_as_in_the_seed():
    assert candidate_chunks(config(policy="fixed", chunk=48), 1000) == (48,)
    assert candidate_chunks(config(policy="fixed", chunk=48), 20) == (20,)
    assert candidate_chunks(config(policy="adaptive"), 1000) == (32, 64, 128)
    assert candidate_chunks(config(policy="adaptive"), 50) == (32, 50)


def test_without_the_budget_manager_the_chunk_is_the_seeds():
    off = RunConfig.from_dict({"measures": {"adaptive_budget": False}, "memory": {"policy": "fixed", "chunk": 7}})

    assert candidate_chunks(off, 1000) == (128,)


@pytest.mark.parametrize(
    ("used", "chunk"), [(0, 128), (49 * MIB, 128), (50 * MIB, 64), (80 * MIB, 64), (81 * MIB, 32), (200 * MIB, 32)]
)
def test_the_seeds_thresholds(used, chunk):
    assert adaptive_chunk(used, 100 * MIB) == chunk


def test_an_unlimited_budget_is_never_short():
    assert adaptive_chunk(10**15, None) == 128
