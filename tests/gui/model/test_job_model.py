"""Editing the job: undo, merging, refusals in the engine's words, sources from real files."""

from __future__ import annotations

import numpy as np
import pytest

from slora_core.config import RunConfig
from slora_core.errors import ConfigError, InputError
from slora_gui.model.file_kind import file_kind
from slora_gui.model.job_model import JobModel
from slora_gui.model.source_facts import source_facts

MIB = 1024**2


@pytest.fixture
def job(qapp):
    return JobModel()


@pytest.fixture
def told(job):
    sections = []
    job.changed.connect(sections.append)
    return sections


@pytest.fixture
def refusals(job):
    sentences = []
    job.refused.connect(sentences.append)
    return sentences


def test_a_change_can_be_undone_and_done_again(job, told):
    first = job.config
    assert job.change({"memory": {"budget": "256MiB"}}, "Budget of 256 MiB")
    assert job.config == RunConfig().merged({"memory": {"budget": 256 * MIB}})
    assert job.undo_stack.undoText() == "Budget of 256 MiB"
    job.undo_stack.undo()
    assert job.config == first
    job.undo_stack.redo()
    assert job.config.memory.budget == 256 * MIB
    assert told == ["memory"] * 3


def test_a_change_tells_of_every_section_it_touches(job, told):
    job.change({"memory": {"policy": "fixed"}, "run": {"seed": 3}, "measures": {"feature_cache": True}}, "x")
    assert sorted(told) == ["memory", "run"]


def test_a_drag_is_one_step(job, told):
    job.change({"run": {"seed": 1}}, "Seed")
    for budget in (100, 200, 300):
        job.change({"memory": {"budget": budget * MIB}}, f"Budget {budget}", merge_key="drag 1")
    job.change({"memory": {"budget": 400 * MIB}}, "Budget 400", merge_key="drag 2")
    assert job.undo_stack.count() == 3
    assert len(told) == 5
    job.undo_stack.undo()
    assert job.config.memory.budget == 300 * MIB
    job.undo_stack.undo()
    assert (job.config.memory.budget, job.config.run.seed) == (None, 1)


def test_a_drag_that_ends_where_it_began_leaves_no_step(job):
    for budget in (100 * MIB, None):
        job.change({"memory": {"budget": budget}}, "Budget", merge_key="drag")
    assert job.undo_stack.count() == 0
    assert job.config == RunConfig()


def test_steps_without_a_key_never_merge(job):
    for seed in (1, 2):
        job.change({"run": {"seed": seed}}, "Seed")
    assert job.undo_stack.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"memory": {"budget": "much"}},
        {"memory": {"budget": 0}},
        {"operators": {"names": ["lineal"]}},
        {"operators": {"names": []}},
        {"run": {"device": "tpu"}},
        {"memory": {"bugdet": 1}},
        {"operators": {"attention": {"top_k": 0}}},
    ],
)
def test_a_change_that_is_not_valid_changes_nothing_and_is_refused_in_the_engines_words(job, told, refusals, changes):
    with pytest.raises(ConfigError) as engine:
        RunConfig().merged(changes)
    assert not job.change(changes, "x")
    assert len(refusals) == 1
    assert refusals[0]
    assert str(engine.value).endswith(refusals[0])
    assert (job.config, job.undo_stack.count(), told) == (RunConfig(), 0, [])


def test_no_change_is_no_step(job, told):
    assert job.change({"memory": {"policy": "planned"}}, "Policy")
    job.replace(RunConfig(), "Nothing")
    assert (job.undo_stack.count(), told) == (0, [])


def test_another_configuration_changes_everything(job, told):
    config = RunConfig().merged({"source": {"kind": "synthetic"}, "run": {"seed": 9}})
    job.replace(config, "Open the run")
    job.undo_stack.undo()
    assert told == ["", ""]
    assert job.source_facts.kind == "demo"


def test_opening_files_reads_their_sizes(job, files):
    assert job.open_source("features", files.features, "Open features.npz")
    facts = job.source_facts
    assert job.config.source.kind == "files"
    assert (facts.pairs, facts.dim, facts.dtype, facts.has_labels, facts.classes) == (300, 12, "float32", True, None)
    assert facts.file_bytes == files.features.stat().st_size
    assert job.open_source("state", files.state, "Open")
    assert job.open_source("evaluate", files.evaluation, "Open")
    facts = job.source_facts
    assert (facts.classes, facts.evaluation_rows, facts.problems) == (4, 120, {})
    assert facts.file_bytes == sum(path.stat().st_size for path in (files.features, files.state, files.evaluation))
    job.undo_stack.setIndex(0)
    assert job.source_facts.kind == "demo"


def test_a_file_that_is_refused_changes_nothing(job, refusals, files, tmp_path):
    assert not job.open_source("features", files.state, "Open")
    assert "features_before" in refusals[0]
    assert not job.open_source("state", tmp_path / "absent.safetensors", "Open")
    assert "absent.safetensors" in refusals[1]
    assert "does not exist" in refusals[1]
    assert (job.config, job.undo_stack.count()) == (RunConfig(), 0)


def test_facts_read_anew_are_taken_for_the_source_they_are_of(job, told, tmp_path):
    path = tmp_path / "features.npz"
    np.savez(path, features_before=np.zeros((5, 3), "f4"), features_after=np.zeros((5, 3), "f4"))
    job.open_source("features", path, "Open")
    source = job.config.source
    told.clear()
    job.take_facts(source, source_facts(source))
    assert told == []
    path.write_bytes(b"")
    broken = source_facts(source)
    job.take_facts(source, broken)
    assert told == ["source"]
    assert "empty" in job.source_facts.problems["features"]
    assert job.source_facts.pairs is None
    job.undo_stack.undo()
    job.take_facts(source, broken)
    assert job.source_facts.kind == "demo"


def test_the_demo_and_synthetic_sources_know_their_sizes(job):
    assert (job.source_facts.dim, job.source_facts.classes, job.source_facts.tasks) == (64, 10, 5)
    job.change({"source": {"kind": "synthetic", "pairs": 41_000, "dim": 768, "classes": 100}}, "x")
    facts = job.source_facts
    assert (facts.pairs, facts.dim, facts.classes, facts.file_bytes) == (41_000, 768, 100, None)


def test_a_toml_file_is_taken_or_refused(job, refusals, tmp_path):
    config = RunConfig().merged({"run": {"seed": 5}, "memory": {"budget": "1GiB"}})
    path = tmp_path / "job.toml"
    path.write_text(config.to_toml())
    assert job.open_config(path, "Open job.toml")
    assert job.config == config
    path.write_text("[memory]\nbudget = 'much'")
    assert not job.open_config(path, "Open")
    assert "job.toml" in refusals[0]
    assert "memory.budget = 'much'" in refusals[0]
    assert job.config == config


def test_a_dropped_file_is_known_by_its_content(files, real_run, tmp_path):
    renamed = tmp_path / "a.bin"
    renamed.write_bytes(files.features.read_bytes())
    run = tmp_path / "run.db"
    run.write_bytes(real_run[1].read_bytes())
    kinds = [file_kind(path) for path in (files.features, files.state, files.evaluation, renamed, run, "job.toml")]
    assert kinds == ["features", "state", "evaluate", "features", "run", "config"]


def test_a_dropped_file_of_no_use_says_what_it_holds(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, images=np.zeros(3))
    with pytest.raises(InputError, match="holds 'images'; expected pairs"):
        file_kind(path)
    np.savez(path, features_before=np.zeros((4, 3), "f4"))
    with pytest.raises(InputError, match="'features_after' is missing"):
        file_kind(path)
    with pytest.raises(InputError, match="is a folder"):
        file_kind(tmp_path)
