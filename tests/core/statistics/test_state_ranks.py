"""One class-state file written by several ranks, and resumed by any number of them."""

import json

import numpy as np
import pytest
import torch

from slora_core.errors import OutputError
from slora_core.statistics.state_writer import StateFileWriter

IDS, COUNTS, DIM = np.arange(6), np.full(6, 10), 4


def opened(path, **options):
    return StateFileWriter(path, IDS, COUNTS, DIM, metadata={"operator": "linear"}, **options)


def fill(file, indices):
    for index in indices:
        root = np.random.default_rng(index).normal(size=(DIM, DIM)).astype(np.float32)
        file.writer().write(index, torch.from_numpy(root[0].copy()), torch.from_numpy(root @ root.T))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("resume", [False, True])
def test_a_joined_file_is_that_of_one_writer(tmp_path, packed, resume):
    options = {"packed": packed, "resume": resume}
    with opened(tmp_path / "one.safetensors", **options) as one:
        fill(one, range(6))
        one.commit()
    with opened(tmp_path / "many.safetensors", **options) as first:
        with opened(tmp_path / "many.safetensors", join=first.temporary, rank=1, **options) as second:
            fill(first, (0, 2))
            fill(second, (5, 1, 3, 4))
            second.flush()
            first.add_finished("", second.finished())
        first.commit()
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "many.safetensors").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many.safetensors", "one.safetensors"]


def test_who_joins_cannot_commit_and_leaves_the_file_to_its_owner(tmp_path):
    path = tmp_path / "s.safetensors"
    with opened(path) as first:
        with opened(path, join=first.temporary, rank=1) as second:
            fill(second, range(6))
            with pytest.raises(RuntimeError, match="belongs to another process"):
                second.commit()
        assert first.temporary.exists()


def test_a_file_that_cannot_be_seen_here_asks_for_shared_storage(tmp_path):
    with pytest.raises(OutputError, match="cannot be seen from this host") as caught:
        opened(tmp_path / "s.safetensors", join=tmp_path / "elsewhere.tmp", rank=1)
    assert "storage that all hosts share" in caught.value.remedy


def test_what_every_rank_had_finished_is_resumed(tmp_path):
    path = tmp_path / "s.safetensors"
    first = opened(path, resume=True)
    others = [opened(path, resume=True, join=first.temporary, rank=rank) for rank in (1, 2)]
    fill(first, (0,))
    fill(others[0], (3,))
    fill(others[1], (5, 4))
    for file in (*others, first):
        file.close()
    with opened(path, resume=True) as again:
        assert again.finished() == {0, 3, 4, 5}
        assert [p.name for p in tmp_path.glob(".*journal*")] == [".s.safetensors.partial.journal"]
        fill(again, (1, 2))
        again.commit()
    assert [p.name for p in tmp_path.iterdir()] == ["s.safetensors"]


def test_the_collected_journal_survives_another_kill(tmp_path):
    path = tmp_path / "s.safetensors"
    first = opened(path, resume=True)
    second = opened(path, resume=True, join=first.temporary, rank=1)
    fill(second, (3,))
    for file in (second, first):
        file.close()
    opened(path, resume=True).close()
    with opened(path, resume=True) as again:
        assert again.finished() == {3}


def test_a_journal_of_another_run_is_not_believed(tmp_path):
    path = tmp_path / "s.safetensors"
    first = opened(path, resume=True)
    fill(first, (0,))
    first.close()
    stranger = tmp_path / ".s.safetensors.partial.journal.1"
    stranger.write_text(
        json.dumps({"format": "slora-class-state-journal", "version": 1, "digest": "other"})
        + "\n"
        + json.dumps({"variant": "", "index": 4, "crc32": 0})
        + "\n"
    )
    with opened(path, resume=True) as again:
        assert again.finished() == {0}
