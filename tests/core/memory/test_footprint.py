import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slora_core.memory.footprint import DTYPE_BYTES, Buffer, Footprint

buffers = st.builds(
    Buffer,
    st.text("abc", min_size=1, max_size=3),
    st.lists(st.integers(0, 9), max_size=3).map(tuple),
    st.sampled_from(sorted(DTYPE_BYTES)),
    st.booleans(),
)
groups = st.lists(buffers, max_size=4).map(tuple)
footprints = st.builds(
    Footprint,
    standing=groups,
    phases=st.lists(st.tuples(st.sampled_from("xyz"), groups), max_size=3).map(tuple),
    kept=groups,
    workspace_bytes=st.integers(0, 1000),
)


def array_bytes(buffer: Buffer, rounding: int) -> int:
    dtype = "float16" if buffer.dtype == "bfloat16" else buffer.dtype
    size = np.empty(buffer.shape, dtype).nbytes
    return size + (-size) % rounding


def total(found, rounding: int, pinned: bool) -> int:
    return sum(array_bytes(buffer, rounding) for buffer in found if buffer.pinned == pinned)


@pytest.mark.parametrize("rounding", [1, 512, 64])
@settings(max_examples=40)
@given(footprint=footprints)
def test_sums_are_those_of_the_arrays(rounding: int, footprint: Footprint):
    always = footprint.kept + footprint.standing
    phases = [total(found, rounding, False) for _, found in footprint.phases]
    peak = total(always, rounding, False) + max(phases, default=0) + footprint.workspace_bytes

    assert footprint.peak_bytes(rounding) == peak
    assert footprint.totals(rounding) == (peak, total(footprint.kept, rounding, False))
    assert peak - footprint.workspace_bytes == sum(array_bytes(b, rounding) for b in footprint.peak_buffers(rounding))


def test_a_phase_that_was_not_declared_is_named():
    footprint = Footprint(phases=(("fit", (Buffer("x", (2,)),)), ("solve", ())))

    assert footprint.phase_buffers("fit") == (Buffer("x", (2,)),)
    with pytest.raises(KeyError, match=r"'move' is not declared; declared: .*fit.*solve"):
        footprint.phase_buffers("move")


def test_a_buffer_is_held_that_lives_through_the_stage_or_beyond():
    inside, beyond, moment = Buffer("inside", (1,)), Buffer("beyond", (1,)), Buffer("moment", (1,))
    footprint = Footprint(standing=(inside,), phases=(("x", (moment,)),), kept=(beyond,))
    assert [footprint.holds(name) for name in ("inside", "beyond", "moment", "other")] == [True, True, False, False]
