from __future__ import annotations

import pytest

from slora_core.errors import InputError, OutputError
from slora_core.studies.study_file import StudyWriter, list_studies, read_study, unfinished_study


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

    found = unfinished_study("ablation", "k")
    assert [line["case"] for line in found.lines] == ["a"]
    with StudyWriter.resume(found) as again:
        again.add("trial", {"case": "b"})
    assert [line["case"] for line in read_study(writer.record.path).lines] == ["a", "b"]


def test_only_unfinished_studies_of_the_same_key_are_continued():
    with create("other"):
        pass
    with create("k") as writer:
        writer.add("finished", {"outcome": {}})
    assert unfinished_study("ablation", "k") is None
    assert unfinished_study("tuning", "other") is None
    assert unfinished_study("ablation", "other") is not None
    assert len(list_studies("ablation")) == 2


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
