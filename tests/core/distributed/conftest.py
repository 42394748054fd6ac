"""Jobs for the tests of distributed runs: small, with every operator and new classes to take statistics of."""

from __future__ import annotations

import numpy as np
import pytest

from slora_core.config import RunConfig


@pytest.fixture
def make_job(make_files):
    """``make_job(out, pairs=..., classes=..., **sections)``: a configuration on files of its own."""

    def make(out, *, pairs=203, classes=5, dim=12, labels=True, **sections):
        files = make_files(pairs=pairs, dim=dim, classes=classes)
        rng = np.random.default_rng(3)
        label_column = rng.integers(-1, 3, pairs) if labels else None
        if labels:
            label_column[-1] = 7  # a class with one row, in the last share
        features = files.write_features("labelled.npz", labels=label_column)
        np.savez(files.folder / "evaluate.npz", features=files.after[:40], labels=np.resize(files.ids, min(40, pairs)))
        base = {
            "source": {
                "kind": "files",
                "features": features,
                "state": files.state,
                "evaluate": str(files.folder / "evaluate.npz"),
            },
            "operators": {
                "names": ["linear", "weaknonlinear", "attention", "rff"],
                "weaknonlinear": {"steps": 20, "samples": 60},
                "attention": {"samples": 64, "top_k": 20},
                "rff": {"samples": 64, "features": 32},
            },
            "run": {"device": "cpu", "sample_hz": 0, "threads": 1},
            "output": {"state": str(out)},
        }
        return RunConfig.from_dict(base).merged(sections)

    return make
