"""The planner against exhaustive search over small runs."""

import itertools
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slora_core.errors import BudgetRefused
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE, DeviceProfile
from slora_core.memory.footprint import Buffer, Footprint
from slora_core.memory.plan import Option, StageRequest
from slora_core.memory.planner import (
    bound_bytes,
    frontier,
    largest_predicted,
    make_plan,
    planned_table,
    refuse_if_infeasible,
)
from slora_core.memory.sizes import parse_size

KIB, MIB = 1024, 1024**2


@dataclass(frozen=True)
class Rows:
    chunk: int
    name: str = ""


def option(size: int, seconds: float = 1.0, kept: int = 0, choice: object = None) -> Option:
    """An option of ``size`` bytes besides the ``kept`` bytes that outlive it."""
    footprint = Footprint(
        standing=(Buffer("work", (size,), "uint8"),), kept=(Buffer("model", (kept,), "uint8"),) if kept else ()
    )
    return Option(choice, footprint, seconds)


def stage(name: str, *options: Option, keeps_for: int = 0) -> StageRequest:
    return StageRequest(name, options, keeps_for)


def plan(requests, budget=None, policy="planned", base_bytes=0, device=CPU_PROFILE):
    return make_plan(requests, budget_bytes=budget, policy=policy, base_bytes=base_bytes, device=device)


sizes = st.integers(0, 400).map(lambda kib: kib * KIB)
options = st.builds(option, sizes, st.integers(1, 5).map(float), sizes)
runs = st.lists(
    st.builds(
        StageRequest,
        st.sampled_from(["scan", "linear.fit", "linear.move", "attention.move"]),
        st.lists(options, min_size=1, max_size=4).map(tuple),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=4,
)


def peaks_of(requests, chosen, base_bytes: int) -> list[int]:
    """Predicted peaks of a run with these options, straight from the definition."""
    peaks = []
    for number, picked in enumerate(chosen):
        live = base_bytes
        for earlier in range(number):
            if number - earlier <= requests[earlier].keeps_for:
                live += chosen[earlier].footprint.totals()[1]
        peaks.append(live + picked.footprint.peak_bytes())
    return peaks


def every_run(requests, base_bytes: int):
    """(largest predicted peak, seconds, options) of every combination."""
    for chosen in itertools.product(*(request.options for request in requests)):
        yield max(peaks_of(requests, chosen, base_bytes)), sum(o.seconds for o in chosen), chosen


@settings(max_examples=60)
@given(requests=runs, base_bytes=sizes, device=st.sampled_from([CPU_PROFILE, CUDA_PROFILE]))
def test_the_smallest_feasible_budget_is_exact(requests, base_bytes: int, device: DeviceProfile):
    smallest = plan(requests, 1, base_bytes=base_bytes, device=device).smallest_feasible_bytes

    # every size here is a multiple of both devices' rounding
    assert smallest == bound_bytes(min(peak for peak, _, _ in every_run(requests, base_bytes)), device)
    assert plan(requests, smallest, base_bytes=base_bytes, device=device).feasible
    assert not plan(requests, smallest - 1, base_bytes=base_bytes, device=device).feasible


@settings(max_examples=60)
@given(requests=runs, base_bytes=sizes, limit=st.integers(0, 3000).map(lambda kib: kib * KIB))
def test_a_feasible_plan_stays_below_the_budget(requests, base_bytes: int, limit: int):
    found = plan(requests, budget := bound_bytes(limit, CPU_PROFILE), base_bytes=base_bytes)

    assert found.feasible == any(peak <= limit for peak, _, _ in every_run(requests, base_bytes))
    if found.feasible:
        assert found.bound_bytes <= budget
        assert all(made.bound_bytes <= budget for made in found.stages)
        possible = [chosen for peak, _, chosen in every_run(requests, base_bytes) if peak <= limit]
        predicted = [made.predicted_peak_bytes for made in found.stages]
        assert predicted in [peaks_of(requests, chosen, base_bytes) for chosen in possible]
        for made in found.stages:
            assert sum(made.breakdown.values()) == made.predicted_peak_bytes
            assert made.smallest_bytes <= found.smallest_feasible_bytes


def leanest(options, room: int, nearly: float) -> tuple[float, int] | None:
    """(seconds, peak) of the smallest option among those that fit and are nearly the cheapest."""
    fitting = [pair for pair in ((o.seconds, o.footprint.peak_bytes()) for o in options) if pair[1] <= room]
    allowed = [pair for pair in fitting if pair[0] <= nearly * min(fitting)[0]]
    return min(allowed, key=lambda pair: (pair[1], pair[0]), default=None)


@settings(max_examples=40)
@given(requests=runs, base_bytes=sizes, limit=st.integers(0, 2000).map(lambda kib: kib * KIB))
def test_the_peak_is_set_by_the_leanest_of_the_nearly_cheapest_options_and_then_used(
    requests, base_bytes: int, limit: int
):
    """Of stages that keep nothing."""
    requests = [StageRequest(f"s{number}", r.options) for number, r in enumerate(requests)]
    found = plan(requests, bound_bytes(limit, CPU_PROFILE), base_bytes=base_bytes)

    numbers = [[(o.seconds, o.footprint.peak_bytes()) for o in request.options] for request in requests]
    lean = [leanest(request.options, limit - base_bytes, 1.1) for request in requests]
    if all(lean):
        room = max(peak for _, peak in lean)
        fast = [leanest(request.options, room, 1.01) for request in requests]
        expected = min((lean, fast), key=lambda chosen: sum(seconds for seconds, _ in chosen))
    else:
        smallest = [min(pairs, key=lambda pair: (pair[1], pair[0])) for pairs in numbers]
        expected = [pair or least for pair, least in zip(lean, smallest, strict=True)]
    assert [(made.seconds, made.predicted_peak_bytes - base_bytes) for made in found.stages] == expected


def test_a_stage_does_not_keep_what_a_later_one_needs():
    fit = stage("fit", option(10 * MIB, 1.0, kept=40 * MIB), option(10 * MIB, 5.0, kept=5 * MIB), keeps_for=1)
    move = stage("move", option(50 * MIB))

    roomy = plan([fit, move], 128 * MIB)
    tight = plan([fit, move], 64 * MIB)

    assert [made.seconds for made in roomy.stages] == [1.0, 1.0]
    assert [made.seconds for made in tight.stages] == [5.0, 1.0]
    assert tight.feasible
    assert tight.stages[1].breakdown == {"before": 5 * MIB, "work": 50 * MIB}


def test_kept_bytes_live_as_long_as_said():
    requests = [
        stage("a", option(0, kept=10 * MIB), keeps_for=2),
        stage("b", option(1 * MIB, kept=7 * MIB), keeps_for=0),
        stage("c", option(1 * MIB)),
        stage("d", option(1 * MIB)),
    ]

    peaks = [made.predicted_peak_bytes for made in plan(requests, base_bytes=3 * MIB).stages]

    assert peaks == [13 * MIB, 21 * MIB, 14 * MIB, 4 * MIB]


def test_pinned_buffers_are_not_on_the_device_and_buffers_are_rounded():
    footprint = Footprint(
        standing=(Buffer("a", (3,)), Buffer("staged", (1000,), pinned=True)),
        phases=(("one", (Buffer("b", (100,)),)), ("two", (Buffer("c", (200,)),))),
        workspace_bytes=7,
    )

    cpu, cuda = (plan([stage("s", Option(None, footprint, 0.0))], device=d) for d in (CPU_PROFILE, CUDA_PROFILE))

    assert cpu.predicted_peak_bytes == 12 + 800 + 7
    assert cuda.predicted_peak_bytes == 512 + 1024 + 7
    assert cuda.stages[0].breakdown == {"a": 512, "c": 1024, "workspace": 7}


def adaptive(chunks: dict[int, int], budget: int | None, base_bytes: int = 0) -> int:
    choices = [option(size, 1000 / chunk, choice=Rows(chunk)) for chunk, size in chunks.items()]
    return plan([stage("attention.move", *choices)], budget, "adaptive", base_bytes).stages[0].choice.chunk


@pytest.mark.parametrize(
    ("base_mib", "chunk"),
    [(0, 128), (29, 128), (31, 64), (59, 64), (61, 32)],  # chunk 64 takes 20 MiB of 100: 50 % and 80 %
)
def test_the_adaptive_policy_follows_the_seeds_thresholds(base_mib: int, chunk: int):
    sizes = {32: 10 * MIB, 64: 20 * MIB, 128: 40 * MIB}

    assert adaptive(sizes, 100 * MIB, base_mib * MIB) == chunk


def test_the_adaptive_policy_falls_to_the_next_smaller_chunk():
    assert adaptive({32: 10 * MIB, 64: 40 * MIB, 128: 120 * MIB}, 100 * MIB) == 64
    assert adaptive({32: 10 * MIB, 64: 120 * MIB, 128: 240 * MIB}, 100 * MIB) == 32
    assert adaptive({32: 10 * MIB, 64: 20 * MIB, 128: 40 * MIB}, None) == 128
    assert adaptive({20: 10 * MIB}, 100 * MIB) == 20


def test_the_adaptive_policy_chooses_residency_by_cost():
    choices = [
        option(size * MIB, seconds, choice=Rows(chunk, name))
        for chunk, name, size, seconds in [
            (64, "streamed", 20, 9.0),
            (64, "resident", 60, 5.0),
            (32, "streamed", 10, 11.0),
            (32, "resident", 50, 7.0),
        ]
    ]

    found = [plan([stage("s", *choices)], mib * MIB, "adaptive").stages[0].choice for mib in (200, 64, 30)]

    # 60 of 200 would be chunk 128, which is not offered; 60 of 64 is above 80 %; of 30 only the streamed ones fit
    assert found == [Rows(64, "resident"), Rows(32, "resident"), Rows(64, "streamed")]


def test_the_adaptive_policy_leaves_options_without_a_chunk_to_cost():
    found = plan([stage("linear.move", option(10 * MIB, 2.0), option(90 * MIB, 1.0))], 100 * MIB, "adaptive")

    assert found.stages[0].seconds == 1.0


def test_fixed_takes_what_is_given_and_the_cheapest_residency_that_fits():
    choices = [option(80 * MIB, 1.0, choice=Rows(128, "resident")), option(20 * MIB, 2.0, choice=Rows(128, "streamed"))]

    found = [plan([stage("s", *choices)], mib * MIB, "fixed").stages[0].choice.name for mib in (100, 50)]

    assert found == ["resident", "streamed"]


def refusal(requests, budget: int, **keywords) -> BudgetRefused:
    with pytest.raises(BudgetRefused) as refused:
        refuse_if_infeasible(plan(requests, budget, **keywords))
    return refused.value


def test_a_refusal_names_the_stage_that_binds_and_what_would_do():
    needed = largest_predicted(int(81.5 * MIB), CPU_PROFILE)
    requests = [
        stage("linear.fit", option(70 * MIB)),
        stage("attention.move", option(needed), option(500 * MIB, 0.1)),
        stage("evaluate", option(10 * MIB)),
    ]

    error = refusal(requests, 64 * MIB)

    assert str(error) == "the budget of 64 MiB cannot hold the attention stage; the smallest that can is 81.5 MiB"
    assert (error.stage, error.budget_bytes) == ("attention.move", 64 * MIB)
    assert error.smallest_bytes == plan(requests, 64 * MIB).smallest_feasible_bytes
    assert str(error.smallest_bytes) in error.remedy
    assert error.exit_code == 3


def test_stages_that_fit_are_planned_beside_one_that_does_not():
    requests = [stage("a", option(9 * MIB, 1.0), option(1 * MIB, 2.0)), stage("b", option(90 * MIB), option(80 * MIB))]

    found = plan(requests, 16 * MIB)

    assert not found.feasible
    assert [made.predicted_peak_bytes for made in found.stages] == [9 * MIB, 80 * MIB]
    assert found.binding_stage == "b"


@settings(max_examples=40)
@given(need=st.integers(1, 2**44), fraction=st.floats(0.0, 0.9999))
def test_the_printed_smallest_budget_can_be_typed(need: int, fraction: float):
    requests = [stage("attention.move", option(need))]
    exact = plan(requests).smallest_feasible_bytes
    budget = max(1, int(exact * fraction))

    message = str(refusal(requests, min(budget, exact - 1)))
    typed = re.search(r"the smallest that can is (.+)$", message).group(1)

    assert re.fullmatch(r"\d+(\.\d)? ([KMGT]i)?B", typed)
    assert exact <= parse_size(typed) <= exact * 1.1
    assert plan(requests, parse_size(typed)).feasible
    printed = re.search(r"the budget of (.+) cannot", message).group(1)
    assert not plan(requests, parse_size(printed)).feasible


def test_without_a_budget_nothing_is_refused():
    refuse_if_infeasible(plan([stage("a", option(2**50))]))
    refuse_if_infeasible(plan([stage("a", option(MIB))], 2 * MIB))


@given(budget=st.integers(0, 2**45), device=st.sampled_from([CPU_PROFILE, CUDA_PROFILE]))
def test_the_largest_prediction_is_the_inverse_of_the_bound(budget: int, device: DeviceProfile):
    largest = largest_predicted(budget, device)

    assert largest == -1 or bound_bytes(largest, device) <= budget
    assert bound_bytes(largest + 1, device) > budget


def test_the_bound_of_a_cpu_plan():
    assert bound_bytes(0, CPU_PROFILE) == 16 * KIB
    assert bound_bytes(100 * MIB, CPU_PROFILE) == 100 * MIB + MIB // 2 + 16 * KIB
    assert bound_bytes(1001, CPU_PROFILE) == 1001 + 6 + 16 * KIB
    assert bound_bytes(0, CUDA_PROFILE) >= CUDA_PROFILE.segment_bytes


@settings(max_examples=40)
@given(requests=runs)
def test_the_frontier_of_independent_stages_is_the_exhaustive_one(requests):
    requests = [StageRequest(f"s{number}", r.options) for number, r in enumerate(requests)]
    every = sorted((peak, seconds) for peak, seconds, _ in every_run(requests, 0))
    expected = [point for i, point in enumerate(every) if all(point[1] < earlier[1] for earlier in every[:i])]

    assert frontier(requests, device=CPU_PROFILE, points=10**9) == expected


@settings(max_examples=25)
@given(requests=runs, points=st.integers(1, 5))
def test_a_thinned_frontier_keeps_its_ends(requests, points: int):
    full = frontier(requests, device=CPU_PROFILE, points=10**9)
    thin = frontier(requests, device=CPU_PROFILE, points=points)

    assert (thin[0], thin[-1]) == (full[0], full[-1])
    assert len(thin) <= points + 2
    assert [seconds for _, seconds in thin] == sorted((seconds for _, seconds in thin), reverse=True)


def test_the_plan_as_a_table():
    requests = [
        stage("fit", option(10 * MIB, 2.0, choice=Rows(8))),
        stage("move", option(20 * MIB, choice=Rows(4, "x"))),
    ]

    rows = planned_table(found := plan(requests, 40 * MIB))

    assert [(row.stage, row.choice, row.binding) for row in rows] == [
        ("fit", "chunk 8", False),
        ("move", "x, chunk 4", True),
    ]
    assert [row.bound_bytes for row in rows] == [made.bound_bytes for made in found.stages]
    assert rows[1].share == pytest.approx(found.bound_bytes / (40 * MIB))
    assert planned_table(plan(requests))[0].share is None


def test_an_empty_run_needs_its_base_and_a_stage_needs_an_option():
    assert plan([], base_bytes=MIB).predicted_peak_bytes == MIB
    assert not plan([], MIB, base_bytes=MIB).feasible
    with pytest.raises(ValueError, match="'fit' has no option"):
        plan([stage("fit")])


def test_planning_imports_no_framework():
    code = (
        "import sys, slora_core.memory.planner, slora_core.memory.probe, slora_core.memory.sampler\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_memory_is_not_taken_for_the_last_tenth_of_speed():
    near = stage("move", option(400 * MIB, 1.0), option(100 * MIB, 1.09), option(50 * MIB, 1.2))

    assert plan([near], None).stages[0].predicted_peak_bytes == 100 * MIB
