"""An ablation in the report: told apart from runs, alone or beside them, in both languages, and as CSV."""

from __future__ import annotations

import csv
import re

import pytest

from slora_core.cli import main
from slora_core.config import RunConfig
from slora_core.errors import InputError
from slora_core.records.tables import TextTable
from slora_core.report import build_report
from slora_core.report.export import export_report
from slora_core.report.files import report_files
from slora_core.report.model import Paragraph
from slora_core.studies.ablation.measures import ALL_OFF, ALL_ON, MEASURES, cases
from slora_core.studies.study_file import StudyWriter
from slora_core.studies.whole_run import RunFigures

MIB = 1024**2


def figures(case, repeat):
    """Tiles take 60 of 100 MiB off and a second for a third; half precision costs accuracy; nothing else matters."""
    on = case.split(",")
    peak = 40 * MIB if "tiled_attention" in on else 100 * MIB
    seconds = (2.0 if "tiled_attention" in on else 3.0) + 0.1 * repeat
    accuracy = 0.7 if "mixed_precision" in on else 0.75
    return RunFigures(seconds, peak, None, None, {}, {"SeqFT": {"lda": accuracy}})


@pytest.fixture
def write_study(tmp_path):
    """``write_study(name, cases=, failing=)``: the file of a study with three repetitions of each case."""

    def write(name="study", measured=None, failing=None, study="ablation", finished=True):
        path = tmp_path / f"{name}.jsonl"
        config = RunConfig.from_dict({"source": {"kind": "synthetic"}}).to_dict()
        with StudyWriter.create(study, "k", config, {"repeats": 3}, path) as writer:
            writer.add("environment", {"environment": {"device": "cpu", "device_name": "A processor", "torch": "2.13"}})
            for repeat in (1, 2, 3):
                for case in measured or cases():
                    found = RunFigures(failure="it was killed") if case == failing else figures(case, repeat)
                    line = {"case": case, "repeat": repeat, "figures": found.to_dict()}
                    writer.add("trial", line | {"deviations": {ALL_ON: 0.0, ALL_OFF: 2.5e-8}})
            if finished:
                writer.add("finished", {"outcome": {}})
        return path

    return write


def report_of(*paths, language="en"):
    with report_files(paths) as found:
        return build_report(found.runs, language, ablations=found.ablations)


def tables(blocks):
    return {block.title: block for block in blocks if isinstance(block, TextTable)}


def row(table, first):
    (found,) = [cells for cells in table.rows if cells[0] == first]
    return dict(zip(table.columns, found, strict=True))


def test_a_study_alone_is_a_report_of_its_own(write_study):
    report = report_of(write_study())
    assert report.title == "Distribution compensation: ablation"
    assert [section.title for section in report.sections] == ["Ablation of the memory measures", "Configuration"]
    lead = next(b.text for b in report.summary if isinstance(b, Paragraph)).replace("\u00a0", " ")
    assert "peak memory 40 MiB instead of 100 MiB (2.5x less), time 2.2 s instead of 3.2 s (1.45x less)" in lead
    assert "tiled_attention saves most: 60.0 % of the peak" in lead
    first_page = tables(report.summary)
    assert row(first_page["What was studied"], "study")["runs"] == "78 of 78"
    assert row(first_page["Machine and versions"], "study")["device"] == "A processor"
    overview = row(first_page["Saving of the peak, expected and measured"], "tiled_attention")
    assert (overview["expected saving"], overview["alone off"], overview["alone on"]) == ("10-15 %", "60.0 %", "60.0 %")


def test_each_view_holds_expected_and_measured_with_their_spread_and_a_verdict(write_study):
    views = tables(report_of(write_study()).sections[0].blocks)
    tiles = row(views["Each measure alone off, all others on"], "tiled_attention")
    assert tiles == {
        "measure": "tiled_attention",
        "expected": "10-15 %",
        "saved": "60.0 %",
        "peak without": "100 MiB",
        "peak with": "40 MiB",
        "time": "-31 % (-36 to -26)",
        "deviation": "0",
        "accuracy": "+0.00 points",
        "effect": "saves 60.0% of the peak, 31% faster",
    }
    half = row(views["Each measure alone on, all others off"], "mixed_precision")
    assert (half["expected"], half["deviation"]) == ("", "2.5e-08")
    assert half["effect"] == "accuracy -5.00 points"
    assert all(len(view.rows) == len(MEASURES) for view in views.values())


def test_beside_runs_the_ablation_is_one_section_more(record_run, write_study, tmp_path):
    for name in ("base", "other"):
        record_run(name)
    alone = report_of(tmp_path / "base.slora", tmp_path / "other.slora")
    both = report_of(tmp_path / "base.slora", write_study(), tmp_path / "other.slora")
    added = [section for section in both.sections if section.title not in {s.title for s in alone.sections}]
    assert [section.title for section in added] == ["Ablation of the memory measures"]
    assert {"What was studied", "Saving of the peak, expected and measured"} <= tables(added[0].blocks).keys()
    assert both.title == alone.title
    leads = [block.text for block in both.summary if isinstance(block, Paragraph) and block.kind == "lead"]
    assert [text.startswith(("other against base", "study, all nine")) for text in leads] == [True, True]
    assert {cells[0] for cells in tables(both.summary)["Machine and versions"].rows} == {"base, other", "study"}


def test_several_studies_are_told_apart(write_study, tmp_path):
    (tmp_path / "again").mkdir()
    first = write_study()
    second = first.rename(tmp_path / "again" / "study.jsonl")
    report = report_of(write_study(), second)
    titles = tables(report.sections[0].blocks)
    assert {title.partition(":")[0] for title in titles} == {"study", "study (2)"}
    assert len(titles) == 6


def test_what_is_not_measured_or_failed_says_so(write_study):
    partly = report_of(write_study("partly", cases()[:2], finished=False))
    studied = row(tables(partly.summary)["What was studied"], "partly")
    assert (studied["runs"], studied["status"]) == ("6 of 78", "interrupted")
    effects = {cells[-1] for cells in tables(partly.sections[0].blocks)["Each measure alone off, all others on"].rows}
    assert effects == {"not measured"}
    lead = next(block.text for block in partly.summary if isinstance(block, Paragraph))
    assert "no saving is measured yet" in lead
    failed = tables(report_of(write_study("failed", failing=ALL_OFF)).sections[0].blocks)
    assert {c[-1] for c in failed["Each measure alone on, all others off"].rows} == {"it was killed"}


def test_a_chinese_report_says_everything_in_chinese(write_study):
    report = report_of(write_study(), language="zh_CN")
    assert re.search(r"[a-z]{4}", report.title) is None
    for table in [*tables(report.summary).values(), *tables(report.sections[0].blocks).values()]:
        headings = [name for name in (table.title, *table.columns) if name not in ("PyTorch", "Python", "SLoRA")]
        assert [text for text in headings if not re.search(r"[\u4e00-\u9fff]", text)] == []
    effects = [block for block in report.sections[0].blocks if isinstance(block, TextTable)]
    assert [cell for table in effects for *_, cell in table.rows if re.search("[a-z]", cell)] == []


def test_the_csv_holds_bare_figures_of_every_effect(write_study, record_run, tmp_path):
    study = write_study()
    (path,) = export_report([study], tmp_path / "effects.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(MEASURES)
    (tiles,) = [r for r in rows if (r["view"], r["measure"]) == ("off alone", "tiled_attention")]
    assert (float(tiles["expected_least_fraction"]), float(tiles["expected_most_fraction"])) == (0.1, 0.15)
    assert float(tiles["saving_fraction"]) == pytest.approx(0.6)
    assert (int(tiles["peak_without_bytes"]), tiles["reserved_without_bytes"]) == (100 * MIB, "")
    assert [float(tiles[f"time_change_{part}_fraction"]) for part in ("least", "median", "most")] == pytest.approx(
        [2.1 / 3.3 - 1, 2.2 / 3.2 - 1, 2.3 / 3.1 - 1]
    )
    record_run("base")
    written = export_report([tmp_path / "base.slora", study], tmp_path / "tables")
    assert {path.name for path in written} == {
        *(f"{name}.csv" for name in ("runs", "stages", "samples", "accuracies", "ablation"))
    }


def test_a_study_of_another_kind_and_what_is_no_study_are_refused(write_study, tmp_path, capsys):
    tuning = write_study("tuning", study="tuning")
    assert main(["report", str(tuning), "-o", str(tmp_path / "r.csv")]) == 2
    assert "tuning.jsonl' is a study of tuning; expected an ablation" in capsys.readouterr().err
    (tmp_path / "x.jsonl").write_text('{"format": "other"}\n')
    with pytest.raises(InputError, match=r"x\.jsonl' is not a study file"):
        export_report([tmp_path / "x.jsonl"], tmp_path / "r.csv")
    assert not (tmp_path / "r.csv").exists()
