"""Keys that a thread reads ahead of a CUDA device: the tiles and results of other keys, memory, errors and a cancel."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch

from slora_core.cancel import CancelToken
from slora_core.compensators import registry
from slora_core.compensators.attention import plan
from slora_core.compensators.attention.buffers import KEY_SLOTS, key_tiling, move_footprint
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.attention.keys import KeyStore
from slora_core.compensators.attention.read_ahead_keys import ReadAheadKeys
from slora_core.compensators.attention.uploads import CopyStream
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.memory.device import CUDA_PROFILE
from slora_core.memory.plan import Option
from slora_core.memory.planner import bound_bytes
from slora_core.memory.workspace import Workspace
from slora_core.numerics.noise import GivenNoise
from slora_core.sources.arrays import ArrayPairs
from slora_core.sources.feature_files import FeatureFile
from slora_core.statistics.state import ClassState
from slora_core.types import Workload

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
DEVICE = torch.device("cuda")
SAMPLES = 300


class WatchedPairs:
    """Calls ``on_read`` in the thread that reads, before every read."""

    def __init__(self, pairs: ArrayPairs, on_read: Callable[[], object]) -> None:
        self._pairs = pairs
        self._on_read = on_read
        self.count, self.dim = pairs.count, pairs.dim

    def read(self, start, stop, before, after) -> None:
        self._on_read()
        self._pairs.read(start, stop, before, after)


class Moved:
    """Collects moved classes."""

    def __init__(self, workload: Workload) -> None:
        self.means = np.full((workload.classes, workload.dim), np.nan, np.float32)
        self.covariances = np.full((workload.classes, workload.dim, workload.dim), np.nan, np.float32)

    def write(self, index, mean, covariance) -> None:
        self.means[index], self.covariances[index] = mean.numpy(), covariance.numpy()


class Case:
    """Pairs, classes and noise."""

    def __init__(self, pairs: int, dim: int = 96, classes: int = 5, top_k: int = 200) -> None:
        rng = np.random.default_rng(0)
        self.workload = Workload(pairs, dim, classes)
        self.config = RunConfig().merged({"operators": {"attention": {"samples": SAMPLES, "top_k": top_k}}})
        self.before = (rng.standard_normal((pairs, dim)) + rng.standard_normal(dim)).astype(np.float32)
        self.after = (self.before + 0.3 * np.tanh(self.before[:, ::-1])).astype(np.float32)
        roots = rng.standard_normal((classes, dim, 2 * dim))
        covariances = (roots @ roots.transpose(0, 2, 1) / (2 * dim)).astype(np.float32)
        means = rng.standard_normal((classes, dim)).astype(np.float32)
        ids = np.arange(classes)
        self.state = ClassState.from_arrays(ids, ids + 5, means, (covariances + covariances.transpose(0, 2, 1)) / 2)
        self.noise = GivenNoise(rng.standard_normal((SAMPLES, dim)).astype(np.float32))

    @property
    def pairs(self) -> ArrayPairs:
        return ArrayPairs(self.before, self.after)

    def read_ahead(self, chunk: int, batch: int, panel: int, form: str) -> Option:
        """As the plan would pad it."""
        choice = AttentionChoice(chunk, panel, resident=False, batch=batch, form=form, read_ahead=True)
        choice = plan._padded(choice, self.workload, self.config, CUDA_PROFILE)
        return Option(choice, move_footprint(self.workload, self.config, CUDA_PROFILE, choice), 0.0)

    def resident(self) -> Option:
        options = registry.move_options("attention", self.workload, self.config, CUDA_PROFILE)
        return next(option for option in options if option.choice.resident)

    def move(self, option: Option, pairs=None, cancel: CancelToken | None = None) -> Moved:
        moved, ctx, classes = Moved(self.workload), RunContext(DEVICE, cancel=cancel), self.workload.classes
        transition = registry.load("attention", self.config).fit(ctx, pairs or self.pairs, option)
        with transition.mover(ctx, option, self.noise) as mover:
            for start in range(0, classes, mover.batch_classes):
                mover.move(range(start, min(start + mover.batch_classes, classes)), self.state, moved)
        return moved


def relative(got, expected) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("top_k", [50, 10**6])
@pytest.mark.parametrize("pairs", [60, 3001, 9000])
def test_results_are_those_of_resident_keys_within_the_planned_memory(pairs: int, top_k: int) -> None:
    """Of one tile with padding and of several, whole classes at once and in three chunks."""
    case = Case(pairs, top_k=top_k)
    expected = case.move(case.resident())
    case.move(case.read_ahead(SAMPLES, 2, 512, "tiles"))  # libraries set themselves up
    for form in ("rows", "tiles"):
        for chunk, batch, panel in ((SAMPLES, 2, 512), (128, 5, 1024), (SAMPLES, 5, 4096)):
            option = case.read_ahead(chunk, batch, panel, form)
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_reserved()
            got = case.move(option)
            bound = bound_bytes(option.footprint.arena_totals()[0], CUDA_PROFILE)
            assert torch.cuda.max_memory_reserved() - before <= bound, option.choice
            assert relative(got.means, expected.means) <= 1e-6, option.choice
            assert relative(got.covariances, expected.covariances) <= 1e-6, option.choice


@pytest.mark.parametrize("slow", ["device", "reads"])
@pytest.mark.parametrize("pairs", [60, 9001])
def test_tiles_keep_the_bits_of_a_key_store_until_all_that_works_on_them_is_done(pairs: int, slow: str) -> None:
    """Whether the device lags behind or waits, and though some of what is asked for cannot be foretold."""
    case, panel, device = Case(pairs), 4096, torch.device("cuda", torch.cuda.device_count() - 1)
    tiling = key_tiling(pairs, panel)
    tiles = list(tiling.tiles())
    order = [(tile, kind) for kind in ("keys", "both", "keys", "drift", "drift", "both") for tile in tiles]
    order += [(tiles[-1], "both"), (tiles[0], "drift"), (tiles[-1], "keys"), (tiles[0], "keys"), (tiles[0], "both")]
    streamed = AttentionChoice(SAMPLES, panel, resident=False, form="tiles")
    footprint = move_footprint(case.workload, case.config, CUDA_PROFILE, streamed)
    ahead = case.read_ahead(SAMPLES, 1, panel, "tiles").footprint
    read = WatchedPairs(case.pairs, lambda: time.sleep(0.02 if slow == "reads" else 0))
    with torch.cuda.device(device), Workspace(footprint, device) as one, Workspace(ahead, device) as other:
        ctx = RunContext(device)
        store = KeyStore(ctx, one, case.pairs, tiling, resident=False)
        keys = ReadAheadKeys(ctx, other, read, tiling, CopyStream(device, KEY_SLOTS))
        work = torch.ones(4096, 4096, device=device)
        got = []
        for tile, kind in order:
            asked = ask(keys, tile, kind)
            for _ in range(20 if slow == "device" else 0):
                torch.mm(work, work)
            got.append([values.clone() for values in asked])  # when the device comes to it
        keys.close()
        torch.cuda.synchronize()
        for (tile, kind), values in zip(order, got, strict=True):
            for ours, theirs in zip(values, ask(store, tile, kind), strict=True):
                assert torch.equal(ours, theirs), (tile, kind)


def ask(keys, tile, kind) -> tuple[torch.Tensor, ...]:
    if kind == "both":
        return tuple(keys.keys_and_drift(tile))
    return (keys.keys(tile),) if kind == "keys" else (keys.drift(tile),)


def test_a_cancel_between_two_tiles_is_answered_and_lets_go_of_the_memory() -> None:
    case = Case(9000)
    option = case.read_ahead(SAMPLES, 2, 512, "tiles")
    case.move(option)
    gc.collect()
    before, cancel, reads = torch.cuda.memory_allocated(), CancelToken(), []

    def cancel_at_the_fifth() -> None:
        reads.append(time.perf_counter())
        if len(reads) == 5:
            cancel.cancel()

    with pytest.raises(RunCancelled):
        case.move(option, WatchedPairs(case.pairs, cancel_at_the_fifth), cancel)
    assert 5 <= len(reads) <= 8
    gc.collect()
    assert torch.cuda.memory_allocated() <= before


def test_a_file_that_became_shorter_is_an_input_error(tmp_path) -> None:
    case, path = Case(15000, dim=600, classes=2), tmp_path / "pairs.npz"
    np.savez(path, features_before=case.before, features_after=case.after)
    option = case.read_ahead(SAMPLES, 2, 1024, "tiles")
    with FeatureFile(path) as pairs:
        with path.open("rb+") as file:
            file.truncate(path.stat().st_size // 3)
        with pytest.raises(InputError, match="became shorter"):
            case.move(option, pairs)


def test_what_the_plan_offers_gives_the_results_of_resident_keys() -> None:
    """With nothing to pin, so that few pairs are many, and up to twenty classes a pass."""
    case = Case(9000, dim=384, classes=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MOST_PINNED_BYTES", 8 * 9000 * 384 - 1)
        options = registry.move_options("attention", case.workload, case.config, CUDA_PROFILE)
    ahead = [option for option in options if option.choice.read_ahead]
    assert {option.choice.form for option in ahead} == {"rows", "tiles"}
    widest = max(ahead, key=lambda option: option.choice.rows)
    assert widest.choice.batch == 20
    expected = case.move(case.resident())
    for option in (*ahead[::6], widest):
        got = case.move(option)
        assert relative(got.means, expected.means) <= 1e-6, option.choice
        assert relative(got.covariances, expected.covariances) <= 1e-6, option.choice
