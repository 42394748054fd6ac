"""Keys and drift in pinned memory: two slots give the tiles of a ``KeyStore`` in whatever order they are asked for."""

from __future__ import annotations

import pytest
import torch
from conformance import Problem, context, make_problem
from hypothesis import given, settings
from hypothesis import strategies as st
from upload_fakes import EarlyUploads, LateUploads

from slora_core.compensators.attention.buffers import KEY_SLOTS, key_tiling, move_footprint
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.attention.keys import KeyStore
from slora_core.compensators.attention.pinned_keys import PinnedKeys
from slora_core.compensators.attention.requests import Request, RequestOrder
from slora_core.memory.device import CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.workspace import Workspace

CPU = torch.device("cpu")
UPLOADS = (EarlyUploads, LateUploads)


def choice_of(panel: int, form: str = "tiles", **other: int) -> AttentionChoice:
    return AttentionChoice(16, panel, resident=False, form=form, pinned=True, **other)


def footprint_of(problem: Problem, choice: AttentionChoice) -> Footprint:
    return move_footprint(problem.workload, problem.config, CUDA_PROFILE, choice)


class Opened:
    """Pinned keys, on the CPU, beside a key store that holds them all."""

    def __init__(self, problem: Problem, panel: int, uploads=EarlyUploads) -> None:
        self.tiling = key_tiling(len(problem.before), panel)
        self.tiles = list(self.tiling.tiles())
        self.uploads = uploads()
        pinned, resident = choice_of(panel), AttentionChoice(16, panel, resident=True)
        self._spaces = [Workspace(footprint_of(problem, choice), CPU) for choice in (pinned, resident)]
        self.slots = self._spaces[0]["attention_tiles"].fill_(torch.nan)
        self.keys = PinnedKeys(context(), self._spaces[0], problem.pairs, self.tiling, self.uploads)
        self.store = KeyStore(context(), self._spaces[1], problem.pairs, self.tiling, resident=True)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.keys.close()
        for space in self._spaces:
            space.close()

    def check(self, tile, kind) -> None:
        """The drift of a tile comes after its keys have been looked at."""
        if kind == "both":
            got, expected = self.keys.keys_and_drift(tile), self.store.keys_and_drift(tile)
            assert torch.equal(next(got), next(expected))
            assert torch.equal(next(got), next(expected))
        elif kind == "keys":
            assert torch.equal(self.keys.keys(tile), self.store.keys(tile))
        else:
            assert torch.equal(self.keys.drift(tile), self.store.drift(tile))


@pytest.mark.parametrize("uploads", UPLOADS)
@settings(max_examples=30, derandomize=True, deadline=None)
@given(data=st.data())
def test_tiles_asked_for_in_any_order_have_the_bits_of_a_key_store(uploads, data: st.DataObject) -> None:
    pairs, panel = data.draw(st.integers(2, 400)), data.draw(st.sampled_from([64, 100, 128, 500]))
    problem = make_problem(pairs=pairs, dim=data.draw(st.integers(1, 9)), classes=1, samples=2, duplicates=True)
    with Opened(problem, panel, uploads) as opened:
        wanted = st.tuples(st.sampled_from(opened.tiles), st.sampled_from(["keys", "drift", "both"]))
        for tile, kind in data.draw(st.lists(wanted, min_size=1, max_size=12)):
            if data.draw(st.booleans()):
                opened.keys.restart()
            opened.check(tile, kind)


def test_keys_that_were_not_followed_by_their_drift_cost_nothing_but_a_copy() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64, LateUploads) as opened:
        next(opened.keys.keys_and_drift(opened.tiles[0]))
        for kind in ("both", "keys", "both"):
            for tile in opened.tiles:
                opened.check(tile, kind)


def test_drift_is_foretold_after_its_keys_and_then_the_next_keys() -> None:
    first, second = tiles = list(key_tiling(100, 64).tiles())
    order = RequestOrder(key_tiling(100, 64))
    halves = [(tile, kind) for tile in tiles for kind in ("keys_first", "drift_then")]
    one_pass = [*((tile, "keys") for tile in tiles), *halves]
    told = [order.after(Request(*request)) for request in one_pass * 2]
    assert told[:2] == [(second, "keys"), (first, "keys")]  # what follows a pass is known after the first time
    assert told[2:6] == [(first, "drift_then"), (second, "keys_first"), (second, "drift_then"), (first, "keys_first")]
    assert told[6:8] == [(second, "keys"), (first, "keys_first")]
    assert told[8:] == [(first, "drift_then"), (second, "keys_first"), (second, "drift_then"), (first, "keys")]


def test_every_half_of_a_tile_is_copied_once_a_pass_when_the_guesses_are_right() -> None:
    """Beyond the first passes, whose ends cannot be foretold, and one half that nobody asks for at the end."""
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        assert len(opened.tiles) == 3
        for _ in range(3):
            for kind in ("keys", "both"):
                for tile in opened.tiles:
                    opened.check(tile, kind)
        assert len(opened.uploads.copied) == 3 * (3 + 6) + 2 + 1


def test_what_comes_next_is_on_its_way_to_the_other_slot() -> None:
    problem = make_problem(pairs=190, classes=1, samples=2)
    with Opened(problem, 64) as opened:
        halves = opened.keys.keys_and_drift(opened.tiles[1])
        keys = next(halves)
        other = opened.slots[1] if keys.data_ptr() == opened.slots[0].data_ptr() else opened.slots[0]
        assert torch.equal(other, opened.store.drift(opened.tiles[1]))
        assert next(halves).data_ptr() == other.data_ptr()
        assert torch.equal(keys, opened.store.keys(opened.tiles[2]))


def test_the_plan_holds_two_tiles_of_one_array_and_no_more() -> None:
    problem = make_problem(pairs=190, dim=6, classes=1, samples=2)
    pinned, streamed = (footprint_of(problem, choice) for choice in (choice_of(64), _streamed(64)))
    assert KEY_SLOTS == 2
    assert pinned.peak_bytes() == streamed.peak_bytes()


def _streamed(panel: int) -> AttentionChoice:
    return AttentionChoice(16, panel, resident=False, form="tiles")
