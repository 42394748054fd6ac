"""Memory that runs out once, anywhere in a fit or a move: the run goes on smaller and ends with the same classes."""

from __future__ import annotations

import numpy as np
import pytest
from faulty_ledger import FaultyLedger

from slora_core import api, pipeline
from slora_core.config import RunConfig
from slora_core.events import Notice
from slora_core.running import surroundings
from slora_core.statistics.state import ClassState

PAIRS, DIM, CLASSES = 300, 12, 6
FIRST_OF_A_FIT = 5
"""The four allocations before it belong to the checks of the input, which have nothing smaller to fall back to."""
CONFIG = RunConfig().merged(
    {
        "operators": {
            "names": ["linear", "weaknonlinear"],
            "weaknonlinear": {"steps": 20, "samples": 90},
        }
    }
)


class FaultyRunLedger(FaultyLedger):
    """Refuses one allocation of the run."""

    at: int | None = None
    last: FaultyLedger | None = None

    def __init__(self, budget_bytes: int | None = None) -> None:
        super().__init__(budget_bytes)
        type(self).last = self
        if self.at is not None:
            self.fail_at(self.at)


def compensate(monkeypatch: pytest.MonkeyPatch, at: int | None) -> tuple[dict[str, ClassState], list[str], int]:
    """Moved classes, the stages that were tried again, and the allocations of the run."""
    monkeypatch.setattr(FaultyRunLedger, "at", at)
    monkeypatch.setattr(surroundings, "Ledger", FaultyRunLedger)
    rng = np.random.default_rng(2)
    before = rng.standard_normal((PAIRS, DIM)).astype(np.float32)
    roots = rng.standard_normal((CLASSES, DIM, 3 * DIM))
    covariances = roots @ roots.transpose(0, 2, 1) / (3 * DIM)
    ids = np.arange(CLASSES)
    state = ClassState.from_arrays(
        ids, ids + 9, rng.standard_normal((CLASSES, DIM)), (covariances + covariances.transpose(0, 2, 1)) / 2
    )
    events = []
    moved = api.compensate(before, before + 0.1 * np.tanh(before), state, config=CONFIG, on_event=events.append)
    retried = [event.stage for event in events if isinstance(event, Notice) and event.kind == "retry"]
    assert FaultyRunLedger.last is not None
    return moved, retried, FaultyRunLedger.last.allocations


def test_every_allocation_may_fail_once(monkeypatch: pytest.MonkeyPatch) -> None:
    expected, retried, allocations = compensate(monkeypatch, None)
    assert retried == []
    tried_again = set()
    for at in range(FIRST_OF_A_FIT, allocations + 1, 3):
        moved, retried, _ = compensate(monkeypatch, at)
        assert len(retried) == 1
        tried_again.update(retried)
        for name in CONFIG.operators.names:
            assert np.array_equal(moved[name].means, expected[name].means)
            assert np.allclose(moved[name].covariances, expected[name].covariances, rtol=0, atol=1e-6)
    assert tried_again == {"linear.fit", "linear.move", "weaknonlinear.fit", "weaknonlinear.move"}


def test_statistics_and_evaluation_begin_again_smaller(monkeypatch: pytest.MonkeyPatch, make_files, tmp_path) -> None:
    files = make_files(pairs=240, dim=12, classes=3)
    labels = np.repeat(np.arange(100, 106), 40)
    features = files.write_features("labelled.npz", labels=labels)
    np.savez(tmp_path / "evaluation.npz", features=files.after, labels=labels)
    source = {"kind": "files", "features": features, "state": files.state, "evaluate": str(tmp_path / "evaluation.npz")}
    config = RunConfig().merged({"source": source, "operators": {"names": ["linear"]}})
    monkeypatch.setattr(surroundings, "Ledger", FaultyRunLedger)

    def run(at: int | None) -> tuple[list[str], dict, int]:
        monkeypatch.setattr(FaultyRunLedger, "at", at)
        events = list(pipeline.stream(config))
        retried = [event.stage for event in events if isinstance(event, Notice) and event.kind == "retry"]
        assert FaultyRunLedger.last is not None
        return retried, getattr(events[-1], "accuracies", {}), FaultyRunLedger.last.allocations

    _, expected, allocations = run(None)
    tried_again = set()
    for at in range(1, allocations + 1, 3):
        retried, accuracies, _ = run(at)
        tried_again.update(retried)
        assert not retried or accuracies == expected
    assert {"statistics", "evaluate"} <= tried_again
