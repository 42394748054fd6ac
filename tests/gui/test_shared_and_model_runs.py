"""Runs of several processes and of a model pair, set up in the window and run by the real engine."""

from __future__ import annotations

import numpy as np
import pytest

from slora_core.config import RunConfig
from slora_core.memory.device import CPU_PROFILE
from slora_core.records.ranks import slowest_rank
from slora_core.records.run_file import RunFile
from slora_gui.model.forecasting import Forecaster
from slora_gui.model.model_folders import folder_fields


def wait(controller, qtbot):
    qtbot.waitUntil(lambda: not controller.busy and not controller.background.busy, timeout=120_000)


def test_two_processes_share_a_run_and_are_shown_side_by_side(make_window, qtbot):
    window, controller = make_window()
    source = {"kind": "synthetic", "pairs": 300, "dim": 8, "classes": 4}
    changes = {"source": source, "operators": {"names": ["linear"]}, "run": {"threads": 1, "device": "cpu"}}
    controller.models.job.replace(RunConfig().merged(changes), "A small job")
    field = controller.views.job.processes.fields["processes"].editor
    field.setValue(2)
    assert controller.models.job.config.distributed.processes == 2
    controller.perform("run")
    wait(controller, qtbot)
    run = controller.run
    assert run.status == "finished", window.messages.message.text
    assert run.ranks == (0, 1)
    page = controller.views.live
    assert page.tabs.isTabVisible(2)
    assert page.ranks.model().rowCount() == 2
    controller.open_files([run.path])
    qtbot.waitUntil(lambda: controller.run is not run)
    assert controller.run.rank_summaries == run.rank_summaries
    with RunFile.open(run.path) as file:
        assert slowest_rank(file, "linear.move") in run.ranks


def test_what_several_processes_cannot_share_is_told_before_the_run(make_window, qtbot):
    _, controller = make_window()
    controller.views.job.processes.fields["processes"].editor.setValue(2)
    qtbot.waitUntil(lambda: not controller.views.job._problem.isHidden())
    assert "several processes" in controller.views.job._problem.text()
    assert not controller.views.job.run_button.isEnabled()


@pytest.fixture
def pair(tmp_path):
    """A small transformer with two adapters, and images in class folders."""
    pytest.importorskip("peft")
    pytest.importorskip("transformers")
    image = pytest.importorskip("PIL.Image")
    from slora_core.bench.vit_pair import VitSizes, make_pair

    make_pair(tmp_path, VitSizes("tiny", 16, 1, 2, 8, 4, 4), 0)
    draw = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = draw.integers(0, 255, (8, 8, 3), np.uint8)
            image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path


def test_a_dropped_folder_of_a_model_pair_is_ready_to_run(make_window, qtbot, pair):
    _, controller = make_window()
    job = controller.models.job
    changes = {"operators": {"names": ["linear"]}, "run": {"threads": 1, "device": "cpu"}}
    job.replace(RunConfig().merged(changes), "Linear alone")
    controller.open_files([pair])
    source = job.config.source
    assert (source.kind, source.base, source.images) == ("models", str(pair / "base"), str(pair / "pictures"))
    assert (source.adapter_before, source.adapter_after) == (str(pair / "before"), str(pair / "after"))
    assert "d = 16" in controller.views.job.source.pages["models"].files["base"].line.text()
    controller.perform("run")
    wait(controller, qtbot)
    assert controller.run.status == "finished", controller.run.failure
    assert any("extract" in row.stage for row in controller.run.stages)


def test_a_class_of_images_that_is_added_asks_for_another_forecast(pair):
    source = RunConfig().source.model_copy(update={"kind": "models"})
    fields = {"kind": "models", **folder_fields(pair, source)}
    config = RunConfig().merged({"source": fields, "operators": {"names": ["linear"]}})
    forecaster = Forecaster()
    before = forecaster.forecast(config, CPU_PROFILE)
    assert forecaster.ready_for(config, CPU_PROFILE), before.problem
    (pair / "pictures" / "cats").rename(pair / "cats")
    assert not forecaster.ready_for(config, CPU_PROFILE)
    assert forecaster.forecast(config, CPU_PROFILE).plan.seconds < before.plan.seconds
