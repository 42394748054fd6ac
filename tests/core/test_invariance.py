"""Budget, policy, chunk and the order of the classes never change what comes out, whatever the sizes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import slora_core as slora
from slora_core.errors import BudgetRefused
from slora_core.types import OPERATORS


def relative(found, expected):
    return max(
        float(np.linalg.norm(a.astype(np.float64) - b) / np.linalg.norm(b.astype(np.float64)))
        for a, b in zip(found, expected, strict=True)
    )


def smallest_budget(call) -> int:
    try:
        call("1B")
    except BudgetRefused as refused:
        return refused.smallest_bytes
    raise AssertionError("a budget of one byte was accepted")


@given(data=st.data())
@settings(max_examples=12)
def test_no_budget_policy_or_chunk_changes_a_result(data: st.DataObject) -> None:
    pairs, dim = data.draw(st.integers(2, 400), "pairs"), data.draw(st.integers(1, 24), "dim")
    classes, samples = data.draw(st.integers(1, 6), "classes"), data.draw(st.integers(2, 150), "samples")
    draw = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))
    before = draw.standard_normal((pairs, dim)).astype(np.float32) + np.float32(data.draw(st.sampled_from([0, 5])))
    after = before + np.float32(0.2) * draw.standard_normal((pairs, dim)).astype(np.float32)
    roots = draw.standard_normal((classes, dim, dim + 1))
    covariances = (roots @ roots.transpose(0, 2, 1) / dim).astype(np.float32)
    means = draw.standard_normal((classes, dim)).astype(np.float32)
    eps = draw.standard_normal((samples, dim)).astype(np.float32)
    sampled = data.draw(st.permutations(OPERATORS), "operators")
    operators = sampled[: data.draw(st.integers(1, 4), "count")]
    base = slora.RunConfig().merged(
        {
            "operators": {
                "weaknonlinear": {"steps": 6},
                "attention": {"top_k": data.draw(st.sampled_from([1, 7, 60, 2000]), "top_k")},
                "rff": {"features": 24},
            },
            "classifiers": {"names": ["ncm"]},
        }
    )

    def moved(budget=None, order=slice(None), memory=None):
        state = slora.ClassState.from_arrays(
            10 + np.arange(classes)[order], np.full(classes, 9), means[order], covariances[order]
        )
        return slora.compensate(
            before,
            after,
            state,
            operators=operators,
            config=base.merged({"memory": memory or {}}),
            budget=budget,
            noise={name: eps for name in operators if name != "linear"},
        )

    expected = moved()
    memory = {
        "policy": data.draw(st.sampled_from(["planned", "fixed", "adaptive"]), "policy"),
        "chunk": data.draw(st.integers(1, 200), "chunk"),
    }
    smallest = smallest_budget(lambda budget: moved(budget, memory=memory))
    budget = round(smallest * data.draw(st.one_of(st.just(1.0), st.floats(1.0, 6.0)), "share"))
    order = np.array(data.draw(st.permutations(range(classes)), "order"))
    found = moved(budget, order, memory)
    for name, state in expected.items():
        assert found[name].class_ids.tolist() == (10 + order).tolist()
        assert relative(found[name].means, state.means[order]) <= 1e-6, name
        assert relative(found[name].covariances, state.covariances[order]) <= 1e-6, name
