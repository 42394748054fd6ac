"""The bench of the window measures what it says: real processes, real files, a real window."""

from __future__ import annotations

import pytest

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.data_folder import HOME_VARIABLE
from slora_core.events import MemorySample, Progress, RunFinished, StageFinished
from slora_gui.bench import paced, window
from slora_gui.bench.__main__ import main
from slora_gui.bench.first_paint import first_paint


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))


def test_the_paced_engine_sends_what_it_promises_from_its_own_process():
    events = list(isolate.stream(RunConfig(), engine=paced.ENGINE, arguments={"seconds": 0.5}))
    kinds = [type(event) for event in events]
    assert (kinds.count(MemorySample), kinds.count(Progress)) == (25, 5)
    assert isinstance(events[-1], RunFinished)
    t_s = [event.t_s for event in events]
    assert t_s == sorted(t_s)


def test_the_paced_engine_ends_its_stages():
    events = list(paced.events(RunConfig(), 6.0))
    assert [event.t_s for event in events if isinstance(event, StageFinished)] == pytest.approx([1.98, 3.98, 5.98])


def test_a_minute_of_events_is_taken_in_whole(qapp):
    figures = window.hour_of_events(hours=1 / 60)
    assert figures["end_bytes"] - figures["first_tenth_bytes"] == figures["growth_bytes"]
    assert figures["first_tenth_bytes"] > 2**20


def test_the_history_that_is_timed_shows_every_run(qapp, tmp_path):
    (tmp_path / "runs").mkdir()
    measured = window.history(tmp_path / "runs", runs=7)
    assert measured.count == 5
    assert len(list((tmp_path / "runs").glob("*.slora"))) == 7


def test_the_first_painting_is_that_of_a_fresh_process():
    measured = first_paint(repetitions=1)
    assert measured.count == 1
    assert measured.cpu_ms > 0


def test_json_has_the_parts_that_were_asked_for(qapp, capsys):
    import json

    assert main(["--json", "--only", "what-if"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"platform", "what-if"}
    assert document["what-if"]["count"] == 40
