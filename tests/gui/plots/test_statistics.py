"""Numbers read off the curves, against plain numpy and a search through all stages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slora_gui.plots.statistics import MemoryCurves, readout_at, region_statistics
from slora_gui.plots.table import SampleRows, StageIndex

T_S = np.array([0.0, 0.1, 0.2, 0.4, 0.5])
VALUES = np.array([5.0, np.nan, 7.0, 2.0**40 + 1, 1.0])


@given(st.floats(-1, 2))
def test_the_nearest_sample_is_the_nearest(t_s):
    nearest = MemoryCurves(T_S).nearest(t_s)
    assert abs(T_S[nearest] - t_s) == np.abs(T_S - t_s).min()


def test_a_region_is_what_numpy_says(parts):
    curves = MemoryCurves(T_S, {"rss_bytes": VALUES}, [parts["Band"](0.0, 0.3, "scan", 0)])
    region = region_statistics(curves, 0.05, 0.45)
    known = np.array([7.0, 2.0**40 + 1])
    rss = region.curves["rss_bytes"]
    assert (region.samples, region.seconds) == (3, pytest.approx(0.4))
    assert (rss.min_bytes, rss.max_bytes, rss.mean_bytes) == (known.min(), known.max(), known.mean())
    assert rss.change_bytes == 2**40 + 1 - 7
    assert region.stages == ("scan",)


def test_not_available_is_none_and_not_zero():
    curves = MemoryCurves(T_S, {"rss_bytes": VALUES})
    assert readout_at(curves, 1).values == {"rss_bytes": None}
    assert region_statistics(curves, 0.05, 0.15).curves == {"rss_bytes": None}
    assert region_statistics(curves, 0.21, 0.39).samples == 0


@given(st.floats(-1, 11))
def test_the_stage_of_a_moment_is_the_innermost_around_it(t_s):
    bands = _bands()
    around = [band for band in bands if band.start_s <= t_s < band.end_s]
    assert StageIndex(bands).at(t_s) == max(around, key=lambda band: band.depth, default=_NO_BAND).stage


def test_the_stages_of_a_region_come_once_and_in_order():
    index = StageIndex(_bands())
    assert index.within(0, 11) == ("a", "a.fit", "a.move", "b")
    assert index.within(3.5, 4.5) == ("a.fit", "a.move")
    assert index.within(6.1, 6.9) == ()
    assert StageIndex().at(1.0) == ""


def test_rows_are_made_when_asked_for():
    rows = SampleRows(T_S, StageIndex(_bands()), {"rss_bytes": VALUES})
    assert len(rows) == 5
    assert rows[3] == (0.4, "a", 2**40 + 1)
    assert rows[1:3] == [(0.1, "a", None), (0.2, "a", 7)]
    assert rows[-1] == (0.5, "a", 1)
    with pytest.raises(IndexError):
        rows[5]


class _Band:
    def __init__(self, start_s, end_s, stage, depth):
        self.start_s, self.end_s, self.stage, self.depth = start_s, end_s, stage, depth


_NO_BAND = _Band(0, 0, "", -1)


def _bands():
    """Two stages with a gap, the first with two parts that touch."""
    return [_Band(0, 6, "a", 0), _Band(1, 4, "a.fit", 1), _Band(4, 6, "a.move", 1), _Band(7, 10, "b", 0)]
