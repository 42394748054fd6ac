"""Every operator against float64 at the width of a ViT-B; on a CUDA device the same in tests/gpu."""

from __future__ import annotations

import pytest
import torch
from conformance import deviations_from_oracle, make_wide_problem

from slora_core.memory.device import CPU_PROFILE
from slora_core.types import OPERATORS


@pytest.mark.parametrize("name", OPERATORS)
def test_mean_and_covariance_are_those_of_float64(name: str) -> None:
    assert max(deviations_from_oracle(name, make_wide_problem(), torch.device("cpu"), CPU_PROFILE)) <= 1e-5
