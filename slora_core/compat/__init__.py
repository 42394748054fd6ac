"""The front in the shape of SubspaceLoRA: ``from slora_core.compat import DistributionCompensator``."""

from slora_core.compat.compensator import DistributionCompensator
from slora_core.compat.gaussian import GaussianStatistics

__all__ = ["DistributionCompensator", "GaussianStatistics"]
