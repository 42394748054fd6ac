"""Run files of several ranks, and those of a version that knew one process."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from slora_core.events import MemorySample, Notice, StageFinished, StagePeaks, StageStarted
from slora_core.records.compare import compare
from slora_core.records.export_csv import export_runs
from slora_core.records.ranks import band, rank_summaries, slowest_rank
from slora_core.records.recorder import RunRecorder
from slora_core.records.run_file import RunFile
from slora_core.records.schema import SCHEMA_VERSION
from slora_core.records.tables import ranks_table


def ranked_events():
    """Rank 1 takes twice as long for ``move`` and begins it before rank 0 has ended its own."""
    yield StageStarted(0.0, "move", "", 100, 1.0)
    yield StageStarted(0.1, "move", "", 100, 1.0, 1)
    for t_s, low, high in ((0.2, 10, 40), (0.4, 30, 20), (0.6, 15, 25)):
        yield MemorySample(t_s, "move", low, None, None, None, None, None, low)
        yield MemorySample(t_s - 0.05, "move", high, None, None, None, None, None, high, 1)
    yield StageFinished(1.0, "move", 1.0, StagePeaks(70, None, 7), 5, True, 64, 0)
    yield Notice(1.5, "retry", "smaller", "move", {}, 1)
    yield StageFinished(2.1, "move", 2.0, StagePeaks(90, None, 9), 5, True, 32, 1)


@pytest.fixture
def ranked(tmp_path):
    path = tmp_path / "ranks.slora"
    with RunRecorder(path) as recorder:
        for event in ranked_events():
            recorder.write(event)
    with RunFile.open(path) as run:
        yield run


def test_stages_of_the_same_name_belong_to_their_ranks(ranked):
    assert ranked.ranks() == (0, 1)
    (first,), (second,) = ranked.stages(), ranked.stages(1)
    assert (first.rank, first.seconds, first.allocated_bytes, first.communicated_bytes) == (0, 1.0, 70, 64)
    assert (second.rank, second.seconds, second.allocated_bytes, second.communicated_bytes) == (1, 2.0, 90, 32)


def test_samples_are_those_of_rank_0_unless_another_is_named(ranked):
    assert ranked.samples().counters["allocated_bytes"].tolist() == [10, 30, 15]
    assert ranked.samples(1).counters["allocated_bytes"].tolist() == [40, 20, 25]
    assert len(ranked.samples(2)) == 0


def test_notices_carry_their_rank(ranked):
    assert [(notice.kind, notice.rank) for notice in ranked.notices()] == [("retry", 1)]


def test_the_band_holds_the_lowest_and_the_highest_rank(ranked):
    found = band(ranked, "allocated_bytes")
    assert found.t_s.tolist() == [0.2, 0.4, 0.6]
    assert found.lowest.tolist() == [10, 20, 15]
    assert found.highest.tolist()[:2] == [40, 30]
    assert np.isnan(band(ranked, "reserved_bytes").lowest).all()
    with pytest.raises(KeyError):
        band(ranked, "stage")


def test_summaries_and_the_slowest_rank(ranked):
    summaries = rank_summaries(ranked)
    assert [(row.rank, row.seconds, row.allocated_bytes, row.communicated_bytes) for row in summaries] == [
        (0, 1.0, 70, 64),
        (1, 2.0, 90, 32),
    ]
    assert slowest_rank(ranked, "move") == 1
    assert slowest_rank(ranked, "fit") is None
    assert [row[0] for row in ranks_table(ranked).rows] == ["0", "1"]


def test_a_comparison_takes_the_slowest_rank_and_the_largest_peak(ranked):
    found = compare([ranked, ranked])
    assert found.metric("stage", "move", "seconds").values == (2.0, 2.0)
    assert found.metric("stage", "move", "peak_allocated_bytes").values == (90, 90)


def test_csv_has_a_row_for_every_rank(ranked, tmp_path):
    export_runs([ranked], tmp_path / "csv")
    stages = (tmp_path / "csv" / "stages.csv").read_text("utf-8-sig").splitlines()
    samples = (tmp_path / "csv" / "samples.csv").read_text("utf-8-sig").splitlines()
    column = stages[0].split(",").index("rank")
    assert [line.split(",")[column] for line in stages[1:]] == ["0", "1"]
    assert sorted(line.split(",")[samples[0].split(",").index("rank")] for line in samples[1:]) == ["0"] * 3 + ["1"] * 3


def test_a_run_of_one_process_has_rank_0_and_no_table_of_ranks(record_run):
    run = record_run()
    assert run.ranks() == (0,)
    assert run.stages()[0].communicated_bytes is None
    assert ranks_table(run).rows == ()


def test_a_file_of_version_1_reads_as_rank_0_and_is_not_rewritten(record_run):
    """The tables as version 1 had them: without ranks and communicated bytes."""
    run = record_run()
    expected = run.stages(), run.samples(), run.notices(), run.sample_rows()
    with closing(sqlite3.connect(run.path)) as connection:
        for table in ("stages", "samples", "notices"):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN rank")
        connection.execute("ALTER TABLE stages DROP COLUMN communicated_bytes")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    before = run.path.read_bytes()
    with RunFile.open(run.path) as old:
        assert old.ranks() == (0,)
        assert old.stages() == expected[0]
        assert np.array_equal(old.samples().t_s, expected[1].t_s)
        assert old.notices() == expected[2]
        assert old.sample_rows() == expected[3]
    assert run.path.read_bytes() == before
    assert SCHEMA_VERSION == 2
