"""Extraction of a model pair: two resident float32 models at batch 16 against one backbone, planned, by precision."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from slora_core.bench.measure import Say
from slora_core.bench.vit_pair import VIT_B16, VIT_SMALL, VitPair, make_images, make_pair
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.features.encoders import Encoder
from slora_core.features.extraction import Extractor
from slora_core.features.inputs import ArrayInputs
from slora_core.features.plan import ExtractionWork, extraction_options
from slora_core.features.probe import probe_extraction
from slora_core.memory.devices import profile_of, resolve_device
from slora_core.memory.host_state import host_state_guard
from slora_core.memory.ledger import Ledger
from slora_core.memory.meter import Meter
from slora_core.memory.meters import CpuMeter, CudaMeter
from slora_core.memory.plan import StageRequest
from slora_core.memory.planner import make_plan
from slora_core.memory.pool import release_library_workspaces, unused_of_pool
from slora_core.memory.sizes import format_size
from slora_core.records.tables import TextTable
from slora_core.sources.models.backbone import AdaptedBackbone

SEED_BATCH: Final = 16
PRECISIONS: Final = ("fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class ExtractionMeasure:
    """One way to extract: images a second through both models, peaks with the weights, deviation from the baseline."""

    name: str
    batch: int
    images_per_s: float
    peak_allocated_bytes: int
    peak_reserved_bytes: int | None
    predicted_peak_bytes: int | None
    feature_deviation: float
    accuracy: float


def measure_extraction(config: RunConfig, folder: Path, say: Say) -> tuple[list[TextTable], dict[str, Any]]:
    """ViT-B/16 on CUDA, a small one on a CPU; random weights, images in memory: decoding is not measured.

    The planned ways get the memory that the baseline took, and not more.
    """
    device = resolve_device(config.run.device)
    sizes = VIT_B16 if device.type == "cuda" else VIT_SMALL
    say(f"{sizes.name} of random weights, {sizes.images} images")
    pair = make_pair(folder, sizes, config.run.seed)
    images, labels = make_images(sizes, config.run.seed)
    bench = _Bench(config, device, pair, images, labels)
    with host_state_guard():
        say(f"two resident models, fp32, batch {SEED_BATCH}")
        rows = [bench.baseline()]
        limit = rows[0].peak_reserved_bytes or rows[0].peak_allocated_bytes
        for precision in PRECISIONS:
            say(f"one backbone, {precision}")
            rows.append(bench.planned(precision, limit))
    columns = ("", "batch", "images/s", "faster", "peak allocated", "peak reserved", "predicted", "deviation", "NCM")
    table = TextTable(
        f"Extraction of {sizes.images} images through both models, {sizes.name}",
        columns,
        (False, *(True,) * 8),
        tuple(_cells(row, rows[0]) for row in rows),
    )
    return [table], {"model": asdict(sizes), "rows": [asdict(row) for row in rows]}


class _Bench:
    """What all measurements share; ``reference`` are the baseline's features."""

    def __init__(
        self,
        config: RunConfig,
        device: torch.device,
        pair: VitPair,
        images: NDArray[np.float32],
        labels: NDArray[np.int64],
    ) -> None:
        self._config = config
        self._device = device
        self._pair = pair
        self._images = torch.from_numpy(images)
        if device.type == "cuda":
            self._images = self._images.pin_memory()
        self._labels = labels
        self._reference: list[NDArray[np.float32]] = []

    def baseline(self) -> ExtractionMeasure:
        """Each model in memory of its own."""

        def prepare() -> list[Encoder]:
            encoders: list[Encoder] = []
            for files in (self._pair.before, self._pair.after):
                backbone = AdaptedBackbone(self._pair.base, {"own": files})
                backbone.take_over(self._device)
                encoders.append(backbone.encoder("own"))
            return encoders

        return self._measured("two models, fp32", prepare, SEED_BATCH, "fp32", predicted=None)

    def planned(self, precision: str, limit_bytes: int) -> ExtractionMeasure:
        """One backbone, the batch that the planner takes within ``limit_bytes``."""
        batch, predicted = self._plan(precision, limit_bytes)
        return self._measured(f"one backbone, {precision}", self._one_backbone, batch, precision, predicted=predicted)

    def _one_backbone(self) -> list[Encoder]:
        backbone = AdaptedBackbone(self._pair.base, {"before": self._pair.before, "after": self._pair.after})
        backbone.take_over(self._device)
        return [backbone.encoder("before"), backbone.encoder("after")]

    def _plan(self, precision: str, limit_bytes: int) -> tuple[int, int]:
        backbone = AdaptedBackbone(self._pair.base, {"before": self._pair.before, "after": self._pair.after})
        with unused_of_pool(self._device) as grown:
            backbone.take_over(self._device)
        encoders = [backbone.encoder("before"), backbone.encoder("after")]
        held, profile = backbone.size_bytes, profile_of(self._device)
        room = limit_bytes - held - grown.bytes - profile.standing_bytes
        cost = probe_extraction(encoders, self._images[:24], self._device, precision=precision, room_bytes=room)
        work = ExtractionWork(len(self._images), 2, self._pair.base.dim, held_bytes=held, held_pool_bytes=grown.bytes)
        plan = make_plan(
            [StageRequest("extract", extraction_options(cost, work, self._config))],
            budget_bytes=limit_bytes,
            policy="planned",
            device=profile,
            base_bytes=profile.standing_bytes,
        )
        stage = plan.stage("extract")
        return int(stage.choice.batch), stage.predicted_peak_bytes

    def _measured(
        self,
        name: str,
        prepare: Callable[[], list[Encoder]],
        batch: int,
        precision: str,
        *,
        predicted: int | None,
    ) -> ExtractionMeasure:
        on_cpu = self._device.type == "cpu"
        ledger = Ledger()
        gc.collect()
        release_library_workspaces(self._device)  # the meter counts from what is held when it is made
        meter: Meter = CpuMeter(ledger) if on_cpu else CudaMeter(self._device)
        with ExitStack() as stack:
            if on_cpu:
                stack.enter_context(ledger)
            meter.push()
            encoders = prepare()
            self._extract(encoders, batch, precision, rows=2 * batch)
            started = time.perf_counter()
            features = self._extract(encoders, batch, precision, rows=len(self._images))
            seconds = time.perf_counter() - started
            del encoders
            peak = meter.pop()
        self._reference = self._reference or features
        return ExtractionMeasure(
            name=name,
            batch=batch,
            images_per_s=len(self._images) / seconds,
            peak_allocated_bytes=peak.allocated_bytes or 0,
            peak_reserved_bytes=peak.reserved_bytes,
            predicted_peak_bytes=predicted,
            feature_deviation=max(_relative(a, b) for a, b in zip(features, self._reference, strict=True)),
            accuracy=_nearest_mean_accuracy(features[1], self._labels),
        )

    def _extract(
        self, encoders: Sequence[Encoder], batch: int, precision: str, *, rows: int
    ) -> list[NDArray[np.float32]]:
        count = min(rows, len(self._images))
        out = [np.empty((count, self._pair.base.dim), np.float32) for _ in encoders]

        def sink(number: int, row: int, features: NDArray[np.float32]) -> None:
            out[number][row : row + len(features)] = features

        extractor = Extractor(RunContext(self._device), batch, precision=precision)
        extractor.extract(encoders, [ArrayInputs(self._images[:count])], sink)
        return out


def _nearest_mean_accuracy(features: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Of the second half of the rows, with class means from the first half."""
    half = len(labels) // 2
    classes = np.unique(labels)
    means = np.stack([features[:half][labels[:half] == number].mean(axis=0) for number in classes])
    distances = ((features[half:, None] - means[None]) ** 2).sum(axis=2)
    return float(np.mean(classes[distances.argmin(axis=1)] == labels[half:]))


def _relative(values: NDArray[np.float32], base: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(values - base) / np.linalg.norm(base))


def _cells(row: ExtractionMeasure, base: ExtractionMeasure) -> tuple[str, ...]:
    return (
        row.name,
        str(row.batch),
        f"{row.images_per_s:,.0f}",
        f"{row.images_per_s / base.images_per_s:.2f}x",
        format_size(row.peak_allocated_bytes),
        format_size(row.peak_reserved_bytes),
        format_size(row.predicted_peak_bytes) if row.predicted_peak_bytes is not None else "",
        f"{row.feature_deviation:.1e}",
        f"{100 * row.accuracy:.2f} %",
    )
