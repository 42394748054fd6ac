"""Folders that are dropped for a source of models."""

from __future__ import annotations

import json

import pytest
from PySide6.QtTest import QSignalSpy

from slora_core.config import RunConfig
from slora_gui.model.job_model import JobModel
from slora_gui.views.source_form import SourceForm


@pytest.fixture
def folders(tmp_path):
    """A transformer, two adapters and images, as their libraries save them, without a weight in them."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps({"model_type": "vit", "hidden_size": 24, "image_size": 8}))
    (base / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 8, "width": 8}}))
    (base / "model.safetensors").write_bytes(b"x" * 2048)
    for name in ("task1", "task2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4}))
        (tmp_path / name / "adapter_model.safetensors").write_bytes(b"x" * 1024)
    for name in ("cats", "dogs"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "pictures" / name / "one.png").touch()
    return tmp_path


def test_one_folder_after_another_fills_the_source(folders, qapp):
    job = JobModel(RunConfig())
    for name in ("base", "task2", "task1", "pictures"):
        assert job.open_folder(folders / name, f"Open {name}")
    source = job.config.source
    assert source.kind == "models"
    assert (source.base, source.images) == (str(folders / "base"), str(folders / "pictures"))
    assert (source.adapter_before, source.adapter_after) == (str(folders / "task1"), str(folders / "task2"))
    assert (job.source_facts.dim, job.source_facts.problems) == (24, {})
    job.undo_stack.undo()
    assert job.config.source.images is None


def test_a_folder_of_all_of_them_fills_the_form_at_once(folders, qtbot):
    job = JobModel(RunConfig())
    form = SourceForm(job)
    qtbot.addWidget(form)
    assert job.open_folder(folders, "Open")
    source, files = job.config.source, form.pages["models"].files
    assert (source.adapter_before, source.adapter_after) == (str(folders / "task1"), str(folders / "task2"))
    assert not form.pages["models"].isHidden()
    assert files["base"].line.text().replace("\u00a0", " ") == "d = 24 · 8 × 8 pixels · 2 KiB"
    assert files["adapter_after"].line.text().replace("\u00a0", " ") == "LoRA of rank 4 · 1 KiB"
    assert files["images"].line.text() == "2 entries"


def test_broken_and_foreign_folders_are_refused_in_place(folders, qtbot):
    job = JobModel(RunConfig())
    form = SourceForm(job)
    qtbot.addWidget(form)
    refused = QSignalSpy(job.refused)
    (folders / "empty").mkdir()
    assert not job.open_folder(folders / "empty", "Open")
    (folders / "base" / "model.safetensors").unlink()
    assert not job.open_folder(folders / "base", "Open")
    assert "adapter_config.json" in refused.at(0)[0]
    assert "model.safetensors" in refused.at(1)[0]
    assert job.config == RunConfig()
    job.change({"source": {"kind": "models", "base": str(folders / "base")}}, "By hand")
    field = form.pages["models"].files["base"]
    assert "model.safetensors" in field.line.text()
    assert field.line.property("role") == "danger"


def test_packages_that_are_missing_are_named_with_what_brings_them(qtbot, monkeypatch):
    job = JobModel(RunConfig())
    form = SourceForm(job)
    qtbot.addWidget(form)
    line = form.pages["models"].packages
    monkeypatch.setattr("slora_gui.views.source_form.missing_packages", lambda: ("peft",))
    job.change({"source": {"kind": "models"}}, "Models")
    assert not line.isHidden()
    assert "peft" in line.text()
    assert "slora[vit]" in line.text()
    monkeypatch.setattr("slora_gui.views.source_form.missing_packages", tuple)
    job.change({"source": {"base": "somewhere"}}, "Base")
    assert line.isHidden()


def test_a_class_state_joins_a_source_of_models(qapp, tmp_path):
    job = JobModel(RunConfig().merged({"source": {"kind": "models"}}))
    assert not job.open_source("state", tmp_path / "missing.safetensors", "Open")
    assert job.config.source.kind == "models"
