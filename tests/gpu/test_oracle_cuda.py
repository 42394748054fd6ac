"""Every operator on a CUDA device against float64 NumPy, at the width of a ViT-B."""

from __future__ import annotations

import pytest
import torch
from conformance import deviations_from_oracle, make_wide_problem

from slora_core.memory.devices import profile_of
from slora_core.types import OPERATORS

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]


@pytest.mark.parametrize("name", OPERATORS)
def test_mean_and_covariance_are_those_of_float64(name: str) -> None:
    device = torch.device("cuda")
    assert max(deviations_from_oracle(name, make_wide_problem(), device, profile_of(device))) <= 1e-5
