"""The attention's own cases: golden vectors, ties, edges of k and tau, forms beyond the plan's grid, and its plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conformance import EXPECTATIONS, Moved, Problem, context, deviation, fitted, make_problem, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import attention_drift

from slora_core.compensators import registry
from slora_core.compensators.attention import softmax
from slora_core.compensators.attention.buffers import move_footprint
from slora_core.compensators.attention.choice import KEY_STEP, ROW_STEP, AttentionChoice
from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.footprint import Footprint
from slora_core.memory.ledger import Ledger
from slora_core.memory.plan import Option
from slora_core.memory.policies import ADAPTIVE_CHUNKS
from slora_core.statistics.state import ClassState
from slora_core.types import MIB, Workload

GOLDEN = Path(__file__).parents[2] / "golden"
SEVERAL = (
    AttentionChoice(chunk=40, panel=10**6, resident=True),
    AttentionChoice(chunk=7, panel=50, resident=True),
    AttentionChoice(chunk=16, panel=33, resident=False, batch=2),
    AttentionChoice(chunk=11, panel=40, resident=False, batch=3, form="tiles"),
    AttentionChoice(chunk=40, panel=10**6, resident=True, form="tiles"),
    AttentionChoice(chunk=9, panel=10**6, resident=True, form="materialised"),
)


def option_for(problem: Problem, choice: AttentionChoice, device=CPU_PROFILE) -> Option:
    return Option(choice, move_footprint(problem.workload, problem.config, device, choice), 0.0)


def moved_by(problem: Problem, choice: AttentionChoice, device=CPU_PROFILE) -> Moved:
    return moved(fitted("attention", problem), problem, option_for(problem, choice, device))


def golden_problem(name: str, **attention: object) -> tuple[Problem, np.lib.npyio.NpzFile]:
    golden = np.load(GOLDEN / f"golden_public_{name}.npz")
    meta = json.loads(bytes(golden["meta"]))
    section = {
        "samples": meta["attention_samples"],
        "top_k": meta["top_k"],
        "temperature": meta["temperature"],
        "covariance_blend": meta["cov_blend"],
        **attention,
    }
    config = RunConfig().merged({"operators": {"cholesky_reg": meta["cholesky_reg"], "attention": section}})
    state = ClassState.from_arrays(
        np.arange(meta["C"]), np.full(meta["C"], 9), golden["class_mean"], golden["class_cov"]
    )
    pairs = golden["features_before"], golden["features_after"]
    return Problem(*pairs, state, golden["attention_noise"], config), golden


@pytest.mark.parametrize("name", ["a", "b"])
def test_golden_vectors_are_reproduced(name: str) -> None:
    problem, golden = golden_problem(name)
    for option in problem.move_options("attention")[::4]:
        got = moved(fitted("attention", problem), problem, option)
        assert deviation(got.means, golden["attention_mean"]) < 1e-5
        assert deviation(got.covariances, golden["attention_cov"]) < 1e-5


@pytest.mark.parametrize("name", ["a", "b"])
def test_golden_means_alone_are_reproduced(name: str) -> None:
    problem, golden = golden_problem(name, mean_only=True)
    assert registry.samples_of("attention", problem.config) == 0
    for option in problem.move_options("attention"):
        out = Moved(len(problem.state.class_ids), problem.state.dim)
        with fitted("attention", problem).mover(context(), option, None) as mover:
            for start in range(0, len(out.means), mover.batch_classes):
                batch = range(len(out.means))[start : start + mover.batch_classes]
                mover.move(batch, problem.state, out)
        assert mover.jitter == {}
        assert deviation(out.means, golden["attention_mean_only"]) < 1e-6
        np.testing.assert_array_equal(out.covariances, golden["class_cov"])


@pytest.mark.parametrize("top_k", [1, 2, 20, 59, 60, 61, 2000])
def test_every_top_k_agrees_with_the_oracle_in_every_form(top_k: int) -> None:
    problem = make_problem(pairs=60, classes=3, operators={"attention": {"top_k": top_k}})
    means, covariances = EXPECTATIONS["attention"](problem, None)
    for choice in SEVERAL:
        got = moved_by(problem, choice)
        assert deviation(got.means, means) < 1e-5, choice
        assert deviation(got.covariances, covariances) < 1e-5, choice


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("dim", [3, 64, 300])
def test_equal_keys_score_equally_in_every_shape_of_product(dim: int, threads: int) -> None:
    """What the order of ties rests on: the steps that rows and keys are padded to."""
    generator = torch.Generator().manual_seed(dim)
    queries = torch.randn(16 * ROW_STEP, dim, generator=generator)
    keys = torch.randn(1, dim, generator=generator).expand(20 * KEY_STEP, dim).contiguous()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        reference = torch.mm(queries, keys.t())[:, :1]
        for rows in (1, 3, 16):
            for columns in (1, 2, 7, 20):
                wide = torch.empty(rows * ROW_STEP, columns * KEY_STEP + 41)  # as beside a running top k
                scores = wide[:, : columns * KEY_STEP]
                torch.mm(queries[: len(wide)], keys[: scores.shape[1]].t(), out=scores)
                assert torch.equal(scores, reference[: len(wide)].expand_as(scores))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("top_k", [1, 7, 30])
def test_ties_go_to_the_lowest_index_in_every_form(top_k: int) -> None:
    """Keys repeat, with another drift each time, so that the choice among equals is seen in the result."""
    problem = make_problem(pairs=150, classes=4, duplicates=True, operators={"attention": {"top_k": top_k}})
    queries = problem.state.means
    cosines = queries @ problem.before.T
    assert any(len(np.unique(row)) < 40 for row in cosines)
    means, covariances = EXPECTATIONS["attention"](problem, None)
    reference = moved_by(problem, SEVERAL[0])
    for choice in SEVERAL:
        got = moved_by(problem, choice)
        assert deviation(got.means, means) < 1e-5, choice
        assert deviation(got.covariances, covariances) < 1e-5, choice
        assert deviation(got.covariances, reference.covariances) < 1e-6, choice


def test_a_query_without_direction_takes_the_first_keys() -> None:
    problem = make_problem(pairs=90, classes=3, operators={"attention": {"top_k": 4, "mean_only": True}})
    state = replace(problem.state, means=np.zeros_like(problem.state.means))
    for form in ("rows", "tiles"):
        choice = AttentionChoice(1, 33, resident=False, batch=3, form=form)
        out = Moved(3, problem.state.dim)
        with fitted("attention", problem).mover(context(), option_for(problem, choice), None) as mover:
            mover.move([0, 1, 2], state, out)
        drift = (problem.after[:4].astype(float) - problem.before[:4]).mean(axis=0)
        assert deviation(out.means, np.tile(drift, (3, 1))) < 1e-6


@pytest.mark.parametrize("temperature", [1e-6, 1e-3, 0.01, 0.05, 1.0, 50.0])
@pytest.mark.parametrize("top_k", [10, 500])
def test_any_temperature_neither_overflows_nor_vanishes(temperature: float, top_k: int) -> None:
    section = {"temperature": temperature, "top_k": top_k}
    problem = make_problem(pairs=80, classes=2, samples=30, operators={"attention": section})
    means, covariances = EXPECTATIONS["attention"](problem, None)
    reference = moved_by(problem, SEVERAL[0])
    tolerance = max(1e-5, 1e-7 / temperature)  # a cosine is known to 1e-7, whatever it is divided by
    for choice in SEVERAL:
        got = moved_by(problem, choice)
        assert deviation(got.means, means) < tolerance
        assert deviation(got.covariances, covariances) < tolerance
        assert deviation(got.covariances, reference.covariances) < 1e-6


def test_mixing_and_blending_weigh_the_old_statistics() -> None:
    section = {"mean_mixing": 0.3, "covariance_blend": 0.6, "top_k": 30}
    problem = make_problem(operators={"attention": section})
    means, covariances = EXPECTATIONS["attention"](problem, None)
    got = moved_by(problem, SEVERAL[0])
    assert deviation(got.means, means) < 1e-6
    assert deviation(got.covariances, covariances) < 1e-6
    kept = make_problem(operators={"attention": {"mean_mixing": 1.0, "covariance_blend": 1.0}})
    assert deviation(moved_by(kept, SEVERAL[0]).covariances, kept.state.covariances) < 1e-6


@settings(max_examples=25, derandomize=True)
@given(data=st.data())
def test_choices_beyond_the_grid_agree_and_take_what_they_say(
    pinned_bytes: Callable[[Footprint], int], data: st.DataObject
) -> None:
    draw = data.draw
    problem = make_problem(
        pairs=draw(st.integers(2, 200)),
        dim=draw(st.integers(1, 10)),
        classes=draw(st.integers(1, 4)),
        samples=draw(st.integers(2, 40)),
        seed=draw(st.integers(0, 99)),
        duplicates=draw(st.booleans()),
        operators={"attention": {"top_k": draw(st.integers(1, 60))}},
    )
    choice = AttentionChoice(
        chunk=draw(st.integers(1, 40)),
        panel=draw(st.integers(1, 220)),
        resident=draw(st.booleans()),
        batch=draw(st.integers(1, 4)),
        form=draw(st.sampled_from(["rows", "tiles"])),
    )
    device = draw(st.sampled_from([CPU_PROFILE, CUDA_PROFILE]))
    option = option_for(problem, choice, device)
    with Ledger() as ledger:
        got = moved(fitted("attention", problem), problem, option)
        device_bytes = option.footprint.peak_bytes() - option.footprint.workspace_bytes
        assert ledger.peak_bytes == device_bytes + pinned_bytes(option.footprint)
    reference = moved_by(problem, SEVERAL[0])
    assert deviation(got.means, reference.means) < 1e-6
    assert deviation(got.covariances, reference.covariances) < 1e-6


def test_without_the_measure_the_seed_s_product_is_materialised_and_the_result_is_the_same() -> None:
    problem = make_problem(pairs=200, samples=150)
    seed = replace(problem, config=problem.config.merged({"measures": {"tiled_attention": False}}))
    (option,) = seed.move_options("attention")
    assert option.choice.chunk == 128
    assert any(buffer.shape == (128, 256, 6) for buffer in option.footprint.standing)
    got = moved(fitted("attention", seed), seed, option)
    reference = moved_by(problem, SEVERAL[0])
    assert deviation(got.means, reference.means) < 1e-6
    assert deviation(got.covariances, reference.covariances) < 1e-6
    workload = Workload(41000, 768, 100)
    (option,) = registry.move_options("attention", workload, seed.config, CUDA_PROFILE)
    assert option.footprint.peak_bytes(512) > 15 * 1024 * MIB  # the seed's 16 GB


def test_the_grid_reaches_from_a_small_budget_to_a_fast_run() -> None:
    config = RunConfig()
    million = registry.move_options("attention", Workload(1_000_000, 256, 10), config, CPU_PROFILE)
    assert any(o.footprint.peak_bytes() < 8 * MIB for o in million)
    within = [o for o in million if o.footprint.peak_bytes() < 240 * MIB]
    fastest = min(within, key=lambda option: option.seconds)
    assert not fastest.choice.resident
    middle = registry.move_options("attention", Workload(7048, 768, 20), config, CPU_PROFILE)
    assert min(o.seconds for o in middle if o.footprint.peak_bytes() < 100 * MIB) < 1.2 * min(o.seconds for o in middle)
    card = registry.move_options("attention", Workload(41000, 768, 100), config, CUDA_PROFILE)
    assert min(o.seconds for o in card if o.footprint.peak_bytes(512) < 410 * MIB) < 1.4
    for options in (million, middle, card):
        for option in options:
            choice = option.choice
            assert choice.chunk <= 2000
            device = CUDA_PROFILE if options is card else CPU_PROFILE
            width = max(64, device.slice_flop / (2 * choice.rows * (256 if options is million else 768)))
            assert choice.panel <= width


def test_policies_choose_the_chunks() -> None:
    workload = Workload(5000, 64, 9)
    for policy, chunks in (({"policy": "fixed", "chunk": 50}, {50}), ({"policy": "adaptive"}, set(ADAPTIVE_CHUNKS))):
        config = RunConfig().merged({"memory": policy})
        options = registry.move_options("attention", workload, config, CPU_PROFILE)
        assert {option.choice.chunk for option in options} == chunks


def test_a_single_query_is_moved_by_the_weighted_drift_of_its_nearest_pairs() -> None:
    """One class of no spread: its mean moves as one query does."""
    problem = make_problem(pairs=500, dim=20, classes=1, samples=2, operators={"attention": {"top_k": 40}})
    tight = replace(problem.state, covariances=np.zeros_like(problem.state.covariances))
    problem = replace(problem, state=tight, config=problem.config.merged({"operators": {"cholesky_reg": 1e-12}}))
    got = moved_by(problem, SEVERAL[1])
    query = problem.state.means[0]
    expected = query + attention_drift(query, problem.before, problem.after, 40, 0.05)
    assert deviation(got.means, expected[None]) < 1e-5


def test_a_closed_transition_says_so() -> None:
    problem = make_problem()
    transition = fitted("attention", problem)
    transition.close()
    with (
        pytest.raises(RuntimeError, match="closed"),
        transition.mover(context(), option_for(problem, SEVERAL[0]), problem.noise),
    ):
        pass


@pytest.mark.parametrize("wide", [False, True])
def test_weights_agree_in_strips_of_any_size(monkeypatch, wide: bool) -> None:
    draw = torch.Generator().manual_seed(1)
    scores, below = 20 * torch.randn(13, 70, generator=draw), torch.randn(13, 1, generator=draw)
    top = scores.amax(dim=1, keepdim=True) - below if wide else None
    shift = below if top is None else below + top
    expected = torch.where(scores > below, torch.exp2(scores.double() - shift.double()), 0.0)
    found = []
    for elements in (1, 300, 10**6):
        monkeypatch.setattr(softmax, "_CACHED_ELEMENTS", elements)
        weights = scores.clone()
        softmax.weigh_selected(weights, below, None if top is None else top.clone())
        found.append(weights)
    for weights in found:  # the ends of a strip may take another exponential, which rounds differently
        torch.testing.assert_close(weights, found[-1], rtol=2.5e-7, atol=0)
        torch.testing.assert_close(weights.double(), expected, rtol=1e-5, atol=0)
