"""The attention as a CUDA graph would run it, without asking the host: the same rows, ties included."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from conformance import Problem, context, make_problem

from slora_core.compensators.attention.buffers import TIE_SLOTS, key_tiling, move_footprint
from slora_core.compensators.attention.choice import AttentionChoice
from slora_core.compensators.attention.keys import KeyStore
from slora_core.compensators.attention.scoring import FORMS
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.workspace import Workspace

CHOICES = (
    AttentionChoice(chunk=40, panel=10**6, resident=True),
    AttentionChoice(chunk=40, panel=64, resident=True, form="tiles", strip=16),
    AttentionChoice(chunk=40, panel=10**6, resident=True, form="tiles"),
    AttentionChoice(chunk=40, panel=10**6, resident=True, form="materialised"),
)


def open_drift(problem: Problem, choice: AttentionChoice, workspace: Workspace, keys: KeyStore):
    settings = problem.config.operators.attention
    top_k = settings.top_k if settings.top_k < len(problem.before) else None
    return FORMS[choice.form](context(), workspace, keys, top_k=top_k, temperature=settings.temperature)


def moved_rows(problem: Problem, choice: AttentionChoice, rows, *, recorded: bool):
    """The moved rows, and whether they count as exact."""
    footprint = move_footprint(problem.workload, problem.config, CUDA_PROFILE, choice)
    tiling = key_tiling(len(problem.before), choice.panel)
    with Workspace(footprint, torch.device("cpu")) as workspace:
        keys = KeyStore(context(), workspace, problem.pairs, tiling, resident=choice.resident)
        drift = open_drift(problem, choice, workspace, keys)
        got = torch.from_numpy(np.array(rows))
        with drift.recording() if recorded else nullcontext():
            drift(got)
        return got.numpy(), not recorded or drift.doubt is None or drift.doubt.item() == 0


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.form}-{choice.panel}")
@pytest.mark.parametrize("top_k", [1, 7, 30, 500])
@pytest.mark.parametrize("temperature", [0.001, 0.05])
def test_rows_without_ties_move_as_they_do_otherwise(choice, top_k, temperature) -> None:
    problem = make_problem(pairs=150, operators={"attention": {"top_k": top_k, "temperature": temperature}})
    rows = np.random.default_rng(1).standard_normal((37, 6)).astype(np.float32)
    expected, _ = moved_rows(problem, choice, rows, recorded=False)
    got, exact = moved_rows(problem, choice, rows, recorded=True)
    assert exact
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.form}-{choice.panel}")
@pytest.mark.parametrize("tied", [1, 3, 5])
def test_ties_within_the_slots_are_cut_by_index(choice, tied) -> None:
    """Some queries point along a key that occurs four times with another drift each, and the top two are wanted."""
    problem = make_problem(pairs=150, operators={"attention": {"top_k": 2}})
    repeated = [20, 60, 61, 140]
    problem.before[repeated] = problem.before[20]
    rows = np.random.default_rng(2).standard_normal((37, 6)).astype(np.float32)
    chosen = np.random.default_rng(3).permutation(37)[:tied]
    rows[chosen] = 2 * problem.before[20]
    expected, _ = moved_rows(problem, choice, rows, recorded=False)
    got, exact = moved_rows(problem, choice, rows, recorded=True)
    assert exact
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)
    mean_drift = (problem.after - problem.before)[[20, 60]].mean(axis=0)
    np.testing.assert_allclose(got[chosen], rows[chosen] + mean_drift, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.form}-{choice.panel}")
def test_more_ties_than_slots_are_noticed(choice) -> None:
    problem = make_problem(pairs=150, operators={"attention": {"top_k": 2}})
    problem.before[[20, 60, 61]] = problem.before[20]
    rows = np.tile(problem.before[20], (TIE_SLOTS + 1, 1))
    _, exact = moved_rows(problem, choice, rows, recorded=True)
    assert not exact


def test_keys_that_the_host_streams_are_never_recorded() -> None:
    problem = make_problem(pairs=150, operators={"attention": {"top_k": 2}})
    for choice, device, recordable in (
        (AttentionChoice(16, 64, resident=False), CUDA_PROFILE, False),
        (AttentionChoice(16, 64, resident=True), CUDA_PROFILE, True),
        (AttentionChoice(16, 64, resident=True), CPU_PROFILE, False),
    ):
        footprint = move_footprint(problem.workload, problem.config, device, choice)
        with Workspace(footprint, torch.device("cpu")) as workspace:
            keys = KeyStore(context(), workspace, problem.pairs, key_tiling(150, 64), resident=choice.resident)
            drift = open_drift(problem, choice, workspace, keys)
            assert np.isfinite(drift.row_flop) == recordable


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.form}-{choice.panel}")
def test_buffers_that_outlive_the_stage_serve_as_well(choice) -> None:
    """As with the measure ``stage_release`` off, where nothing is released before the run ends."""
    problem = make_problem(pairs=150, operators={"attention": {"top_k": 7}})
    declared = move_footprint(problem.workload, problem.config, CUDA_PROFILE, choice)
    rows = np.random.default_rng(1).standard_normal((37, 6)).astype(np.float32)
    moved = []
    for footprint in (declared, replace(declared, kept=declared.standing, standing=())):
        with Workspace(footprint, torch.device("cpu")) as workspace:
            keys = KeyStore(
                context(), workspace, problem.pairs, key_tiling(150, choice.panel), resident=choice.resident
            )
            drift = open_drift(problem, choice, workspace, keys)
            moved.append(torch.from_numpy(rows.copy()))
            with drift.recording():
                drift(moved[-1])
    assert torch.equal(*moved)
