"""The forecast is the engine's own plan; answers of old requests are dropped; the frontier can be applied."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.matrix_workspace import in_own_process
from slora_core.running.planning import plan_config
from slora_gui.model import device_profiles
from slora_gui.model.device_profiles import planning_profile
from slora_gui.model.what_if import WhatIf, forecast, frontier

ROOT = Path(__file__).parents[3]
SYNTHETIC = RunConfig().merged({"source": {"kind": "synthetic", "pairs": 512, "dim": 32, "classes": 4}})


def _budget(config, budget):
    return config.merged({"memory": {"budget": budget}})


@pytest.mark.parametrize("profile", [CPU_PROFILE, CUDA_PROFILE], ids=["cpu", "cuda"])
@pytest.mark.parametrize("budget", [None, "900KiB", "64MiB"])
@pytest.mark.parametrize("policy", ["planned", "adaptive", "fixed"])
def test_a_forecast_is_the_engines_plan(profile, budget, policy):
    config = SYNTHETIC.merged({"memory": {"budget": budget, "policy": policy}})
    found = forecast(config, profile, 7)
    assert found.plan == plan_config(config, profile).plan
    assert [row.stage for row in found.rows] == [stage.stage for stage in found.plan.stages]
    assert (found.generation, found.problem, found.feasible) == (7, "", found.plan.feasible)
    assert found.smallest_bytes == found.plan.smallest_feasible_bytes
    assert found.budget_bytes == config.memory.budget


def test_a_forecast_tells_what_the_original_would_take():
    config = SYNTHETIC.merged({"source": {"pairs": 41_000, "dim": 768, "classes": 100}})
    found = forecast(config, CUDA_PROFILE)
    assert found.baseline_peak_bytes == pytest.approx(16_642 * 1024**2, rel=0.03)
    baseline = forecast(config.merged({"run": {"engine": "baseline"}}), CUDA_PROFILE)
    assert (baseline.plan, baseline.problem) == (None, "")
    assert baseline.predicted_peak_bytes == found.baseline_peak_bytes
    assert found.predicted_peak_bytes == found.plan.predicted_peak_bytes


def test_a_source_that_cannot_be_used_is_a_problem_and_not_an_exception(files):
    config = RunConfig().merged({"source": {"kind": "files"}})
    assert "needs a feature file and a class state" in forecast(config, CPU_PROFILE).problem
    config = config.merged({"source": {"features": str(files.features), "state": "absent.safetensors"}})
    found = forecast(config, CPU_PROFILE)
    assert "absent.safetensors" in found.problem
    assert (found.plan, found.rows, found.feasible, found.smallest_bytes) == (None, [], None, None)
    assert "absent.safetensors" in frontier(config, CPU_PROFILE).problem


def test_every_point_of_the_frontier_can_be_applied_as_a_budget():
    found = frontier(SYNTHETIC, CPU_PROFILE)
    assert len(found.points) > 2
    for point in found.points:
        plan = forecast(_budget(SYNTHETIC, point.budget_bytes), CPU_PROFILE).plan
        assert plan.feasible
        assert plan.predicted_peak_bytes <= point.peak_bytes
    assert not forecast(_budget(SYNTHETIC, found.points[0].budget_bytes - 1), CPU_PROFILE).feasible


@pytest.fixture
def what_if(qtbot):
    model = WhatIf(profiles=lambda device, threads: CPU_PROFILE)
    yield model
    model.close()


def test_an_answer_comes_from_another_thread_and_the_next_budget_at_once(qtbot, what_if):
    with qtbot.waitSignal(what_if.ready) as answer:
        what_if.request(SYNTHETIC)
        assert answer.args is None
    assert answer.args[0].plan == plan_config(SYNTHETIC).plan
    answers = []
    what_if.ready.connect(answers.append)
    what_if.request(_budget(SYNTHETIC, "4MiB"))
    assert [found.plan for found in answers] == [plan_config(_budget(SYNTHETIC, "4MiB")).plan]


class Gate:
    """A profile that is told only when the gate is open, to hold a computation where a test wants it."""

    def __init__(self):
        self.open, self.entered, self.asked = threading.Event(), threading.Event(), 0

    def __call__(self, device, threads):
        if threading.current_thread() is not threading.main_thread():
            self.asked += 1
            self.entered.set()
            self.open.wait()
        return CPU_PROFILE


def test_of_requests_that_come_meanwhile_only_the_last_is_computed_and_only_it_is_told(qtbot):
    gate = Gate()
    model, answers = WhatIf(profiles=gate), []
    model.ready.connect(answers.append)
    configs = [SYNTHETIC.merged({"source": {"classes": classes}}) for classes in (2, 3, 4, 5)]
    model.request(configs[0])
    assert gate.entered.wait(30)
    for config in configs[1:]:
        model.request(config)
    gate.open.set()
    qtbot.waitUntil(lambda: answers != [])
    assert [answer.config for answer in answers] == [configs[-1]]
    assert gate.asked == 2
    model.close()


def test_nothing_is_told_after_closing(qtbot):
    gate = Gate()
    model, answers = WhatIf(profiles=gate), []
    model.ready.connect(answers.append)
    model.request(SYNTHETIC)
    assert gate.entered.wait(30)
    gate.open.set()
    model.close()
    other = WhatIf(profiles=lambda device, threads: CPU_PROFILE)
    with qtbot.waitSignal(other.ready):
        other.request(SYNTHETIC)
    assert answers == []


def test_the_frontier_is_told(qtbot, what_if):
    with qtbot.waitSignal(what_if.frontier_ready) as answer:
        what_if.request_frontier(SYNTHETIC)
    assert answer.args[0].points == frontier(SYNTHETIC, CPU_PROFILE).points


def test_a_file_that_changes_is_read_again(qtbot, what_if, files, tmp_path):
    features = tmp_path / "f.npz"
    features.write_bytes(files.features.read_bytes())
    config = RunConfig().merged({"source": {"kind": "files", "features": str(features), "state": str(files.state)}})
    with qtbot.waitSignal(what_if.ready) as answer:
        what_if.request(config)
    assert answer.args[0].feasible
    features.write_bytes(b"no more")
    with qtbot.waitSignal(what_if.ready) as answer:
        what_if.request(config)
    assert "f.npz" in answer.args[0].problem


def test_devices_are_planned_for_without_touching_them(monkeypatch):
    cards = (device_profiles.CudaCard(0, "Card A", 80), device_profiles.CudaCard(1, "Card B", 90))
    monkeypatch.setattr(device_profiles, "cuda_cards", lambda: cards)
    assert (planning_profile("cuda:1").name, planning_profile("cuda:1").total_bytes) == ("Card B", 90)
    assert planning_profile("auto").name == "Card A"
    assert planning_profile("cuda:7") == in_own_process(CUDA_PROFILE)
    assert planning_profile("cuda:1").standing_bytes == 10 * 2**20 < CUDA_PROFILE.standing_bytes  # as the engine has it
    monkeypatch.setattr(device_profiles, "cuda_cards", lambda: ())
    monkeypatch.setattr(device_profiles, "_has_cuda_driver", lambda: False)
    assert planning_profile("auto").kind == planning_profile("cpu").kind == "cpu"
    assert planning_profile("cuda") == in_own_process(CUDA_PROFILE)


def test_the_models_load_neither_torch_nor_widgets():
    script = (
        "import pkgutil, importlib, sys, slora_gui.model as m\n"
        "for found in pkgutil.iter_modules(m.__path__): importlib.import_module('slora_gui.model.' + found.name)\n"
        "print([name for name in ('torch', 'pyqtgraph', 'PySide6.QtWidgets') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
