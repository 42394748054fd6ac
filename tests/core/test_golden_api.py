"""The golden vectors through the public Python API, with injected noise and a given network, in several budgets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import slora_core as slora

GOLDEN = Path(__file__).parents[1] / "golden"


def relative(found, expected) -> float:
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@pytest.fixture(params=["a", "b"])
def golden(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"golden_public_{request.param}.npz") as archive:
        return {key: archive[key] for key in archive}


def settings(golden: dict[str, np.ndarray]) -> slora.RunConfig:
    meta = json.loads(bytes(golden["meta"]))
    return slora.RunConfig().merged(
        {
            "operators": {
                "cholesky_reg": meta["cholesky_reg"],
                "linear": {
                    "gamma": meta["gamma"],
                    "mixing_temperature": meta["mixing_temp"],
                    "ridge": meta["linear_cov_ridge"],
                },
                "attention": {
                    "top_k": meta["top_k"],
                    "temperature": meta["temperature"],
                    "covariance_blend": meta["cov_blend"],
                },
            }
        }
    )


def old_classes(golden: dict[str, np.ndarray]) -> slora.ClassState:
    classes = len(golden["class_mean"])
    return slora.ClassState.from_arrays(range(classes), [10] * classes, golden["class_mean"], golden["class_cov"])


@pytest.mark.parametrize("budget", [None, "4MiB", "700KiB"])
def test_every_operator_reproduces_the_golden_vectors_in_every_budget(golden, budget):
    network = {
        "A": golden["weak_fc1_weight"],
        "B1": golden["weak_fc2_0_weight"],
        "B2": golden["weak_fc2_2_weight"],
        "alphas": golden["weak_alphas"],
        "log_scale": golden["weak_log_scale"],
    }
    moved = slora.compensate(
        golden["features_before"],
        golden["features_after"],
        old_classes(golden),
        operators="linear,weaknonlinear,attention",
        config=settings(golden),
        budget=budget,
        noise={"attention": golden["attention_noise"], "weaknonlinear": golden["weak_noise"]},
        fitted={"weaknonlinear": network},
    )

    for operator, key in (("linear", "linear"), ("weaknonlinear", "weak"), ("attention", "attention")):
        assert relative(moved[operator].means, golden[f"{key}_mean"]) < 1e-5
        assert relative(moved[operator].covariances, golden[f"{key}_cov"]) < 1e-5


def test_the_linear_operator_and_the_attention_at_the_means(golden):
    config = settings(golden)
    before, after = golden["features_before"], golden["features_after"]
    fitted = slora.fit("linear", before, after, config=config)
    assert relative(fitted.weight.numpy(), golden["linear_operator"]) < 2e-5
    given = {"W": golden["linear_operator"]}
    for fit in (given, fitted, fitted):  # a transition stays open for its owner
        moved = slora.compensate(
            before, after, old_classes(golden), operators="linear", config=config, fitted={"linear": fit}
        )["linear"]
        assert relative(moved.means, golden["linear_mean"]) < 1e-5
        assert relative(moved.covariances, golden["linear_cov"]) < 1e-5

    means = slora.compensate(
        before,
        after,
        old_classes(golden),
        operators=["attention"],
        config=config.merged({"operators": {"attention": {"mean_only": True}}}),
    )["attention"]
    assert relative(means.means, golden["attention_mean_only"]) < 1e-5
    assert np.array_equal(means.covariances, golden["class_cov"])
