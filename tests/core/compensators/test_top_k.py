"""What a device's top-k takes: the framework's own arithmetic, and no block for which a pool takes 20 MiB."""

from __future__ import annotations

import pytest

from slora_core.compensators.attention.plan import move_options
from slora_core.compensators.attention.top_k import rows_in_small_blocks, top_k_bytes
from slora_core.config import RunConfig
from slora_core.memory.device import CUDA_PROFILE
from slora_core.types import Workload


def test_short_rows_are_selected_from_by_one_block_each_without_memory():
    assert top_k_bytes(512, 700) == 0
    assert top_k_bytes(512, 41_000) > 0


@pytest.mark.parametrize(("columns", "rows"), [(700, 1024), (32_768, 1024), (32_769, 512), (41_000, 512), (10**6, 32)])
def test_rows_are_halved_until_the_counts_of_their_blocks_fit_one_mebibyte(columns: int, rows: int):
    """A block of 256 threads counts 64 items each in 256 digits of two bytes: 16,384 columns take 512 bytes a row."""
    assert rows_in_small_blocks(1024, columns) == rows
    if columns >= 2**15:
        assert rows * -(-columns // 2**14) * 512 <= 2**20


def test_every_option_of_a_device_selects_in_small_blocks():
    config = RunConfig().merged({"operators": {"attention": {"top_k": 400, "samples": 2000}}})
    for option in move_options(Workload(37_432, 200, 18), config, CUDA_PROFILE):
        if option.choice.form == "rows":
            assert option.choice.selected_rows * -(-37_432 // 2**14) * 512 <= 2**20
