"""The live page is repainted while it is seen and changes, and at no other time."""

from __future__ import annotations

from window_fakes import beginning, sample

from slora_core.config import RunConfig
from slora_gui.control.refreshing import RefreshTimer
from slora_gui.model.run_model import RunModel


def test_it_ticks_for_changes_and_falls_asleep(qtbot):
    painted, seen = [], [True]
    model = RunModel()
    timer = RefreshTimer(lambda: painted.append(model.now_s), lambda: seen[0])
    timer.follow(model)
    for event in beginning(RunConfig()):
        model.feed(event)
    qtbot.waitUntil(lambda: painted[-1:] == [0.3])
    qtbot.waitUntil(lambda: not timer.active)
    before = len(painted)
    seen[0] = False
    model.feed(sample(0.4))
    assert not timer.active
    assert len(painted) == before
    seen[0] = True
    timer.wake()
    assert painted[-1] == 0.4
    qtbot.waitUntil(lambda: not timer.active)
    timer.follow(None)
    timer.stop()
