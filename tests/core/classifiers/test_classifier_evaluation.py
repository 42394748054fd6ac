"""Evaluation: accuracies, equality of all options, planned against measured memory, cancelling."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from slora_core.cancel import CancelToken
from slora_core.classifiers.plan import EvaluationChoice, evaluate_options, evaluation_footprint, evaluation_steps
from slora_core.classifiers.registry import build, evaluate
from slora_core.config import RunConfig
from slora_core.context import RunContext
from slora_core.errors import InputError, RunCancelled
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.ledger import Ledger
from slora_core.memory.plan import Option
from slora_core.types import CLASSIFIERS, Workload

CPU = torch.device("cpu")


def workload_of(state, rows):
    return Workload(
        pairs=100, dim=state.dim, classes=len(state.class_ids) - 1, new_classes=1, evaluation_rows=rows.count
    )


def option_of(state, rows, choice, config):
    return Option(choice, evaluation_footprint(choice, workload_of(state, rows), config, CPU_PROFILE), 0.0)


def test_accuracies_are_those_of_the_predictions(make_state, make_rows):
    state, config = make_state(6, 12, spread=0.6), RunConfig()
    rows = make_rows(state, 200)
    option = option_of(state, rows, EvaluationChoice(64, 6), config)
    found = evaluate(RunContext(CPU), config, state, rows, option)
    assert list(found) == list(CLASSIFIERS)
    for name, accuracy in found.items():
        predicted = build(name, state, config).predict(torch.from_numpy(rows.features))
        assert accuracy == pytest.approx(np.mean(predicted == rows.labels))
        assert 0.4 < accuracy < 1


def test_only_the_configured_classifiers_run(make_state, make_rows):
    state, config = make_state(), RunConfig.from_dict({"classifiers": {"names": ["ncm"]}})
    rows = make_rows(state)
    options = evaluate_options(workload_of(state, rows), config, CPU_PROFILE)
    assert list(evaluate(RunContext(CPU), config, state, rows, options[0])) == ["ncm"]
    names = {buffer.name for buffer in options[0].footprint.standing}
    assert "pooled" not in names


def test_every_option_gives_the_same_accuracies(make_state, make_rows):
    state, config = make_state(7, 20, spread=0.4), RunConfig()
    rows = make_rows(state, 90)
    options = evaluate_options(workload_of(state, rows), config, CPU_PROFILE)
    assert len({option.choice for option in options}) == len(options) > 4
    results = [evaluate(RunContext(CPU), config, state, rows, option) for option in options]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("sizes", [(3, 8, 40), (12, 40, 300), (4, 96, 70)])
def test_measured_memory_is_the_planned(name, sizes, make_state, make_rows):
    classes, dim, count = sizes
    config = RunConfig.from_dict({"classifiers": {"names": [name], "rank": 16}})
    state = make_state(classes, dim)
    rows = make_rows(state, count)
    for option in evaluate_options(workload_of(state, rows), config, CPU_PROFILE):
        with Ledger() as ledger:
            evaluate(RunContext(CPU), config, state, rows, option)
        assert ledger.peak_bytes == option.footprint.peak_bytes()
        assert ledger.live_bytes == 0


def test_all_classifiers_together_stay_at_the_planned_peak(make_state, make_rows):
    state, config = make_state(6, 40), RunConfig()
    rows = make_rows(state, 100)
    option = option_of(state, rows, EvaluationChoice(32, 2), config)
    with Ledger(option.footprint.peak_bytes()) as ledger:
        evaluate(RunContext(CPU), config, state, rows, option)
    assert ledger.peak_bytes == option.footprint.peak_bytes()


def test_memory_does_not_grow_by_a_square_for_each_class():
    config, choice, dim = RunConfig(), EvaluationChoice(8, 1), 768
    few, many = (
        evaluation_footprint(choice, Workload(10, dim, classes, 0, 100), config, CPU_PROFILE).peak_bytes()
        for classes in (10, 110)
    )
    assert many - few < 100 * (dim + 200) * 8


def test_a_built_classifier_holds_only_what_scoring_needs(make_state):
    """LR-RGDA: C d r and one factor, below the C d^2 of a resident QDA; LDA: C d."""
    classes, dim, rank = 20, 80, 4
    state, config = make_state(classes, dim), RunConfig.from_dict({"classifiers": {"rank": rank}})
    live = {}
    for name in ("lda", "lr-rgda"):
        with Ledger() as ledger:
            classifier = build(name, state, config, rows=4)
            live[name] = ledger.live_bytes
            del classifier
        assert ledger.live_bytes == 0
    assert live["lda"] < 8 * (classes * dim + 2 * dim * 4 + classes) + 1000 + 8 * dim * 4
    assert live["lr-rgda"] < 8 * classes * dim * (rank + 1) + 8 * 3 * dim * dim


def test_progress_counts_every_class_of_every_classifier(make_state, make_rows):
    state, config, events = make_state(5, 6), RunConfig(), []
    rows = make_rows(state, 30)
    ctx = RunContext(CPU, emit=events.append)
    total = evaluation_steps(config.classifiers.names, 5)
    with ctx.stage("evaluate", total=total, unit="classes"):
        evaluate(ctx, config, state, rows, option_of(state, rows, EvaluationChoice(8, 2), config))
    done = [event.done for event in events if type(event).__name__ == "Progress"]
    assert done[-1] == total == 20


def test_a_cancelled_evaluation_stops_and_frees_its_memory(make_state, make_rows):
    state, config, cancel = make_state(5, 6), RunConfig(), CancelToken()
    rows = make_rows(state, 30)
    ctx = RunContext(CPU, cancel=cancel)
    cancel.cancel()
    with Ledger() as ledger, pytest.raises(RunCancelled):
        evaluate(ctx, config, state, rows, option_of(state, rows, EvaluationChoice(8, 2), config))
    assert ledger.live_bytes == 0


def test_rows_that_do_not_fit_the_state_are_refused(make_state, make_rows):
    state, config = make_state(), RunConfig()
    rows = make_rows(state)
    option = option_of(state, rows, EvaluationChoice(8, 1), config)
    narrow = type(rows)(rows.features[:, :5], rows.labels)
    with pytest.raises(InputError, match="5 features and the class state 12"):
        evaluate(RunContext(CPU), config, state, narrow, option)
    strange = type(rows)(rows.features, np.full_like(rows.labels, 777))
    with pytest.raises(InputError, match="class 777"):
        evaluate(RunContext(CPU), config, state, strange, option)
    with pytest.raises(InputError, match="no rows"):
        evaluate(RunContext(CPU), config, state, type(rows)(rows.features[:0], rows.labels[:0]), option)


def test_options_follow_the_policy_and_need_rows():
    config = RunConfig.from_dict({"memory": {"policy": "fixed", "chunk": 48}})
    options = evaluate_options(Workload(10, 16, 4, 1, 100), config, CPU_PROFILE)
    assert {option.choice.rows for option in options} == {48}
    assert evaluate_options(Workload(10, 16, 4, 1, 0), config, CPU_PROFILE) == ()


def test_beside_cuda_rows_and_covariances_are_staged_in_pinned_memory(pinned_bytes):
    workload, config, choice = Workload(10, 16, 4, 1, 100), RunConfig(), EvaluationChoice(8, 1)
    assert pinned_bytes(evaluation_footprint(choice, workload, config, CPU_PROFILE)) == 0
    assert pinned_bytes(evaluation_footprint(choice, workload, config, CUDA_PROFILE)) == 2 * 4 * 16 * 16


def test_the_plan_imports_no_torch():
    code = "import sys; import slora_core.classifiers.plan; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
