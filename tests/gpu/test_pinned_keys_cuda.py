"""Keys and drift that come by turns from pinned memory of a CUDA device's host: valid while they are worked on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from slora_core.compensators.attention.buffers import KEY_SLOTS, key_tiling, move_footprint
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.attention.keys import KeyStore
from slora_core.compensators.attention.pinned_keys import PinnedKeys
from slora_core.compensators.attention.uploads import CopyStream
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.memory.device import CUDA_PROFILE
from slora_core.memory.workspace import Workspace
from slora_core.sources.arrays import ArrayPairs
from slora_core.types import Workload

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
DIM = 96


@pytest.mark.parametrize("lag", [0, 20])
@pytest.mark.parametrize("pairs", [60, 9001])
def test_tiles_keep_the_bits_of_a_key_store_until_all_that_works_on_them_is_done(pairs: int, lag: int) -> None:
    """Whether the device lags behind or waits, and though some of what is asked for cannot be foretold."""
    rng, device = np.random.default_rng(0), torch.device("cuda", torch.cuda.device_count() - 1)
    before = rng.standard_normal((pairs, DIM)).astype(np.float32)
    source, tiling = ArrayPairs(before, before + 0.3 * np.tanh(before[:, ::-1])), key_tiling(pairs, 2048)
    tiles = list(tiling.tiles())
    order = [(tile, kind) for kind in ("keys", "both", "keys", "drift", "drift", "both", "both") for tile in tiles]
    order += [(tiles[-1], "both"), (tiles[0], "drift"), (tiles[-1], "keys"), (tiles[0], "keys"), (tiles[0], "both")]
    one, other = (
        move_footprint(
            Workload(pairs, DIM, 1),
            RunConfig(),
            CUDA_PROFILE,
            AttentionChoice(300, 2048, resident=not pinned, form="tiles" if pinned else "rows", pinned=pinned),
        )
        for pinned in (False, True)
    )
    with torch.cuda.device(device), Workspace(one, device) as held, Workspace(other, device) as slots:
        ctx = RunContext(device)
        store = KeyStore(ctx, held, source, tiling, resident=True)
        keys = PinnedKeys(ctx, slots, source, tiling, CopyStream(device, KEY_SLOTS))
        work = torch.ones(4096, 4096, device=device)
        wrong = torch.zeros((), dtype=torch.int64, device=device)
        for tile, kind in order:
            asked, expected = ask(keys, tile, kind), ask(store, tile, kind)
            for ours, theirs in zip(asked, expected, strict=True):
                for _ in range(lag):
                    torch.mm(work, work)
                wrong += torch.ne(ours, theirs).sum()  # when the device comes to it
        keys.close()
        assert int(wrong) == 0


def ask(keys, tile, kind):
    if kind == "both":
        return keys.keys_and_drift(tile)
    return iter((keys.keys(tile),) if kind == "keys" else (keys.drift(tile),))
