"""CSV files: tidy, exact, harmless in a spreadsheet, and written whole or not at all."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from slora_core.errors import OutputError
from slora_core.records.compare import compare
from slora_core.records.export_csv import export_runs, write_tables

ROOT = Path(__file__).parents[3]
GB = 10**9


def _read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def exported(record_run, tmp_path):
    runs = [record_run("base"), record_run("other", scale=3)]
    runs[0].set_note("=HYPERLINK(1), „schön“\nnext line")
    export_runs(runs, tmp_path / "csv")
    return runs, {path.stem: _read(path) for path in (tmp_path / "csv").iterdir()}


def test_every_table_has_one_header_and_units_in_its_names(exported):
    _, tables = exported
    assert set(tables) == {"runs", "stages", "samples", "accuracies", "comparison"}
    assert list(tables["samples"][0]) == [
        "run",
        "rank",
        "t_s",
        "stage",
        "allocated_bytes",
        "reserved_bytes",
        "process_bytes",
        "device_used_bytes",
        "device_total_bytes",
        "rss_bytes",
        "tensor_ram_bytes",
    ]
    assert {"peak_allocated_bytes", "budget_bytes", "seconds"} <= set(tables["runs"][0])
    assert {"started_s", "peak_rss_bytes", "predicted_peak_bytes", "completed"} <= set(tables["stages"][0])


def test_figures_keep_every_digit_and_gaps_stay_empty(exported):
    runs, tables = exported
    samples = [row for row in tables["samples"] if row["run"] == "base"]
    assert [float(row["t_s"]) for row in samples] == [0.25, 0.45]
    assert [int(row["allocated_bytes"]) for row in samples] == [5 * GB, 11]
    assert {row["reserved_bytes"] for row in samples} == {""}
    (third,) = [
        r for r in tables["accuracies"] if r["run"] == "base" and r["classifier"] == "lda" and r["variant"] != "SeqFT"
    ]
    assert float(third["accuracy_fraction"]) == 1 / 3
    seconds = [float(row["seconds"]) for row in tables["stages"] if row["run"] == "other"]
    assert seconds == [stage.seconds for stage in runs[1].stages()]


def test_pandas_reads_back_what_the_run_file_holds_to_the_last_bit(record_run, tmp_path):
    runs = [record_run("a,b%"), record_run("other", scale=1 / 3)]
    export_runs(runs, tmp_path)
    read = {name: pandas.read_csv(tmp_path / f"{name}.csv") for name in ("samples", "stages", "accuracies")}
    for run in runs:
        samples, held = read["samples"].query("run == @run.path.stem"), run.samples()
        assert samples["t_s"].to_numpy().tobytes() == held.t_s.tobytes()
        assert samples["stage"].fillna("").tolist() == [held.stage_names[number] for number in held.stage]
        for name, values in held.counters.items():
            assert samples[name].to_numpy(float, na_value=float("nan")).tobytes() == values.tobytes()
        seconds = read["stages"].query("run == @run.path.stem")["seconds"].tolist()
        assert seconds == [stage.seconds for stage in run.stages()]
        accuracies = read["accuracies"].query("run == @run.path.stem")["accuracy_fraction"].tolist()
        assert accuracies == [row.accuracy for row in run.accuracies()]


def test_the_comparison_is_long_and_complete(exported):
    runs, tables = exported
    comparison = compare(runs)
    assert len(tables["comparison"]) == 2 * len(comparison.metrics)
    (row,) = [
        row
        for row in tables["comparison"]
        if (row["run"], row["group"], row["metric"]) == ("other", "overall", "peak_allocated_bytes")
    ]
    assert (row["base_run"], row["unit"], int(row["value"]), int(row["difference"]), float(row["ratio"])) == (
        "base",
        "bytes",
        15 * GB,
        10 * GB,
        3.0,
    )


def test_a_text_that_looks_like_a_formula_is_made_harmless(exported):
    _, tables = exported
    assert tables["runs"][0]["note"] == "'=HYPERLINK(1), „schön“\nnext line"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_every_beginning_of_a_formula_is_covered_and_negative_numbers_are_not(tmp_path, start):
    write_tables({"x.csv": (("text", "number"), [(f"{start}1", -1.5)])}, tmp_path)
    (row,) = _read(tmp_path / "x.csv")
    assert row == {"text": f"'{start}1", "number": "-1.5"}


def test_files_begin_with_a_byte_order_mark(exported, tmp_path):
    assert (tmp_path / "csv" / "runs.csv").read_bytes().startswith(b"\xef\xbb\xbfrun,")


def test_one_run_has_no_comparison(record_run, tmp_path):
    paths = export_runs([record_run()], tmp_path / "csv")
    assert [path.name for path in paths] == ["runs.csv", "stages.csv", "samples.csv", "accuracies.csv"]


FULL = """
import resource, sys
from pathlib import Path
from slora_core.errors import OutputError
from slora_core.records.export_csv import write_tables
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
small = (("a",), [("new",)])
large = (("a",), [("x" * 100,)] * 10_000)
for folder in sys.argv[1:]:
    try:
        write_tables({"small.csv": small, "large.csv": large}, Path(folder))
    except OutputError as error:
        print(error.what)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits")
def test_a_disk_that_fills_up_changes_nothing(tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    (old / "small.csv").write_text("before")
    command = [sys.executable, "-c", FULL, old, tmp_path / "fresh"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.count("cannot be written") == 2, done.stderr
    assert [path.name for path in old.iterdir()] == ["small.csv"]
    assert (old / "small.csv").read_text() == "before"
    assert not (tmp_path / "fresh").exists()


def test_a_folder_that_is_a_file_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="CSV files cannot be written"):
        write_tables({"x.csv": (("a",), [])}, tmp_path / "file")
