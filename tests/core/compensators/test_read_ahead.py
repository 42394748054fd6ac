"""Keys that a thread reads ahead: the tiles of a ``KeyStore`` in whatever order they are asked for; errors and ends."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from conformance import Problem, context, make_problem
from hypothesis import given, settings
from hypothesis import strategies as st
from upload_fakes import EarlyUploads, LateUploads

from slora_core.cancel import CancelToken
from slora_core.compensators import registry
from slora_core.compensators.attention.buffers import key_tiling, move_footprint
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.attention.keys import KeyStore
from slora_core.compensators.attention.read_ahead_keys import ReadAheadKeys
from slora_core.compensators.attention.requests import Request, RequestOrder
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.plan import Option
from slora_core.memory.policies import MOST_PINNED_BYTES
from slora_core.memory.workspace import Workspace
from slora_core.sources.arrays import ArrayPairs
from slora_core.sources.feature_files import FeatureFile
from slora_core.types import Workload

CPU = torch.device("cpu")
UPLOADS = (EarlyUploads, LateUploads)
WAIT_S = 20.0


class WatchedPairs:
    """Pairs that remember what was read, and let a test hold a read or make it fail."""

    def __init__(self, pairs: ArrayPairs) -> None:
        self._pairs = pairs
        self.count, self.dim = pairs.count, pairs.dim
        self.on_read: Callable[[], object] = bool
        self.reads: list[tuple[int, int, bool]] = []
        self.fails_at: int | None = None
        self.open = threading.Event()
        self.open.set()
        self.reached = threading.Event()

    def read(self, start, stop, before, after) -> None:
        self.on_read()
        self.reads.append((start, stop, after is not None))
        self.reached.set()
        assert self.open.wait(WAIT_S)
        if start == self.fails_at:
            raise InputError(f"row {start} is missing")
        self._pairs.read(start, stop, before, after)


def choice_of(panel: int, form: str = "tiles", **other: int) -> AttentionChoice:
    return AttentionChoice(16, panel, resident=False, form=form, read_ahead=True, **other)


def footprint_of(problem: Problem, choice: AttentionChoice) -> Footprint:
    return move_footprint(problem.workload, problem.config, CUDA_PROFILE, choice)


class Opened:
    """Keys that are read ahead, on the CPU, with everything around them."""

    def __init__(self, problem: Problem, panel: int, uploads=EarlyUploads, cancel: CancelToken | None = None) -> None:
        self.tiling = key_tiling(len(problem.before), panel)
        self.tiles = list(self.tiling.tiles())
        self.pairs = WatchedPairs(problem.pairs)
        self.uploads = uploads()
        self._workspace = Workspace(footprint_of(problem, choice_of(panel)), CPU)
        for name in ("keys", "drift"):
            self._workspace[f"attention_{name}_ahead"].fill_(torch.nan)
            self._workspace[f"attention_{name}"].fill_(torch.nan)
        ctx = RunContext(CPU, cancel=cancel)
        self.keys = ReadAheadKeys(ctx, self._workspace, self.pairs, self.tiling, self.uploads)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.pairs.open.set()
        self.keys.close()
        self._workspace.close()

    def ask(self, tile, kind) -> tuple[torch.Tensor, ...]:
        if kind == "both":
            return tuple(self.keys.keys_and_drift(tile))
        return (self.keys.keys(tile),) if kind == "keys" else (self.keys.drift(tile),)


def expected_tile(problem: Problem, opened: Opened, tile) -> dict[str, np.ndarray]:
    """Float64, from the arrays themselves: zero where there is padding."""
    padding, width = opened.tiling.padding, opened.tiling.width
    before = np.pad(problem.before.astype(float), ((padding, 0), (0, 0)))[tile.start : tile.start + width]
    after = np.pad(problem.after.astype(float), ((padding, 0), (0, 0)))[tile.start : tile.start + width]
    norms = np.maximum(np.linalg.norm(before, axis=1, keepdims=True), 1e-12)
    return {"keys": before / norms, "drift": after - before}


@pytest.mark.parametrize("uploads", UPLOADS)
@settings(max_examples=30, derandomize=True, deadline=None)
@given(data=st.data())
def test_tiles_asked_for_in_any_order_are_those_of_the_pairs(uploads, data: st.DataObject) -> None:
    pairs, panel = data.draw(st.integers(2, 400)), data.draw(st.sampled_from([64, 100, 128, 500]))
    problem = make_problem(pairs=pairs, dim=data.draw(st.integers(1, 9)), classes=1, samples=2, duplicates=True)
    with Opened(problem, panel, uploads) as opened:
        wanted = st.tuples(st.sampled_from(opened.tiles), st.sampled_from(["keys", "drift", "both"]))
        for tile, kind in data.draw(st.lists(wanted, min_size=1, max_size=12)):
            got = opened.ask(tile, kind)
            expected = expected_tile(problem, opened, tile)
            for values, name in zip(got, ("keys", "drift") if kind == "both" else (kind,), strict=True):
                np.testing.assert_allclose(values.numpy(), expected[name], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("pairs", [40, 64, 5000])
def test_tiles_have_the_bits_of_a_key_store_in_every_pass(pairs: int) -> None:
    """Of one tile with padding, of one without, and of tiles that are longer than what is read at once."""
    problem, panel = make_problem(pairs=pairs, dim=7, classes=1, samples=2), 3000
    tiling = key_tiling(pairs, panel)
    streamed = AttentionChoice(16, panel, resident=False, form="tiles")
    with Workspace(footprint_of(problem, streamed), CPU) as workspace, Opened(problem, panel, LateUploads) as opened:
        store = KeyStore(context(), workspace, problem.pairs, tiling, resident=False)
        for _ in range(2):
            for tile in tiling.tiles():
                assert torch.equal(opened.keys.keys(tile), store.keys(tile))
            for tile in tiling.tiles():
                got, expected = (tuple(keys.keys_and_drift(tile)) for keys in (opened.keys, store))
                assert torch.equal(got[0], expected[0])
                assert torch.equal(got[1], expected[1])


def test_the_next_tile_is_foretold_and_a_pass_is_followed_by_what_followed_it_before() -> None:
    first, second, third = tiles = list(key_tiling(190, 64).tiles())
    order = RequestOrder(key_tiling(190, 64))
    told = [order.after(Request(tile, kind)) for kind in ("keys", "both", "keys", "both") for tile in tiles]
    assert told[:3] == [(second, "keys"), (third, "keys"), (first, "keys")]
    assert told[3:6] == [(second, "both"), (third, "both"), (first, "both")]
    assert told[6:9] == [(second, "keys"), (third, "keys"), (first, "both")]
    assert told[9:] == [(second, "both"), (third, "both"), (first, "keys")]


def test_every_tile_is_read_once_a_pass_when_the_guesses_are_right() -> None:
    """Beyond the first passes, whose ends cannot be foretold, and one tile that nobody asks for at the end."""
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        for _ in range(3):
            for kind in ("keys", "both"):
                for tile in opened.tiles:
                    opened.ask(tile, kind)
        assert _until(lambda: len(opened.pairs.reads) == 21)
        wrong = [(0, 64, False), (0, 64, True)]
        one_pass = [(tile.start, tile.start + 64) for tile in opened.tiles]
        keys, both = ([(*rows, drift) for rows in one_pass] for drift in (False, True))
        assert opened.pairs.reads == [*keys, wrong[0], *both, wrong[1], *(keys + both) * 2, keys[0]]
        assert len(opened.uploads.threads) == 1


def test_the_next_tile_is_read_while_the_present_one_is_worked_on() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        present = opened.keys.keys(opened.tiles[0])
        values = present.clone()
        assert _until(lambda: len(opened.uploads.copied) == 2)
        assert opened.pairs.reads == [(0, 64, False), (64, 128, False)]
        assert torch.equal(present, values)


def test_a_slot_of_the_host_is_written_when_its_last_copy_has_arrived() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        before_reads: list[tuple[int, ...]] = []
        opened.pairs.on_read = lambda: before_reads.append(tuple(opened.uploads.awaited))
        for tile in opened.tiles:
            opened.keys.keys(tile)
        assert _until(lambda: len(opened.uploads.copied) == 4)
        assert before_reads == [(0,), (0, 1), (0, 1, 0), (0, 1, 0, 1)]
        assert opened.uploads.copied == [0, 1, 0, 1]


def test_beside_one_tile_on_the_device_the_plan_holds_another_and_two_on_the_host(
    pinned_bytes: Callable[[Footprint], int],
) -> None:
    """And no staging for the keys."""
    problem = make_problem(pairs=190, dim=6, classes=1, samples=2)
    ahead = footprint_of(problem, choice_of(64))
    streamed = footprint_of(problem, AttentionChoice(16, 64, resident=False, form="tiles"))
    tile = 2 * 64 * 6 * 4
    assert ahead.peak_bytes() == streamed.peak_bytes() + tile
    staged = sum(buffer.size_bytes() for buffer in streamed.standing if buffer.name.startswith("attention_staging"))
    assert pinned_bytes(ahead) == pinned_bytes(streamed) - staged + 2 * tile


def _until(happened: Callable[[], bool]) -> bool:
    """Whether it happens before long."""
    pause = threading.Event()
    return any(happened() or pause.wait(0.01) for _ in range(int(WAIT_S / 0.01))) or happened()


def test_a_failed_read_is_raised_when_its_tile_is_asked_for_and_not_before() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        opened.pairs.fails_at = 64
        opened.keys.keys(opened.tiles[0])
        expected = expected_tile(problem, opened, opened.tiles[2])["drift"]
        np.testing.assert_allclose(opened.keys.drift(opened.tiles[2]).numpy(), expected, rtol=1e-6, atol=1e-6)
        with pytest.raises(InputError, match="row 64 is missing"):
            opened.keys.keys(opened.tiles[1])
        opened.pairs.fails_at = None
        expected = expected_tile(problem, opened, opened.tiles[1])["keys"]
        np.testing.assert_allclose(opened.keys.keys(opened.tiles[1]).numpy(), expected, rtol=1e-6, atol=1e-6)


def test_a_failed_read_that_nobody_asks_for_ends_quietly() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        opened.pairs.fails_at = 64
        opened.keys.keys(opened.tiles[0])
        assert _until(lambda: len(opened.pairs.reads) == 2)
        opened.keys.close()
        assert opened.pairs.reads[-1] == (64, 128, False)
        assert opened.uploads.closed


def test_a_file_that_became_shorter_is_an_input_error(tmp_path) -> None:
    rows = np.ones((15000, 600), np.float32)  # more than stay resident
    path = tmp_path / "pairs.npz"
    np.savez(path, features_before=rows, features_after=rows)
    choice, tiling = choice_of(1000), key_tiling(15000, 1000)
    footprint = move_footprint(Workload(15000, 600, 1), RunConfig(), CUDA_PROFILE, choice)
    with FeatureFile(path) as pairs, Workspace(footprint, CPU) as workspace:
        keys = ReadAheadKeys(context(), workspace, pairs, tiling, EarlyUploads())
        first, *_, last = tiling.tiles()
        keys.keys(first)
        with path.open("rb+") as file:
            file.truncate(path.stat().st_size // 3)
        with pytest.raises(InputError, match="became shorter"):
            keys.keys_and_drift(last)
        keys.close()


def test_a_cancel_is_answered_while_a_read_takes_long() -> None:
    problem, cancel = make_problem(pairs=190, classes=1, samples=2), CancelToken()
    with Opened(problem, 64, cancel=cancel) as opened:
        opened.pairs.open.clear()
        threading.Thread(target=lambda: opened.pairs.reached.wait(WAIT_S) and cancel.cancel()).start()
        with pytest.raises(RunCancelled):
            opened.keys.keys(opened.tiles[0])
        assert opened.uploads.copied == []


def test_closing_lets_a_read_under_way_end_and_begins_no_other() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        opened.keys.keys(opened.tiles[0])
        assert _until(lambda: len(opened.uploads.copied) == 2)
        opened.pairs.open.clear()
        opened.pairs.reached.clear()
        opened.keys.keys(opened.tiles[1])  # is there already; the third is begun
        assert opened.pairs.reached.wait(WAIT_S)
        opened.keys.restart()
        opened.keys._rows.begin(Request(opened.tiles[0], "keys"), 0)  # waits behind the one that is held
        closing = threading.Thread(target=opened.keys.close)
        closing.start()
        assert not opened.uploads.closed
        opened.pairs.open.set()
        closing.join(WAIT_S)
        assert opened.uploads.closed
        assert opened.pairs.reads == [(0, 64, False), (64, 128, False), (126, 190, False)]


def test_closed_keys_hold_no_buffers() -> None:
    """Without the help of the collector of cycles, which comes when it likes."""
    problem = make_problem(pairs=190, classes=1, samples=2)
    choice = choice_of(64)
    gc.disable()
    try:
        with Workspace(footprint_of(problem, choice), CPU) as workspace:
            tiling = key_tiling(190, 64)
            keys = ReadAheadKeys(context(), workspace, problem.pairs, tiling, EarlyUploads())
            for tile in tiling.tiles():
                keys.keys(tile)
            keys.close()
            held = weakref.ref(keys)
            buffer = weakref.ref(workspace["attention_keys_ahead"])
            del keys
        assert held() is None
        assert buffer() is None
    finally:
        gc.enable()


def options(pairs: int, device=CUDA_PROFILE, classes: int = 100, samples: int = 500) -> tuple[Option, ...]:
    config = RunConfig().merged({"operators": {"attention": {"samples": samples}}})
    return registry.move_options("attention", Workload(pairs, 768, classes), config, device)


def test_keys_are_read_ahead_beside_cuda_where_they_are_too_many_to_pin() -> None:
    edge = MOST_PINNED_BYTES // (8 * 768)
    assert not any(option.choice.read_ahead for option in options(edge))
    assert not any(option.choice.read_ahead for option in options(edge + 1, CPU_PROFILE))
    more = options(edge + 1)
    assert not any(option.choice.pinned for option in more)
    assert {option.choice.form for option in more if option.choice.read_ahead} == {"rows", "tiles"}
    for option in more:
        assert not (option.choice.read_ahead and option.choice.resident)


def test_only_keys_that_are_read_ahead_are_shared_by_more_than_eight_classes() -> None:
    for classes, most in ((1000, 32), (20, 20), (5, 5), (0, 1)):
        found = options(1_000_000, classes=classes)
        assert max(option.choice.batch for option in found if option.choice.read_ahead) == most
        assert max(option.choice.batch for option in found if not option.choice.read_ahead) == min(most, 8)
    wide = {option.choice.batch for option in options(1_000_000) if option.choice.batch > 8}
    assert wide == {15, 25}  # as few passes as with 16 and 32, and the last one is full
    assert all(option.choice.batch * option.choice.chunk <= 2**14 for option in options(1_000_000, samples=1000))


@pytest.mark.parametrize("dim", [768, 4096, 16384])
def test_host_memory_locked_for_keys_that_are_read_ahead_is_moderate(
    pinned_bytes: Callable[[Footprint], int], dim: int
) -> None:
    """Slots of keys within one bound, what more classes add within another."""
    config = RunConfig().merged({"operators": {"attention": {"samples": 500}}})
    found = registry.move_options("attention", Workload(2_000_000, dim, 1000), config, CUDA_PROFILE)
    eight = max(pinned_bytes(o.footprint) for o in found if not o.choice.read_ahead)
    for option in found:
        if option.choice.read_ahead:
            assert pinned_bytes(option.footprint) <= eight + 2 * MOST_PINNED_BYTES


def test_a_million_pairs_take_about_as_long_a_pair_as_fewer_that_are_resident() -> None:
    """Within a budget of 1 GiB, as predicted."""
    resident, million = (
        min(option.seconds for option in options(pairs) if option.footprint.arena_totals()[0] < 1000 * 2**20) / pairs
        for pairs in (100_000, 1_000_000)
    )
    assert million < 1.3 * resident


def test_the_smallest_option_is_not_one_that_is_read_ahead() -> None:
    smallest = min(options(1_000_000), key=lambda option: option.footprint.arena_totals()[0])
    assert not smallest.choice.read_ahead
