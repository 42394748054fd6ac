"""For the models: a tiny job in a child process, recorded, with every event that it sent; and the Chinese window."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

if sys.platform == "linux" and "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.records.recorder import record
from slora_gui.i18n import Languages

TINY = {
    "source": {"kind": "synthetic", "pairs": 400, "dim": 16, "classes": 3},
    "operators": {
        "names": ["linear", "attention"],
        "attention": {"top_k": 50, "samples": 64},
    },
    "memory": {"budget": "4MiB"},
    "run": {"threads": 1, "device": "cpu", "sample_hz": 200},
}


@pytest.fixture(scope="session")
def tiny_config() -> RunConfig:
    return RunConfig.from_dict(TINY)


@dataclass(frozen=True)
class Files:
    """A feature file, a class state and an evaluation file that belong together: N = 300, d = 12, C = 4 and 2 new."""

    features: Path
    state: Path
    evaluation: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Files:
    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(0)
    paths = Files(folder / "features.npz", folder / "state.safetensors", folder / "evaluation.npz")
    before = rng.standard_normal((300, 12)).astype(np.float32)
    after = before + 0.2 * np.tanh(before)
    labels = np.where(np.arange(300) < 60, np.arange(300) % 2 + 4, -1)
    np.savez(paths.features, features_before=before, features_after=after, labels=labels)
    roots = rng.standard_normal((4, 12, 12)).astype(np.float32) / 4
    covs = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(12, dtype=np.float32)
    means = rng.standard_normal((4, 12)).astype(np.float32)
    save_file({"class_ids": np.arange(4), "count": np.full(4, 20), "mean": means, "cov": covs}, paths.state)
    np.savez(paths.evaluation, features=after[:120], labels=np.arange(120) % 6)
    return paths


@pytest.fixture(scope="session")
def real_run(tmp_path_factory, files):
    """(events, path) of one isolated run on files with evaluation, recorded."""
    config = RunConfig.from_dict(
        {
            "source": {
                "kind": "files",
                "features": str(files.features),
                "state": str(files.state),
                "evaluate": str(files.evaluation),
            },
            "operators": {"names": ["linear", "attention"], "attention": {"top_k": 50, "samples": 64}},
            "memory": {"budget": "4MiB"},
            "run": {"threads": 1, "device": "cpu", "sample_hz": 200},
        }
    )
    path: Path = tmp_path_factory.mktemp("run") / "files.slora"
    return list(record(isolate.stream(config), path)), path


@pytest.fixture
def chinese(qapp):
    languages = Languages(qapp)
    languages.use("zh_CN")
    yield
    languages.use("en")
