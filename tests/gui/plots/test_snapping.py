"""Sensible sizes: exact in their own text, near what was asked for, and reachable step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_core.memory.sizes import format_size, parse_size
from slora_gui.plots.snapping import next_size, snap_size, snap_step

MIB, GIB = 2**20, 2**30
SIZES = st.integers(min_value=1, max_value=2**42)


@given(SIZES, st.sampled_from([None, 1e-4, 1e-2, 0.1]))
def test_the_text_of_a_snapped_size_is_exact_and_near(size, share):
    snapped = snap_size(size, None if share is None else share * size)
    assert parse_size(format_size(snapped)) == snapped
    step = snap_step(size, None if share is None else share * size)
    assert abs(snapped - size) <= step


@given(SIZES)
def test_steps_lead_away_and_stay_exact(size):
    above, below = next_size(size, 1), next_size(size, -1)
    assert above > size
    assert below < size or size == 1
    assert parse_size(format_size(above)) == above
    assert below <= 1 or parse_size(format_size(below)) == below


@pytest.mark.parametrize(
    ("size", "resolution", "snapped"),
    [
        (500 * MIB, 10 * MIB, 500 * MIB),
        (509 * MIB, 10 * MIB, 512 * MIB),
        (503 * MIB, 10 * MIB, 500 * MIB),
        (7.9 * GIB, GIB / 4, 8 * GIB),
        (1.3 * GIB, GIB / 4, 1.25 * GIB),
        (33 * MIB, 5 * MIB, 32 * MIB),
        (41 * MIB, 20 * MIB, 40 * MIB),
    ],
)
def test_snaps_to_round_numbers_and_powers_of_two(size, resolution, snapped):
    assert snap_size(size, resolution) == snapped


def test_a_power_of_two_is_never_stepped_over():
    size, seen = 450 * MIB, []
    while size < 600 * MIB:
        size = next_size(size, 1, 50 * MIB)
        seen.append(size // MIB)
    assert seen == [500, 512, 550, 600]
    assert next_size(550 * MIB, -1, 50 * MIB) == 512 * MIB
