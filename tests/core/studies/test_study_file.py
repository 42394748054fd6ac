from __future__ import annotations

import os

import pytest

from slora_core.config import RunConfig
from slora_core.errors import InputError, OutputError
from slora_core.studies.ablation.study import study_key as ablation_key
from slora_core.studies.study_file import StudyWriter, list_studies, read_study
from slora_core.studies.tuning.study import study_key as tuning_key


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("SLORA_HOME", str(tmp_path))


def create(key="k", path=None):
    return StudyWriter.create("ablation", key, {"run": {"seed": 3}}, {"repeats": 2}, path)


def test_what_was_written_is_read_back_even_while_it_is_written():
    with create() as writer:
        writer.add("trial", {"case": "a", "figures": {"seconds": 0.1}})
        found = read_study(writer.record.path)
        assert (found.study, found.key, found.config) == ("ablation", "k", {"run": {"seed": 3}})
        assert [line["case"] for line in found.of_kind("trial")] == ["a"]
        assert found.finished is None
        writer.add("finished", {"outcome": {"answer": 42}})
    assert read_study(writer.record.path).finished == {"answer": 42}


def test_a_torn_last_line_is_left_out_and_cut_off_when_the_study_goes_on():
    with create() as writer:
        writer.add("trial", {"case": "a"})
    with writer.record.path.open("a") as file:
        file.write('{"kind": "trial", "case": "b", "fig')

    (found,) = list_studies("ablation")
    assert [line["case"] for line in found.lines] == ["a"]
    with StudyWriter.resume(found) as again:
        again.add("trial", {"case": "b"})
    assert [line["case"] for line in read_study(writer.record.path).lines] == ["a", "b"]


def test_only_unfinished_studies_of_the_same_key_are_continued():
    with create("other") as other:
        pass
    with create("k") as writer:
        writer.add("finished", {"outcome": {}})
    assert StudyWriter.resume(read_study(writer.record.path)) is None
    with StudyWriter.go_on_or_create("ablation", "k", {}, {}) as new:
        assert new.record.path not in (writer.record.path, other.record.path)
    with StudyWriter.go_on_or_create("ablation", "other", {}, {}) as again:
        assert again.record.path == other.record.path
    with StudyWriter.go_on_or_create("tuning", "other", {}, {}) as tuning:
        assert tuning.record.path != other.record.path


def test_a_file_of_its_own_is_continued_and_nothing_else_in_it_is(tmp_path):
    path = tmp_path / "mine.jsonl"
    with StudyWriter.go_on_or_create("ablation", "k", {}, {}, path) as first:
        first.add("trial", {"case": "a"})
        with pytest.raises(OutputError, match=r"mine\.jsonl' is being written by a study that still runs"):
            StudyWriter.go_on_or_create("ablation", "k", {}, {}, path)
    with create("k"):  # a newer one elsewhere does not count
        pass
    with StudyWriter.go_on_or_create("ablation", "k", {}, {}, path) as again:
        again.add("trial", {"case": "b"})
    assert [line["case"] for line in read_study(path).lines] == ["a", "b"]
    for study, key in (("ablation", "other"), ("tuning", "k")):
        with pytest.raises(OutputError, match="of another job or finished"):
            StudyWriter.go_on_or_create(study, key, {}, {}, path)
    with StudyWriter.go_on_or_create("ablation", "k", {}, {}, path) as last:
        last.add("finished", {"outcome": {}})
    with pytest.raises(OutputError, match="expected a new name"):
        StudyWriter.go_on_or_create("ablation", "k", {}, {}, path)
    (tmp_path / "text.jsonl").write_text("a shopping list\n")
    with pytest.raises(OutputError, match=r"text\.jsonl' exists already"):
        StudyWriter.go_on_or_create("ablation", "k", {}, {}, tmp_path / "text.jsonl")
    assert (tmp_path / "text.jsonl").read_text() == "a shopping list\n"


def test_a_study_that_still_runs_is_left_alone_and_another_begins():
    with create() as first:
        first.add("trial", {"case": "a"})
        with StudyWriter.go_on_or_create("ablation", "k", {}, {}) as second:
            assert second.record.path != first.record.path
            second.add("trial", {"case": "b"})
        first.add("trial", {"case": "c"})
    assert [line["case"] for line in read_study(first.record.path).lines] == ["a", "c"]


def test_a_study_goes_on_from_what_its_file_holds_by_then():
    with create() as first:
        stale = read_study(first.record.path)
        first.add("trial", {"case": "a"})
    with StudyWriter.resume(stale) as again:
        assert [line["case"] for line in again.record.lines] == ["a"]


def test_a_file_that_exists_is_not_overwritten(tmp_path):
    path = tmp_path / "features.npz"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"features\.npz.* exists already"):
        create(path=path)
    assert path.read_bytes() == b"precious"


def test_an_empty_file_is_told_what_was_expected(tmp_path):
    path = tmp_path / "empty.jsonl"
    path.touch()
    with pytest.raises(InputError, match="expected a first line of format 'slora-study'"):
        read_study(path)


@pytest.mark.parametrize(
    "text", ["", "not json\n", '{"format": "other"}\n', '["list"]\n', '{"format": "slora-study"}\n']
)
def test_what_is_no_study_is_named(tmp_path, text):
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=r"x\.jsonl"):
        read_study(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        create(path=tmp_path / "file" / "x.jsonl")


@pytest.mark.parametrize("key_of", [ablation_key, tuning_key])
@pytest.mark.parametrize("key", ["features", "state", "evaluate"])
def test_a_study_does_not_go_on_with_files_that_have_changed(tmp_path, key_of, key):
    path = tmp_path / "input"
    path.touch()
    config = RunConfig().merged({"source": {"kind": "files", key: str(path)}})
    before = key_of(config)
    assert key_of(config) == before
    os.utime(path, ns=(5, 5))
    assert key_of(config) != before
