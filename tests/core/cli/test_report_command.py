"""``slora report``: what -o names decides what is written, and what is missing is said."""

from __future__ import annotations

import json
import sys
import tomllib
from importlib.metadata import EntryPoint
from inspect import signature
from pathlib import Path

import pytest

from slora_core.cli import main
from slora_core.config import RunConfig
from slora_core.events import RunFinished, RunStarted, StagePeaks
from slora_core.records.recorder import RunRecorder
from slora_core.report import export

ROOT = Path(__file__).parents[3]
TABLES = {"runs", "stages", "samples", "accuracies"}


@pytest.fixture
def runs(tmp_path):
    paths = [tmp_path / "a.slora", tmp_path / "b.slora"]
    for number, path in enumerate(paths, start=1):
        with RunRecorder(path) as recorder:
            start = "2025-03-04T05:06:07+00:00"
            recorder.write(RunStarted(0.0, path.stem, start, "optimised", RunConfig().to_dict(), {}, None, None))
            recorder.write(RunFinished(1.0, float(number), StagePeaks(number * 100), {}, {}, {}, None))
    return [str(path) for path in paths]


def test_a_csv_name_holds_the_comparison_and_the_other_tables_lie_beside_it(runs, tmp_path, capsys):
    assert main(["report", *runs, "-o", str(tmp_path / "out.csv"), "--json"]) == 0
    written = {Path(path).name for path in json.loads(capsys.readouterr().out)}
    assert written == {"out.csv", *(f"out-{name}.csv" for name in TABLES)} == {p.name for p in tmp_path.glob("*.csv")}
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").startswith("run,base_run,group")


def test_of_one_run_the_csv_name_holds_the_run(runs, tmp_path):
    assert main(["report", runs[0], "-o", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").startswith("run,run_id")
    assert not (tmp_path / "out-comparison.csv").exists()


def test_any_other_name_is_a_folder(runs, tmp_path, capsys):
    assert main(["report", *runs, "-o", str(tmp_path / "tables")]) == 0
    assert {path.stem for path in (tmp_path / "tables").iterdir()} == TABLES | {"comparison"}
    (tmp_path / "v1.0").mkdir()
    assert main(["report", *runs, "-o", str(tmp_path / "v1.0")]) == 0
    assert (tmp_path / "v1.0" / "runs.csv").is_file()


def test_an_unknown_ending_is_refused(runs, tmp_path, capsys):
    assert main(["report", *runs, "-o", str(tmp_path / "out.docx")]) == 2
    assert "ends in '.docx': expected .pdf, .csv or the name of a folder" in capsys.readouterr().err


def test_a_file_that_is_no_run_is_refused_and_nothing_is_written(runs, tmp_path, capsys):
    (tmp_path / "c.slora").write_text("not a run")
    assert main(["report", runs[0], str(tmp_path / "c.slora"), "-o", str(tmp_path / "out.csv")]) == 2
    assert "c.slora' is not a run file" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.csv"))


@pytest.fixture
def declared(monkeypatch):
    """The plug-in as pyproject declares it, found as in an installation."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = [
        EntryPoint(name, value, "slora.report_writers")
        for name, value in project["entry-points"]["slora.report_writers"].items()
    ]
    monkeypatch.setattr(
        export, "entry_points", lambda group, name: [p for p in points if (p.group, p.name) == (group, name)]
    )


def test_the_declared_pdf_writer_is_called_with_paper_and_language(declared):
    pytest.importorskip("PySide6.QtGui")
    assert {"language", "paper"} <= signature(export.pdf_writer()).parameters.keys()


def test_without_qt_the_tables_are_written_and_what_is_missing_is_named(declared, runs, tmp_path, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith(("PySide6", "slora_gui"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PySide6", None)
    assert main(["report", *runs, "-o", str(tmp_path / "out.pdf")]) == 4
    error = capsys.readouterr().err
    assert "needs 'PySide6', which is not installed" in error
    assert "written as CSV instead: out.csv" in error
    assert "pip install 'slora[gui]'" in error
    assert not (tmp_path / "out.pdf").exists()
    assert {path.name for path in tmp_path.glob("*.csv")} == {"out.csv", *(f"out-{name}.csv" for name in TABLES)}


def test_an_installation_without_the_plug_in_says_so(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(export, "entry_points", lambda group, name: [])
    assert main(["report", *runs, "-o", str(tmp_path / "out.pdf")]) == 4
    assert "this installation has no PDF writer" in capsys.readouterr().err
