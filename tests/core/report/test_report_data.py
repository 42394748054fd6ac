"""The report as data: what it says of finished, failed, cancelled and cut-off runs, and in which words."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from slora_core import report as report_package
from slora_core.errors import InputError
from slora_core.events import NOTICE_KINDS
from slora_core.records.header import STATUSES
from slora_core.records.tables import NOT_AVAILABLE, TextTable
from slora_core.report import build_report
from slora_core.report.chinese import CHINESE
from slora_core.report.configuration import differences
from slora_core.report.curves import of_run, thinned
from slora_core.report.model import Figure, Paragraph
from slora_core.report.phrases import Phrases
from slora_core.report.reading import moved_deviations, read_runs
from slora_core.studies.ablation import tables as ablation_tables
from slora_core.studies.ablation import verdict as ablation_verdict

GB = 10**9
FOLDER = Path(report_package.__file__).parent


def _tables(blocks):
    return {block.title: block for block in blocks if isinstance(block, TextTable)}


def _section(report, title):
    (found,) = [section for section in report.sections if section.title == title]
    return found


def _row(table, label):
    (row,) = [row for row in table.rows if row[0] == label]
    return dict(zip(table.columns, row, strict=True))


def test_a_budget_that_binds_a_part_is_told_with_the_peak_of_that_part(record_run):
    report = build_report([record_run("base"), record_run("partly", bound=2**30)])
    table = _tables(report.summary)["Memory and time"]
    assert [_row(table, label)["within budget"] for label in ("base", "partly")] == ["yes", "yes (1 GiB)"]


def test_the_summary_holds_every_run_against_the_first(record_run):
    report = build_report([record_run("base"), record_run("other", scale=3)])
    tables = _tables(report.summary)
    row = _row(tables["Memory and time"], "other")
    assert (row["peak allocated"], row["time"], row["ratio"]) == ("13.97 GiB", "2.7 s", "3x")
    assert row["peak reserved"] == NOT_AVAILABLE
    assert _row(tables["Results"], "other")["best accuracy"] == "75.00 % (SeqFT + linear, ncm)"
    lead = next(block.text for block in report.summary if isinstance(block, Paragraph))
    assert "13.97 GiB instead of 4.657 GiB (3x more)" in lead.replace("\u00a0", " ")


def test_a_run_that_did_not_finish_is_told_with_its_end_and_not_held_against_the_base(record_run):
    runs = [record_run("base"), *(record_run(end, end=end, scale=0.5) for end in ("failed", "cancelled", "cut"))]
    report = build_report(runs)
    memory = _tables(report.summary)["Memory and time"]
    assert [(row[2], row[6]) for row in memory.rows] == [("", "")] * 4
    notices = _tables(_section(report, "Notices").blocks)
    assert notices["failed"].rows[-1] == ("0.90\u00a0s", "failed", "", "it was killed. buy memory")
    assert notices["cancelled"].rows[-1][1:3] == ("cancelled", "task1")
    assert notices["cut"].rows[-1][1] == "interrupted"
    assert notices["base"].rows[0][3] == "=smaller chunks"
    assert "cut off" in [row[-1] for row in _tables(_section(report, "Stages").blocks)["cut"].rows]


def test_of_many_runs_the_first_sentence_names_the_leanest_and_the_fastest(record_run):
    runs = [record_run(f"r{n}", scale=scale) for n, scale in enumerate((2, 3, 1, 4))]
    report = build_report([*runs, record_run("half", scale=0.5, end="failed")])
    leads = [block.text for block in report.summary if isinstance(block, Paragraph) and block.kind == "lead"]
    (lead,) = leads
    assert lead.startswith("4 runs of the same job")
    assert "4.657 GiB (r2), the shortest time 0.9 s (r2)" in lead.replace("\u00a0", " ")


def test_a_run_of_another_job_is_named_as_such(record_run):
    report = build_report([record_run("base"), record_run("other", source="synthetic")])
    texts = [block.text for block in report.summary if isinstance(block, Paragraph)]
    assert any(text.startswith("Another source or other operators than those of base: other") for text in texts)
    assert not any("other against base" in text for text in texts)


def test_the_curves_carry_stages_budget_and_peaks_of_the_counters(record_run):
    (run,) = read_runs([record_run()])
    device = of_run(run, Phrases())[0]
    assert device.budget_bytes == 8 * GB
    assert [(band.name, band.start_s, round(band.end_s, 9)) for band in device.bands] == [
        ("task1.attention", 0.2, 0.3),
        ("task1.attention", 0.4, 0.6),
    ]
    assert [(peak.t_s, peak.size_bytes) for peak in device.peaks] == [(0.25, 4 * GB), (0.45, 3 * GB)]
    assert [peak.text for peak in device.peaks] == ["peak 3.725 GiB", ""]
    assert [curve.name for curve in device.curves] == ["allocated"]  # reserved was not available


@given(st.integers(1, 5000), st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_thinning_keeps_the_extremes_in_order(count, bins, seed):
    rng = np.random.default_rng(seed)
    t_s = np.sort(rng.random(count))
    values = np.where(rng.random(count) < 0.2, np.nan, rng.standard_normal(count))
    kept_t, kept = thinned(t_s, values, bins)
    assert len(kept) <= max(2 * bins, 1)
    assert np.all(np.diff(kept_t) >= 0)
    assert set(zip(kept_t[~np.isnan(kept)], kept[~np.isnan(kept)], strict=True)) <= set(zip(t_s, values, strict=True))
    if not np.isnan(values).all():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(values), np.nanmax(values))


def test_deviations_are_told_while_the_states_are_those_that_the_runs_wrote(record_run, tmp_path):
    base, other = read_runs([record_run("base"), record_run("other")])
    mean, cov = np.ones((2, 3), np.float32), np.stack([np.eye(3, dtype=np.float32)] * 2)
    ended = datetime.fromisoformat(base.header.started_at).timestamp() + 0.9
    paths = []
    for name, factor in (("a", 1.0), ("b", 1.5)):
        paths.append(tmp_path / f"{name}.safetensors")
        arrays = {"class_ids": np.arange(2), "count": np.full(2, 9), "mean": mean * np.float32(factor), "cov": cov}
        save_file(arrays, paths[-1], {"format": "slora-class-state", "version": "1"})
        os.utime(paths[-1], (ended, ended))
    base, other = (
        replace(run, result=replace(run.result, outputs={"state": str(path)}))
        for run, path in zip((base, other), paths, strict=True)
    )
    (found,) = moved_deviations(base, other)
    assert (found.mean, found.covariance) == (0.5, 0.0)
    over = replace(other, result=replace(other.result, outputs=base.result.outputs))
    assert moved_deviations(base, over) == ()  # the second run has replaced the state of the first
    os.utime(paths[1], (ended + 3600, ended + 3600))
    assert moved_deviations(base, other) == ()
    paths[0].unlink()
    assert moved_deviations(base, other) == ()


def test_of_further_configurations_only_the_differences_are_listed(record_run):
    assert differences({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3}, "e": 4}) == [
        ("a.c", 2, 3),
        ("d", [1], None),
        ("e", None, 4),
    ]
    blocks = _section(build_report([record_run("a"), record_run("b", source="synthetic")]), "Configuration").blocks
    assert 'kind = "demo"' in blocks[1].lines
    assert blocks[3].rows == (("source.kind", "demo", "synthetic"),)


def _phrases_in_the_sources():
    of_ablations = [Path(module.__file__) for module in (ablation_tables, ablation_verdict)]
    for path in [*FOLDER.glob("*.py"), *of_ablations]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "self"):
                yield from (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


def test_every_phrase_has_a_translation_and_every_translation_a_phrase():
    used = {text for text in _phrases_in_the_sources() if isinstance(text, str)}
    used |= {NOT_AVAILABLE, *STATUSES, *NOTICE_KINDS, "no model runs", "no model is trained"}
    assert used - set(CHINESE) == set()
    unused_kinds = {"not-recorded", "restart", "trial-failed", "tuning-ignored"}  # of run files of other versions
    assert set(CHINESE) - used <= unused_kinds
    for english, chinese in CHINESE.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", chinese)), english


def test_a_chinese_report_is_chinese_throughout(record_run):
    report = build_report([record_run("r1"), record_run("r2", end="failed")], "zh_CN")
    titles = [report.title, report.contents_title, *(section.title for section in report.sections)]
    for section in report.sections:
        titles += [block.title for block in section.blocks if isinstance(block, Figure)]
    for table in _tables(report.summary).values():
        titles += [table.title, *(name for name in table.columns if name not in ("PyTorch", "Python", "SLoRA"))]
    assert [text for text in titles if not re.search(r"[\u4e00-\u9fff]", text)] == []


def test_an_unknown_language_and_no_runs_are_refused(record_run):
    with pytest.raises(InputError, match="'fr' of a report: expected one of en, zh_CN"):
        build_report([record_run()], "fr")
    with pytest.raises(InputError, match="at least one run file"):
        build_report([])


def test_reports_need_neither_torch_nor_qt():
    code = "import sys, slora_core.report.export; print({'torch', 'PySide6'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"
