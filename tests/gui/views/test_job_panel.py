"""The forms of the job: what they show, what they ask for, what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QCheckBox, QLineEdit

from slora_core.config import RunConfig, SourceConfig
from slora_core.types import OPERATORS
from slora_gui.views.device_picker import DevicePicker
from slora_gui.views.file_field import FileField
from slora_gui.views.job_panel import JobPanel
from slora_gui.views.measures_form import MeasuresForm
from slora_gui.views.operators_form import OperatorsForm
from slora_gui.views.policy_form import PolicyForm
from slora_gui.views.setting_field import SettingField
from slora_gui.views.source_form import FIELDS_OF, SourceForm


@pytest.fixture
def panel(job, what_if, qtbot):
    panel = JobPanel(job, what_if)
    qtbot.addWidget(panel)
    what_if.answer(job)
    return panel


@pytest.fixture
def feature_file(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "pairs.npz"
    arrays = rng.standard_normal((2, 30, 8)).astype(np.float32)
    np.savez(path, features_before=arrays[0], features_after=arrays[1], labels=np.arange(30))
    return path


def drop(widget, path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    widget.dropEvent(QDropEvent(QPointF(2, 2), Qt.DropAction.CopyAction, mime, buttons, keys))


def test_operators_are_chosen_and_the_last_one_stays(job, qtbot):
    form = OperatorsForm(job)
    qtbot.addWidget(form)
    assert {name for name, box in form.boxes.items() if box.isChecked()} == set(job.config.operators.names)
    form.boxes["rff"].click()
    form.boxes["linear"].click()
    assert job.config.operators.names == ("weaknonlinear", "attention", "rff")
    for name in ("weaknonlinear", "attention"):
        form.boxes[name].click()
    form.boxes["rff"].click()
    assert job.config.operators.names == ("rff",)
    assert form.boxes["rff"].isChecked()
    assert "at least one operator" in form._refusal.text()
    assert not form._refusal.isHidden()


def test_every_setting_of_every_operator_has_an_editor(job, qtbot):
    form = OperatorsForm(job)
    qtbot.addWidget(form)
    for name in OPERATORS:
        expected = set(type(getattr(job.config.operators, name)).model_fields)
        assert set(form._settings[name].fields) == expected


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        (("operators", "attention", "temperature"), "0.01", 0.01),
        (("operators", "linear", "gamma"), "1e-3", 1e-3),
        (("run", "seed"), "9223372036854775807", 2**63 - 1),
    ],
)
def test_a_number_is_typed_and_undone(job, qtbot, path, text, value):
    field = SettingField(job, path)
    qtbot.addWidget(field)
    assert isinstance(field.editor, QLineEdit)
    before = field.editor.text()
    field.editor.selectAll()
    QTest.keyClicks(field.editor, text)
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    assert field.value() == value
    job.undo_stack.undo()
    assert field.editor.text() == before


def test_a_number_out_of_range_is_refused_in_the_words_of_the_engine(job, qtbot):
    field = SettingField(job, ("operators", "attention", "temperature"))
    qtbot.addWidget(field)
    field.editor.selectAll()
    QTest.keyClicks(field.editor, "-1")
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    assert job.config.operators.attention.temperature == 0.05
    assert "greater than 0" in field.refusal.text()
    assert field.editor.property("invalid") == "true"


def test_policies_and_the_chunk_of_the_fixed_one(job, qtbot):
    form = PolicyForm(job)
    qtbot.addWidget(form)
    assert form.chunk.isHidden()
    form.buttons["fixed"].click()
    form.chunk.editor.setValue(256)
    assert (job.config.memory.policy, job.config.memory.chunk) == ("fixed", 256)
    assert not form.chunk.isHidden()
    job.undo_stack.undo()
    job.undo_stack.undo()
    assert form.buttons["planned"].isChecked()
    assert form.chunk.isHidden()


def test_measures_show_what_was_expected_and_what_was_measured(job, qtbot):
    form = MeasuresForm(job)
    qtbot.addWidget(form)
    form.set_measured({"tiled_attention": 0.917})
    assert form._effects["tiled_attention"].text() == "expected 10–15 % · measured 91.7 %"
    assert form._effects["weak_chunks"].isHidden()
    switch = form.switches["tiled_attention"].editor
    assert isinstance(switch, QCheckBox)
    switch.click()
    assert job.config.measures.tiled_attention is False


def test_devices_of_this_machine_and_one_that_is_not_here(job, qtbot):
    picker = DevicePicker(job)
    qtbot.addWidget(picker)
    picker.set_cards(["H100", "H100"])
    assert [picker.itemData(index) for index in range(picker.count())] == ["auto", "cpu", "cuda:0", "cuda:1"]
    job.change({"run": {"device": "cuda:7"}}, "a device of another machine")
    assert "not found" in picker.currentText()
    picker.activated.emit(1)
    assert job.config.run.device == "cpu"


def test_a_kind_of_source_shows_the_fields_that_the_configuration_has(job, qtbot):
    form = SourceForm(job)
    qtbot.addWidget(form)
    for kind, page in form.pages.items():
        known = {name for name in FIELDS_OF[kind] if name in SourceConfig.model_fields}
        assert page.files.keys() | page.settings.keys() == known
        form.kind.activated.emit(form.kind.findData(kind))
        assert job.config.source.kind == kind
        assert [name for name, other in form.pages.items() if not other.isHidden()] == [kind]


def test_a_model_pair_has_its_precision_and_a_bound_where_it_is_measured(job, qtbot):
    form = SourceForm(job)
    qtbot.addWidget(form)
    form.kind.activated.emit(form.kind.findData("models"))
    fields = form.pages["models"].extraction
    combo, bound = fields["precision"].editor, fields["precision_bound"]
    assert [combo.itemData(index) for index in range(combo.count())] == ["fp32", "bf16", "fp16", "auto"]
    assert bound.isHidden()
    combo.activated.emit(combo.findData("auto"))
    assert job.config.extraction.precision == "auto"
    assert not bound.isHidden()
    assert "change results" in combo.toolTip()
    fields["stream"].editor.click()
    assert job.config.extraction.stream is False
    job.undo_stack.undo()
    job.undo_stack.undo()
    assert bound.isHidden()


def test_a_dropped_feature_file_shows_its_sizes(job, qtbot, feature_file):
    form = SourceForm(job)
    qtbot.addWidget(form)
    field = form.pages["files"].files["features"]
    form.kind.activated.emit(form.kind.findData("files"))
    drop(field, feature_file)
    assert job.config.source.features == str(feature_file)
    assert field.line.text().replace("\u00a0", " ").startswith("N = 30 · d = 8 · float32 · with labels")
    job.undo_stack.undo()
    assert field.edit.text() == ""
    assert field.line.isHidden()


def test_a_refused_file_says_why_in_place(job, qtbot, tmp_path):
    form = SourceForm(job)
    qtbot.addWidget(form)
    form.kind.activated.emit(form.kind.findData("files"))
    path = tmp_path / "other.npz"
    np.savez(path, something=np.zeros(3))
    field = form.pages["files"].files["features"]
    drop(field, path)
    assert "features_before" in field.line.text()
    assert field.line.property("role") == "danger"
    assert field.edit.property("invalid") == "true"
    field.edit.selectAll()
    QTest.keyClicks(field.edit, str(tmp_path / "absent.npz"))
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert "absent.npz" in field.line.text()


def test_browsing_names_the_field(panel):
    spy = QSignalSpy(panel.browse_requested)
    panel.source.pages["files"].files["state"].browse.click()
    panel.options.state.browse.click()
    assert [spy.at(index)[0] for index in range(spy.count())] == ["state", "output"]


def test_presets_set_all_sizes_at_once(panel, job):
    preset = panel.source.pages["synthetic"]._preset
    preset.activated.emit(preset.findData("seed-16gb"))
    source = job.config.source
    assert (source.pairs, source.dim, source.classes) == (41_000, 768, 100)
    job.undo_stack.undo()
    assert preset.currentData() == "seed-tiny"
    panel.source.pages["synthetic"].settings["pairs"].editor.setValue(600)
    assert preset.currentData() == ""


def test_only_a_job_that_can_run_is_started(panel, job, what_if):
    spy = QSignalSpy(panel.run_requested)
    panel.run_button.click()
    assert spy.count() == 1
    job.change({"memory": {"budget": "64KiB"}}, "too small")
    what_if.answer(job)
    assert not panel.run_button.isEnabled()
    job.undo_stack.undo()
    what_if.answer(job)
    panel.set_running(True)
    assert not panel.compare_button.isEnabled()
    panel.set_running(False)
    assert panel.compare_button.isEnabled()
    job.change({"source": {"kind": "files"}}, "no files yet")
    what_if.answer(job)
    assert not panel.run_button.isEnabled()
    assert "feature file" in panel._problem.text()


def test_a_file_dropped_on_the_panel_is_handed_on(panel, tmp_path):
    spy = QSignalSpy(panel.open_files_requested)
    drop(panel, tmp_path / "run.slora")
    assert spy.at(0)[0] == [str(tmp_path / "run.slora")]


def test_an_output_is_entered_and_emptied(panel, job, tmp_path):
    field = panel.options.state
    assert isinstance(field, FileField)
    field.path_entered.emit(str(tmp_path / "moved.safetensors"))
    assert job.config.output.state == str(tmp_path / "moved.safetensors")
    field.path_entered.emit("")
    assert job.config == RunConfig().merged({"source": job.config.source.model_dump()})
