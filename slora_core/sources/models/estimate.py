"""What an extraction will take, from the configuration of a transformer alone: for a plan without a model. Torch-free.

A run measures it on two small batches and plans from that; the estimate is for looking ahead.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

from slora_core.config import RunConfig
from slora_core.features.plan import ExtractionWork, ProbedCost, extraction_options
from slora_core.memory.device import DeviceProfile
from slora_core.memory.plan import StageRequest
from slora_core.peers import share_of
from slora_core.sources.models.sizes import ModelInputs

_STATES: Final = 2.0
"""Hidden states of float32 that live through a block: the residual and its norm."""
_PRECISION_BYTES: Final = {"fp32": 4, "bf16": 2, "fp16": 2}
_PRECISION_SPEED: Final = {"fp32": 1, "bf16": 8, "fp16": 8}
_EFFICIENCY: Final = 0.5
_LAYER_OPERATIONS: Final = 80


def estimated_requests(
    config: RunConfig, inputs: ModelInputs, device: DeviceProfile, rank: int = 0, size: int = 1
) -> dict[int, tuple[StageRequest, ...]]:
    """The ``extract`` stage of a run on a model pair, of rank ``rank`` of ``size``."""
    adapters = [adapter for adapter in (inputs.adapter_before, inputs.adapter_after) if adapter is not None]
    held = inputs.base.weights_bytes + sum(adapter.weights.stat().st_size for adapter in adapters)
    precision = "fp32" if config.precision == "auto" else config.precision  # what auto falls back to takes most
    cost = estimated_cost(inputs.base.config, inputs.base.image_shape, precision, device)
    work = extraction_work(config, inputs, held, device.kind, rank, size)
    return {1: (StageRequest("extract", extraction_options(cost, work, config, precision)),)}


def estimated_cost(
    model: dict[str, Any], image_shape: tuple[int, int, int], precision: str, device: DeviceProfile
) -> ProbedCost:
    """Of a vision transformer by its published sizes: the widest moment is inside the perceptron of a block."""
    dim, layers = int(model["hidden_size"]), int(model.get("num_hidden_layers", 12))
    wide = int(model.get("intermediate_size", 4 * dim))
    patch = model.get("patch_size", 16)
    tokens = image_shape[1] * image_shape[2] // (patch**2 if isinstance(patch, int) else prod(patch)) + 1
    item = int(tokens * (4 * _STATES * dim + 2 * _PRECISION_BYTES[precision] * wide))
    flop = layers * tokens * (8 * dim * dim + 4 * dim * wide + 4 * tokens * dim)
    speed = device.gemm32 * _EFFICIENCY * (_PRECISION_SPEED[precision] if device.kind == "cuda" else 1)
    on_device = 4 * prod(image_shape) if device.kind == "cuda" else 0
    return ProbedCost(0, item + on_device, flop / speed, layers * _LAYER_OPERATIONS * device.op_s)


def extraction_work(  # noqa: PLR0917
    config: RunConfig, inputs: ModelInputs, model_bytes: int, device_kind: str, rank: int = 0, size: int = 1
) -> ExtractionWork:
    """The extraction of a model pair: the model is held through it; on a CPU the inputs count too.

    Of ``size`` ranks each has its share of every list of images.
    """
    workload = inputs.workload
    lists = (inputs.images, inputs.auxiliary, inputs.evaluation)
    shares = [share_of(len(images or ()), rank, size) for images in lists]
    parts = [stop - start for start, stop in shares]
    return ExtractionWork(
        rows=sum(parts[:2]),
        evaluation_rows=parts[2],
        passes=2 if workload.pairs else 1,
        dim=workload.dim,
        held_bytes=model_bytes,
        input_bytes=4 * prod(inputs.base.image_shape) if device_kind == "cpu" else 0,
        looks_up=config.measures.feature_cache and config.extraction.cache_disk > 0,
        longest=max(parts),
    )
