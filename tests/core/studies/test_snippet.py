from __future__ import annotations

import pytest

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.events import RunFinished, StagePeaks
from slora_core.studies.tuning.snippet import python_snippet


@pytest.mark.parametrize("name", ['it\'s "here".npz', "C:\\new\\特征.npz", "odd\udc80\n😀.npz", "plain.npz"])
def test_a_snippet_runs_the_same_configuration_whatever_its_paths_are(monkeypatch, name):
    config = RunConfig().merged(
        {
            "source": {"kind": "files", "features": name},
            "operators": {"names": "linear,rff"},
            "measures": {"stage_release": False},
            "memory": {"budget": "1GiB"},
        }
    )
    seen = []

    def stream(given):
        seen.append(given)
        yield RunFinished(1.0, 1.0, StagePeaks(5), {}, {}, {}, None)

    monkeypatch.setattr(isolate, "stream", stream)
    exec(python_snippet(config), {"__name__": "__main__"})
    assert seen == [config]
