"""Rows that ranks have extracted come together as one extraction's, however many each has kept."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from slora_core.errors import InputError, OutputError
from slora_core.features.sharing import put_together
from slora_core.features.store import FeatureFiles

from .thread_peers import Room, ThreadPeers

KEPT = {1: [[5, 3]], 2: [[4, 0], [1, 7]], 3: [[0, 0], [6, 1], [2, 2]], 4: [[1, 1], [0, 3], [2, 0], [0, 0]]}
"""Rows of two parts that each rank has kept, by the number of ranks."""


def rows_of(rank: int, part: int, count: int, dim: int = 6) -> np.ndarray:
    """Distinct numbers for every row of every rank."""
    first = 1000 * rank + 100 * part
    return (first + np.arange(count)[:, None] + np.arange(dim) / 10).astype(np.float32)


def own_files(folder, rank, kept, dim=6):
    with FeatureFiles(folder, f"own-{rank}", 2) as files:
        labels = [np.empty(0, np.int64)]
        for part, count in enumerate(kept):
            if count:
                rows = rows_of(rank, part, count, dim)
                files.append(0, 0, rows)
                files.append(1, 0, -rows)
                labels.append(np.arange(count) + 10 * rank + 5 * part)
        return files.finish(np.concatenate(labels))


def on_every_rank(size, work):
    """What ``work(rank, peers)`` gave or raised on each rank, as threads."""
    room, results = Room(size), [None] * size

    def run(rank):
        try:
            results[rank] = work(rank, ThreadPeers(rank, room))
        except Exception as error:
            results[rank] = error
            room.barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def context(peers, shared):
    return SimpleNamespace(peers=peers, shared=shared, checkpoint=lambda: None)


@pytest.mark.parametrize("size", KEPT)
def test_every_rank_reads_all_rows_part_by_part_in_the_order_of_ranks(tmp_path, size):
    def work(rank, peers):
        own = own_files(tmp_path, rank, KEPT[size][rank])
        return put_together(context(peers, tmp_path), own, "whole", KEPT[size][rank])

    expected = np.concatenate(
        [rows_of(rank, part, kept[part]) for part in (0, 1) for rank, kept in enumerate(KEPT[size])]
    )
    labels = [np.arange(kept[part]) + 10 * rank + 5 * part for part in (0, 1) for rank, kept in enumerate(KEPT[size])]
    for found in on_every_rank(size, work):
        with found.as_pairs() as pairs:
            before, after = torch.empty(pairs.count, 6), torch.empty(pairs.count, 6)
            pairs.read(0, pairs.count, before, after)
            assert np.array_equal(before.numpy(), expected)
            assert np.array_equal(after.numpy(), -expected)
            assert np.array_equal(pairs.read_labels(0, pairs.count), np.concatenate(labels))
    assert size == 1 or not list(tmp_path.glob("own-*"))


def test_a_rank_that_does_not_see_the_folder_says_so(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def work(rank, peers):
        own = own_files(tmp_path, rank, [2])
        return put_together(context(peers, elsewhere if rank else tmp_path), own, "whole", [2])

    errors = [found for found in on_every_rank(2, work) if isinstance(found, OutputError)]
    assert "cannot be seen from this host" in errors[0].what
    assert "run.scratch" in errors[0].remedy


def test_ranks_with_other_models_are_told(tmp_path):
    def work(rank, peers):
        own = own_files(tmp_path, rank, [2], dim=6 + rank)
        return put_together(context(peers, tmp_path), own, "whole", [2])

    errors = [found for found in on_every_rank(2, work) if isinstance(found, InputError)]
    assert "d = 6, d = 7" in errors[0].what
