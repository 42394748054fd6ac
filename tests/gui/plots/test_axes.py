"""Ticks: powers of two of bytes in IEC units, and times that can be read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_core.memory.sizes import parse_size
from slora_gui.plots.axes import BytesAxis, TimeAxis, size_step, time_step, time_text


def _seconds(text):
    """A tick's text read back."""
    if text.endswith(" s"):
        return float(text[:-2])
    if text.endswith(" min"):
        return 60 * float(text[:-4])
    if "h" in text:
        hours, _, minutes = text.partition(" h")
        return 3600 * float(hours) + 60 * float(minutes or 0)
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


@pytest.fixture
def axes(qapp):
    return BytesAxis("left"), TimeAxis("bottom")


@pytest.mark.parametrize("top", [700, 3e5, 75 * 2**20, 1.5e9, 16.08e9, 3e12])
def test_sizes_are_at_powers_of_two_with_an_exact_text(axes, top):
    ((spacing, values),) = axes[0].tickValues(0, top, 400)
    assert np.log2(spacing) == int(np.log2(spacing))
    assert 3 <= len(values) <= 11
    texts = axes[0].tickStrings(values, 1.0, spacing)
    assert texts[0] == "0"
    assert [parse_size(text) for text in texts[1:]] == [round(value) for value in values[1:]]


@given(st.floats(4, 1e13), st.integers(24, 90))
def test_a_flat_panel_has_a_size_beside_its_zero_and_no_more_than_its_height_holds(top, height):
    step = size_step(top, height / 44)
    assert step <= top
    assert height * step / top >= 12 or step >= top / 2, "texts do not touch each other"


@given(st.floats(1e-2, 3e5), st.floats(0, 1))
def test_times_can_be_read_back(span, start):
    step = time_step(span, 8)
    assert span / 24 <= step <= max(span, 1e-3)
    first = np.ceil(start * span / step) * step
    for tick in first + step * np.arange(4):
        assert _seconds(time_text(tick, step)) == pytest.approx(tick, abs=step * 1e-3)


def test_times_are_written_as_people_write_them():
    assert time_text(30, 10) == "30 s"
    assert time_text(90, 30) == "90 s"
    assert time_text(150, 30) == "2:30"
    assert time_text(300, 60) == "5 min"
    assert time_text(3900, 300) == "1 h 05"
    assert time_text(3723.5, 0.5) == "1:02:03.5"


def test_a_logarithmic_axis_counts_doublings(qapp):
    axis = BytesAxis("bottom", logarithmic=True)
    ((spacing, values),) = axis.tickValues(np.log2(20 * 2**20), np.log2(3 * 2**30), 600)
    assert axis.tickStrings(values, 1.0, spacing)[:2] == ["32 MiB", "64 MiB"]
    assert size_step(0.3, 6, logarithmic=True) == 1
