"""The engine from Python: injected noise and fits, bad arrays, budgets, events, cancel."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

import slora_core as slora
from slora_core.errors import BudgetRefused, ConfigError, DeviceError, InputError, NumericalError, RunCancelled
from slora_core.events import Notice, StageFinished, StageStarted


def relative(found, expected):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


RNG = np.random.default_rng(0)
BEFORE = RNG.standard_normal((60, 8)).astype(np.float32)
AFTER = BEFORE + np.float32(0.2) * np.tanh(BEFORE)
LABELS = np.arange(60) % 3
STATE = slora.class_statistics(BEFORE, LABELS)
CONFIG = slora.RunConfig().merged(
    {"operators": {"weaknonlinear": {"steps": 5, "samples": 50}, "attention": {"samples": 50, "top_k": 9}}}
)


def compensate(before=BEFORE, after=AFTER, state=STATE, **arguments):
    return slora.compensate(before, after, state, **({"config": CONFIG} | arguments))


def test_names_of_the_package_are_listed_before_they_are_used():
    assert set(slora.__all__) <= set(dir(slora))
    assert all(hasattr(slora, name) for name in slora.__all__)


def test_a_path_in_place_of_a_state_is_told_so():
    with pytest.raises(InputError, match=r"the state is of type str; expected a ClassState, or open_state\(path\)"):
        compensate(state="state.safetensors")


def test_class_statistics_are_numpys():
    state = slora.class_statistics(BEFORE, np.where(LABELS == 2, -1, LABELS))
    assert state.class_ids.tolist() == [0, 1]
    for number in (0, 1):
        rows = BEFORE[number == LABELS].astype(np.float64)
        np.testing.assert_allclose(state.means[number], rows.mean(0), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(state.covariances[number], np.cov(rows.T), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["float64", "float16", "list", "tensor", "fortran", "readonly", "half-tensor"])
def test_arrays_of_any_kind_are_taken(kind):
    def converted(array):
        array = array.astype(np.float16).astype(np.float32)
        if kind == "list":
            return array.tolist()
        if kind == "tensor":
            return torch.from_numpy(array).requires_grad_()
        if kind == "half-tensor":
            return torch.from_numpy(array).half()
        if kind == "fortran":
            return np.asfortranarray(array)
        if kind == "readonly":
            array.setflags(write=False)
            return array
        return array.astype(kind)

    expected = compensate(BEFORE.astype(np.float16).astype(np.float32), AFTER.astype(np.float16).astype(np.float32))
    found = compensate(converted(BEFORE), converted(AFTER))
    for name, state in expected.items():
        np.testing.assert_array_equal(found[name].means, state.means)


def test_an_open_state_file_is_moved_as_arrays_are(make_files):
    files = make_files(dim=8)
    with slora.open_state(files.state) as state:
        found = compensate(state=state, operators="linear")["linear"]
    expected = compensate(
        state=slora.ClassState.from_arrays(files.ids, [20] * 4, files.means, files.covs), operators="linear"
    )["linear"]
    np.testing.assert_array_equal(found.covariances, expected.covariances)


def test_shared_noise_is_the_same_block_for_every_class():
    eps = RNG.standard_normal((30, 8)).astype(np.float32)
    shared = compensate(operators="attention", noise={"attention": eps})["attention"]
    own = compensate(operators="attention", noise={"attention": torch.from_numpy(np.stack([eps] * 3))})["attention"]
    assert relative(own.covariances, shared.covariances) <= 1e-6
    seeded = compensate(operators="attention")["attention"]
    assert relative(seeded.covariances, shared.covariances) > 1e-3


def bad(array, row):
    array = array.copy()
    array[row, 0] = np.nan
    return array


W = np.eye(8)
BAD_CALLS = {
    "NaN features": (lambda: compensate(after=bad(AFTER, 3)), r"features_after holds NaN or Inf in 1 row \(3\)"),
    "NaN in a fit": (lambda: slora.fit("attention", BEFORE, bad(AFTER, 3)), r"features_after holds NaN"),
    "NaN in statistics": (lambda: slora.class_statistics(bad(BEFORE, 5), LABELS), r"features holds NaN .*\(5\)"),
    "one pair": (lambda: compensate(BEFORE[:1], AFTER[:1]), r"1 pair .* at least two"),
    "rows that differ": (lambda: compensate(after=AFTER[:9]), r"\[60, 8\] but features_after has \[9, 8\]"),
    "d that differs": (lambda: compensate(BEFORE[:, :4], AFTER[:, :4]), r"class state has d = 8, the pairs d = 4"),
    "integers": (lambda: compensate(BEFORE.astype(int)), r"features_before has dtype int64"),
    "ragged lists": (lambda: compensate([[1.0], [1.0, 2.0]]), r"features_before is not an array"),
    "noise of nobody": (lambda: compensate(noise={"atention": W}), r"noise .* unknown operator 'atention'"),
    "noise of another d": (lambda: compensate(noise={"attention": W[:, :5]}), r"\[8, 5\]; expected \[S, 8\] or"),
    "noise of other classes": (lambda: compensate(noise={"attention": np.zeros((2, 5, 8))}), r"\[3, S, 8\]"),
    "noise that is NaN": (lambda: compensate(noise={"attention": W * np.nan}), r"noise\['attention'\] holds NaN"),
    "fit of nobody": (lambda: compensate(fitted={"liner": {"W": W}}), r"fitted .* unknown operator 'liner'"),
    "fit without keys": (lambda: compensate(fitted={"linear": {"V": W}}), r"has keys \['V'\]: expected \['W'\]"),
    "fit of another d": (lambda: compensate(fitted={"linear": {"W": np.eye(3)}}), r"\[3, 3\]; expected \[8, 8\]"),
    "fit that is NaN": (lambda: compensate(fitted={"linear": {"W": W * np.nan}}), r"\['W'\] holds NaN"),
    "fit as arrays": (lambda: compensate(fitted={"attention": {"W": W}}), r"expected what fit\('attention'"),
    "fit of another operator": (
        lambda: compensate(fitted={"attention": slora.fit("linear", BEFORE, AFTER)}),
        r"LinearTransition; expected AttentionTransition",
    ),
    "fit that is none": (lambda: compensate(fitted={"linear": None}), r"of type NoneType; expected what fit"),
    "fit on features of another d": (
        lambda: compensate(fitted={"rff": slora.fit("rff", BEFORE[:, :4], AFTER[:, :4], config=CONFIG)}),
        r"fitted on features of d = 4; expected 8",
    ),
    "fit on other keys": (
        lambda: compensate(fitted={"attention": slora.fit("attention", BEFORE[:9], AFTER[:9], config=CONFIG)}),
        r"fitted on 9 pairs.*60 are given",
    ),
    "fit under another configuration": (
        lambda: compensate(fitted={"attention": slora.fit("attention", BEFORE, AFTER)}),
        r"fitted with top_k = 2000; expected \d+",
    ),
    "ragged noise": (
        lambda: compensate(noise={"attention": [[1.0], [1.0, 2.0]]}),
        r"noise\['attention'\] is not an array",
    ),
    "noise beyond float32": (lambda: compensate(noise={"attention": W * 1e300}), r"beyond float32"),
    "state that is NaN": (
        lambda: slora.ClassState.from_arrays([0], [2], W[:1] * np.nan, W[None]),
        r"mean of class 0 holds NaN",
    ),
    "state not symmetric": (
        lambda: slora.ClassState.from_arrays([4], [2], W[:1], np.triu(np.ones((8, 8)))[None]),
        r"covariance of class 4 is not symmetric",
    ),
    "negative class": (lambda: slora.ClassState.from_arrays([-1], [2], W[:1], W[None]), r"class ids -1 are negative"),
    "class twice": (lambda: slora.ClassState.from_arrays([1, 1], [2, 2], W[:2], np.stack([W, W])), r"class ids 1"),
    "rows of one axis": (
        lambda: slora.class_statistics(BEFORE[0], LABELS),
        r"the rows: features has shape \[8\]; expected",
    ),
    "no rows": (lambda: slora.class_statistics(BEFORE[:0], LABELS[:0]), r"the rows: features has shape \[0, 8\]"),
    "labels of other rows": (
        lambda: slora.class_statistics(BEFORE, LABELS[:5]),
        r"labels has shape \[5\]; expected \[60\]",
    ),
    "labels below -1": (lambda: slora.class_statistics(BEFORE, LABELS - 5), r"row 0 has label -5"),
}


def test_the_only_row_of_a_class_has_the_small_identity():
    state = slora.class_statistics(BEFORE[:1], [4])
    assert state.class_ids.tolist() == [4]
    assert np.array_equal(state.means[0], BEFORE[0].astype(np.float32))
    assert np.array_equal(state.covariances[0], np.float32(1e-4) * np.eye(8, dtype=np.float32))


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_arrays_are_refused_with_a_sentence(name):
    call, message = BAD_CALLS[name]
    with pytest.raises(InputError) as caught:
        call()
    assert re.search(message, str(caught.value)), str(caught.value)


def test_settings_that_do_not_exist_are_refused():
    with pytest.raises(ConfigError, match="unknown operator 'lin', did you mean 'linear'"):
        compensate(operators="lin")
    with pytest.raises(ConfigError, match="memory size 'x'"):
        compensate(budget="x")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="device 'cuda' is not on this machine: it has cpu"):
            compensate(device="cuda")
        with pytest.raises(DeviceError, match="cuda:7"):
            compensate(config=CONFIG.merged({"run": {"device": "cuda:7"}}))


def test_scratch_and_threads_are_those_of_the_configuration(tmp_path):
    with pytest.raises(ConfigError, match=r"run\.scratch = .*nowhere"):
        compensate(config=CONFIG.merged({"run": {"scratch": str(tmp_path / "nowhere")}}))
    found, before = set(), torch.get_num_threads()

    def look(_):
        found.add((torch.get_num_threads(), bool(list(tmp_path.iterdir()))))

    compensate(config=CONFIG.merged({"run": {"scratch": str(tmp_path), "threads": before + 1}}), on_event=look)
    assert found == {(before + 1, True)}
    assert torch.get_num_threads() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("operator", ["linear", "weaknonlinear", "rff"])
def test_a_fit_moves_classes_beside_other_pairs_as_it_does_beside_its_own(operator):
    fitted = slora.fit(operator, BEFORE[:40], AFTER[:40], config=CONFIG)
    expected = compensate(BEFORE[:40], AFTER[:40], operators=operator)[operator]
    found = compensate(operators=operator, fitted={operator: fitted})[operator]
    assert relative(found.means, expected.means) <= 1e-6
    assert relative(found.covariances, expected.covariances) <= 1e-6


def test_a_budget_that_is_too_small_is_refused_before_anything_is_computed():
    events = []
    with pytest.raises(BudgetRefused, match="cannot hold the weaknonlinear stage; the smallest that can is") as caught:
        compensate(budget="2KiB", on_event=events.append)
    assert events == []
    smallest = caught.value.smallest_bytes
    expected, found = compensate(), compensate(budget=smallest)
    for name, state in expected.items():
        assert relative(found[name].covariances, state.covariances) <= 1e-6
    with pytest.raises(BudgetRefused):
        compensate(budget=smallest - 1)


@pytest.mark.parametrize("off", ["", "feature_cache", "progressive_release", "device_split", "stage_release"])
def test_stages_peak_where_their_plan_says(off):
    events = []
    compensate(config=CONFIG.merged({"measures": {off: False}} if off else {}), on_event=events.append)
    predicted = {e.stage: e.predicted_peak_bytes for e in events if isinstance(e, StageStarted)}
    peaks = {e.stage: e.peaks.allocated_bytes for e in events if isinstance(e, StageFinished)}
    planned = [stage for stage, size in predicted.items() if size is not None]
    assert len(planned) >= 8
    assert {stage: peaks[stage] for stage in planned} == {stage: predicted[stage] for stage in planned}


def test_a_jitter_is_announced_and_a_hopeless_covariance_named():
    covs = STATE.covariances.copy()
    direction = np.ones(8) / np.sqrt(8)
    covs[1] = np.eye(8) - np.outer(direction, direction) * (1 + 3e-4)
    events = []
    state = slora.ClassState.from_arrays(STATE.class_ids, STATE.counts, STATE.means, covs)
    compensate(state=state, operators="attention", on_event=events.append)
    notices = [event for event in events if isinstance(event, Notice)]
    assert [(notice.kind, list(notice.data["jitter"])) for notice in notices] == [("jitter", ["1"])]
    covs[1] = -np.eye(8)
    hopeless = slora.ClassState.from_arrays(STATE.class_ids, STATE.counts, STATE.means, covs)
    with pytest.raises(NumericalError, match="class 1"):
        compensate(state=hopeless, operators="attention")


def test_a_cancel_ends_the_call():
    cancel = slora.CancelToken()

    def stop(event):
        if isinstance(event, StageStarted) and event.stage == "attention.move":
            cancel.cancel()

    with pytest.raises(RunCancelled):
        compensate(on_event=stop, cancel=cancel)
