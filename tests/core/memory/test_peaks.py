from hypothesis import given
from hypothesis import strategies as st

from slora_core.memory.peaks import PeakStack


class Counter:
    """One global value with one global peak, as the kernel and the CUDA allocator keep it."""

    def __init__(self) -> None:
        self.value = self.peak = 0

    def set(self, value: int) -> None:
        self.value = value
        self.peak = max(self.peak, value)

    def reset(self) -> None:
        self.peak = self.value


@given(st.lists(st.integers(0, 100) | st.sampled_from(["push", "pop"]), max_size=60))
def test_every_open_count_gets_its_own_peak(steps):
    counter = Counter()
    peaks = PeakStack(lambda: (counter.peak,), counter.reset)
    curves: list[list[int]] = []
    for step in steps:
        if step == "push":
            peaks.push()
            curves.append([counter.value])
        elif step == "pop":
            if curves:
                assert peaks.pop() == (max(curves.pop()),)
        else:
            counter.set(step)
            for curve in curves:
                curve.append(step)


def test_a_counter_that_is_not_there_stays_not_available():
    readings = iter([(5, None), (9, None)])
    peaks = PeakStack(lambda: next(readings), lambda: None)

    peaks.push()
    peaks.push()

    assert peaks.pop() == (9, None)  # read at the second push: 5
