"""What is written comes back, exactly; and every unreadable file says why."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from slora_core.errors import InputError, OutputError
from slora_core.events import MemorySample, RunCancelledEvent, RunFailed, StagePeaks
from slora_core.records import database
from slora_core.records.recorder import RunRecorder, record
from slora_core.records.run_file import RunFile
from slora_core.records.schema import APPLICATION_ID, SAMPLE_COUNTERS, SCHEMA_VERSION

ROOT = Path(__file__).parents[3]
GB = 10**9


def test_a_finished_run_comes_back_whole(record_run, events_of_a_run):
    run = record_run()
    started, *_, last = events_of_a_run()
    assert run.status == "finished"
    assert run.result == last
    assert run.config == started.config
    assert (run.environment, run.plan) == ({"torch": "2"}, {"stages": []})
    assert run.peaks == StagePeaks(5 * GB, None, 99)
    header = run.header
    assert (header.run_id, header.source, header.engine) == ("r1", "demo", "optimised")
    assert (header.budget_bytes, header.within_budget, header.seconds) == (8 * GB, True, 0.9)
    assert header.operators == "linear, weaknonlinear, attention"


def test_the_peak_of_what_the_budget_binds_is_kept_where_it_is_not_the_peak_of_the_run(record_run):
    assert record_run().header.bound_peak_bytes is None
    run = record_run("partly", bound=3 * GB)
    assert (run.header.bound_peak_bytes, run.result.bound_peak_bytes) == (3 * GB, 3 * GB)


def test_a_stage_that_ran_twice_has_two_rows_with_their_own_figures(record_run):
    task, first, second = record_run().stages()
    assert (task.stage, task.seconds, task.completed) == ("task1", 0.7, True)
    assert (first.allocated_bytes, first.completed, first.predicted_peak_bytes) == (4 * GB, False, 5 * GB)
    assert (second.allocated_bytes, second.completed, second.seconds) == (3 * GB, True, 0.2)
    assert second.reserved_bytes is None


def test_samples_are_columns_in_order_of_time_with_gaps_where_nothing_was_measured(record_run):
    run = record_run()
    samples = run.samples()
    assert samples.t_s.tolist() == [0.25, 0.45]
    assert [samples.stage_names[index] for index in samples.stage] == ["task1.attention", ""]
    assert samples.counters["allocated_bytes"].tolist() == [5.0 * GB, 11.0]
    assert np.isnan(samples.counters["reserved_bytes"]).all()
    assert samples.counters["rss_bytes"][0] == 77
    assert math.isnan(samples.counters["rss_bytes"][1])
    assert run.sample_rows()[1] == (0.45, "", 11, None, None, None, None, None, 11)


def test_a_stage_that_begins_while_the_samples_are_read_is_no_error(tmp_path, monkeypatch):
    path = tmp_path / "run.slora"
    with RunRecorder(path) as recorder, RunFile.open(path) as run:
        query = RunFile._query

        def query_then_commit(self, sql, values=()):
            rows = query(self, sql, values)
            recorder._commit([MemorySample(0.1, f"stage {len(rows)}", 1, None, None, None, None, None, None)], False)
            return rows

        monkeypatch.setattr(RunFile, "_query", query_then_commit)
        assert len(run.samples()) == 0
        assert [run.samples().stage_names[index] for index in run.samples().stage][:1] == ["stage 0"]


def test_a_run_without_samples_has_empty_columns(tmp_path):
    RunRecorder(tmp_path / "empty.slora").close()
    with RunFile.open(tmp_path / "empty.slora") as run:
        assert len(run.samples()) == 0
        assert set(run.samples().counters) == set(SAMPLE_COUNTERS)
        assert (run.status, run.result, run.stages(), run.config, run.plan) == ("interrupted", None, [], {}, None)
        assert run.peaks == StagePeaks(None, None, None)


def test_accuracies_keep_their_task_and_order(record_run):
    rows = [(r.task, r.classes_seen, r.variant, r.classifier, r.accuracy) for r in record_run().accuracies()]
    assert rows == [
        (1, 4, "SeqFT", "ncm", 0.9),
        (2, 6, "SeqFT", "ncm", 0.5),
        (2, 6, "SeqFT", "lda", 0.25),
        (2, 6, "SeqFT + linear", "ncm", 0.75),
        (2, 6, "SeqFT + linear", "lda", 1 / 3),
    ]


def test_notices_keep_their_figures(record_run):
    (notice,) = record_run().notices()
    assert (notice.kind, notice.message, notice.data) == ("retry", "=smaller chunks", {"chunk": 32})


@pytest.mark.parametrize(("end", "kind"), [("failed", RunFailed), ("cancelled", RunCancelledEvent)])
def test_a_run_that_did_not_finish_has_its_status_and_the_peaks_of_its_stages(record_run, end, kind):
    run = record_run(end=end)
    assert run.status == end
    assert isinstance(run.result, kind)
    assert run.peaks == StagePeaks(5 * GB, None, 99)


def test_a_run_without_a_final_event_is_interrupted_once_its_recorder_is_gone(tmp_path, events_of_a_run):
    recorder = RunRecorder(tmp_path / "run.slora")
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.status == "running"
        for event in events_of_a_run(end="cut"):
            recorder.write(event)
        recorder.close()
        assert run.status == "interrupted"
        assert run.stages()[0].completed is None


def test_a_running_writer_on_another_host_is_not_ours(tmp_path):
    recorder = RunRecorder(tmp_path / "run.slora")
    shutil.copy(tmp_path / "run.slora", tmp_path / "mailed.slora")
    with closing(sqlite3.connect(tmp_path / "mailed.slora")) as connection, connection:
        connection.execute("UPDATE meta SET value = 'elsewhere' WHERE key = 'host'")
    with RunFile.open(tmp_path / "mailed.slora") as run:
        assert run.status == "interrupted"
    recorder.close()


def test_the_note_can_be_changed_and_nothing_else_changes(record_run):
    run = record_run()
    before = run.meta
    run.set_note("vor dem Umbau 修改前")
    assert run.note == "vor dem Umbau 修改前"
    assert run.meta == {**before, "note": run.note}
    run.set_note("typed in\udcff another encoding")
    assert run.note == "typed in\\udcff another encoding"


def test_a_file_name_that_is_not_unicode_survives(tmp_path):
    failed = RunFailed(0.0, "input-error", "file 'a\udcff.npz' is bad", "", 2, "")
    with RunRecorder(tmp_path / "run.slora") as recorder:
        recorder.write(failed)
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.result == failed


def test_record_passes_everything_through_and_writes_it(tmp_path, events_of_a_run):
    events = list(events_of_a_run())
    assert list(record(iter(events), tmp_path / "run.slora")) == events
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.status == "finished"


def test_stopping_to_listen_records_a_cancelled_run_and_closes_the_stream(tmp_path, events_of_a_run):
    closed = []

    def stream():
        try:
            yield from events_of_a_run()
        finally:
            closed.append(True)

    recording = record(stream(), tmp_path / "run.slora")
    for _ in range(4):
        next(recording)
    recording.close()
    assert closed == [True]
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.status == "cancelled"
        assert len(run.samples()) == 1


def test_an_error_of_the_stream_is_recorded_and_raised_again(tmp_path):
    def stream():
        yield MemorySample(0.1, "", 1, None, None, None, None, None, None)
        raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError):
        list(record(stream(), tmp_path / "run.slora"))
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.status == "failed"
        assert "ZeroDivisionError: oh" in run.result.what


def test_a_run_file_is_never_overwritten(tmp_path):
    RunRecorder(tmp_path / "run.slora").close()
    with pytest.raises(OutputError, match="exists already"):
        RunRecorder(tmp_path / "run.slora")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"the folder .*nowhere' does not exist"):
        RunRecorder(tmp_path / "nowhere" / "run.slora")
    assert list(tmp_path.iterdir()) == []


def test_a_finished_file_is_one_file(tmp_path, record_run):
    record_run()
    assert [path.name for path in tmp_path.iterdir()] == ["run.slora"]


FILL = """
import resource, sys, threading
from slora_core.errors import OutputError
from slora_core.events import MemorySample
from slora_core.records.recorder import RunRecorder
from slora_core.records.run_file import RunFile
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
try:
    with RunRecorder(sys.argv[1]) as recorder, RunFile.open(sys.argv[1]) as run:
        for count in (100, 10_000):
            for index in range(count):
                recorder.write(MemorySample(float(index), "scan", index, 1, 2, 3, 4, 5, 6))
            while count == 100 and len(run.samples()) < 100:
                threading.Event().wait(0.01)
except OutputError as error:
    print(error.what)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="resource limits")
def test_a_disk_that_fills_up_is_an_error_and_leaves_a_readable_file(tmp_path):
    command = [sys.executable, "-c", FILL, tmp_path / "run.slora"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "cannot be written any more" in done.stdout, done.stderr
    with RunFile.open(tmp_path / "run.slora") as run:
        assert len(run.samples()) == 100
        assert run.status == "interrupted"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a zip file of some kind", "is not a run file"),
        (b"SQLite format 3\x00" + b"\xff" * 2000, "not a run recorded by SLoRA"),
    ],
)
def test_a_file_that_is_no_run_says_why(tmp_path, content, why):
    path = tmp_path / "bad.slora"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why):
        RunFile.open(path)


def test_missing_files_and_folders_say_so(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        RunFile.open(tmp_path / "none.slora")
    with pytest.raises(InputError, match="is a folder"):
        RunFile.open(tmp_path)


def test_another_database_is_not_a_run(tmp_path):
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE meta (key, value)")
    with pytest.raises(InputError, match="not a run recorded by SLoRA"):
        RunFile.open(tmp_path / "other.db")


def test_a_run_that_lost_its_tables_is_damaged(tmp_path):
    with closing(sqlite3.connect(tmp_path / "run.slora")) as connection:
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};")
    with pytest.raises(InputError, match="damaged: no such table"):
        RunFile.open(tmp_path / "run.slora")


def test_a_truncated_run_is_damaged(record_run, tmp_path):
    whole = record_run().path.read_bytes()
    path = tmp_path / "short.slora"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"), RunFile.open(path) as run:
        run.stages(), run.samples(), run.notices(), run.accuracies(), run.result


def test_a_scribbled_run_is_damaged(record_run, tmp_path):
    whole = record_run().path.read_bytes()
    path = tmp_path / "scribbled.slora"
    path.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))
    with pytest.raises(InputError, match="damaged"):
        RunFile.open(path)


def test_a_newer_version_is_refused_and_says_what_to_do(record_run):
    path = record_run().path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(InputError, match=f"schema version {SCHEMA_VERSION + 1}") as caught:
        RunFile.open(path)
    assert caught.value.remedy == "update SLoRA"


def test_an_older_version_is_migrated_in_memory_only(record_run, monkeypatch):
    path = record_run().path
    before = path.read_bytes()
    monkeypatch.setattr(database, "SCHEMA_VERSION", SCHEMA_VERSION + 2)
    with pytest.raises(InputError, match="cannot read"):
        RunFile.open(path)
    steps = {
        SCHEMA_VERSION: lambda connection: connection.execute("INSERT INTO meta VALUES ('step', 'one')"),
        SCHEMA_VERSION + 1: lambda connection: connection.execute("UPDATE meta SET value = 'two' WHERE key = 'step'"),
    }
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    with RunFile.open(path) as run:
        assert run.meta["step"] == "two"
        assert run.status == "finished"
    assert path.read_bytes() == before


HALF_COMMITTED = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT OR IGNORE INTO stage_names VALUES (9, 'half')")
for index in range(3000):
    connection.execute("INSERT INTO samples (t_s, stage, allocated_bytes) VALUES (?, 9, 1)", (float(index),))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def half_committed(record_run):
    """A run file whose writer was killed inside a transaction, with pages already overwritten."""
    path = record_run().path
    subprocess.run([sys.executable, "-c", HALF_COMMITTED, path], check=False, timeout=60)
    assert Path(f"{path}-journal").stat().st_size > 0
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_transaction_cut_in_half_is_undone_on_opening(half_committed):
    with RunFile.open(half_committed) as run:
        assert run.samples().t_s.tolist() == [0.25, 0.45]
    assert not Path(f"{half_committed}-journal").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_cut_transaction_in_a_folder_that_cannot_be_written_is_undone_in_a_copy(half_committed, monkeypatch):
    if os.geteuid() == 0:  # root writes anywhere: refuse for it
        monkeypatch.setattr(database, "_roll_back", _refuse)
    folder = half_committed.parent
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with RunFile.open(half_committed) as run:
            assert run.samples().t_s.tolist() == [0.25, 0.45]
    finally:
        folder.chmod(stat.S_IRWXU)
    assert Path(f"{half_committed}-journal").exists()


def _refuse(path):
    raise sqlite3.OperationalError("attempt to write a readonly database")


def test_a_follower_reads_only_what_has_come_since(tmp_path, events_of_a_run):
    events = list(events_of_a_run())
    path = tmp_path / "run.slora"
    samples = [event for event in events if isinstance(event, MemorySample)]
    with RunRecorder(path) as recorder, RunFile.open(path) as run:
        version = run.data_version
        assert run.samples_after(0) == (0, [])
        recorder._commit([events[0], samples[0]], False)
        assert run.data_version != version
        row, found = run.samples_after(0)
        assert found == samples[:1]
        version = run.data_version
        assert run.data_version == version
        recorder._commit(samples[1:], False)
        assert run.samples_after(row)[1] == samples[1:]
