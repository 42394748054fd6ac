"""Operators by name, and plans without torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from slora_core.compensators import registry
from slora_core.compensators.base import Compensator
from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.types import OPERATORS


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_is_there(name: str) -> None:
    assert isinstance(registry.load(name, RunConfig()), Compensator)


def test_samples_follow_the_configuration() -> None:
    sections = {"attention": {"samples": 30}, "weaknonlinear": {"samples": 40}, "rff": {"samples": 50}}
    config = RunConfig().merged({"operators": sections})
    assert [registry.samples_of(name, config) for name in OPERATORS] == [0, 40, 30, 50]
    means = config.merged({"operators": {"attention": {"mean_only": True}}})
    assert registry.samples_of("attention", means) == 0


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    for call in (registry.load, registry.samples_of):
        with pytest.raises(ConfigError, match="unknown operator 'hopfield'; known: linear, weaknonlinear"):
            call("hopfield", RunConfig())


def test_planning_every_operator_imports_no_torch() -> None:
    script = """
import sys
from slora_core.compensators import registry
from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.types import OPERATORS, Workload
for name in OPERATORS:
    for device in (CPU_PROFILE, CUDA_PROFILE):
        assert registry.fit_options(name, Workload(1000, 16, 4), RunConfig(), device)
        assert registry.move_options(name, Workload(1000, 16, 4), RunConfig(), device)
assert "torch" not in sys.modules, "torch was imported"
"""
    subprocess.run([sys.executable, "-c", script], check=True)
