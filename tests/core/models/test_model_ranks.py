"""A model pair shared by several ranks: each extracts its share, and all go on with the features of all."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from zoo_files import save_images

from slora_core.cancel import CancelToken
from slora_core.cli import main
from slora_core.distributed import launcher
from slora_core.events import Notice, Progress, RunCancelledEvent, RunFailed, RunFinished, RunStarted, StageFinished
from slora_core.records.recorder import record
from slora_core.records.run_file import RunFile
from slora_core.streams.streaming import stream_in_thread

sys.path.insert(0, str(Path(__file__).parents[1] / "distributed"))

from thread_peers import finished, run_ranks

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    # ranks that are threads load at the same time, and whose warnings are silenced is not a thread's own
    pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning"),
]
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc")

CLOSE = 1e-6


@pytest.fixture
def old_state(pair_config, perform, tmp_path) -> str:
    """Statistics of the classes 0 and 1 under the model before."""
    save_images(tmp_path / "old", {"0": 11, "1": 13}, 7)
    target = tmp_path / "old.safetensors"
    first = pair_config(images=str(tmp_path / "old")).merged(
        {
            "source": {"adapter_after": pair_config().source.adapter_before, "adapter_before": None},
            "operators": {"names": "linear"},
        }
    )
    perform(first.merged({"output": {"state": str(target)}})).expect_finished()
    return str(target)


@pytest.fixture
def damaged(own_zoo):
    """A zoo with two images that cannot be read, the first and one in the middle, and a class named by a word."""
    (own_zoo.root / "train/3/000.png").write_bytes(b"no image")
    (own_zoo.root / "train/4/003.png").write_bytes(b"no image either")
    (own_zoo.root / "aux/b/006.png").write_bytes(b"nor this")
    return own_zoo


@pytest.fixture
def job(damaged, pair_config, old_state, tmp_path):
    """``job(name, **changes)``: a whole run on the damaged zoo, whose state goes to ``name``."""

    def make(name, **changes):
        config = pair_config(damaged, {"cache_disk": 0}, state=old_state, aux_images=damaged.aux, evaluate=damaged.test)
        output = {"output": {"state": str(tmp_path / f"{name}.safetensors")}}
        return config.merged({"operators": {"names": "linear,attention,rff"}, **output}).merged(changes)

    return make


def skipped(events):
    return next(event for event in events if isinstance(event, Notice) and event.kind == "skipped-images")


@pytest.mark.parametrize("size", [2, 3, 4])
def test_any_number_of_ranks_gives_the_features_of_one(job, perform, tmp_path, deviation, size):
    """26, 16 and 15 images divide by none of these, and a rank loses another number of images than the next."""
    one = perform(job("one")).expect_finished()
    ranks = finished(job("many", run={"sample_hz": 0}), size)
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= CLOSE
    assert list(load_file(tmp_path / "many.safetensors")["class_ids"]) == [0, 1, 3, 4]
    assert skipped(ranks[0]).data == skipped(one.events).data
    assert skipped(ranks[0]).data["skipped"] == 3
    assert ranks[0][-1].accuracies == one.final.accuracies
    for own in ranks:
        plan = next(event.plan for event in own if isinstance(event, RunStarted))
        bound = next(stage["bound_bytes"] for stage in plan["stages"] if stage["stage"] == "extract")
        peaks = next(e.peaks for e in own if isinstance(e, StageFinished) and e.stage == "extract")
        assert bound / 1.25 - 32768 <= peaks.allocated_bytes <= bound


def test_more_ranks_than_images(  # noqa: PLR0917
    own_zoo, pair_config, old_state, perform, tmp_path, deviation
):
    save_images(tmp_path / "few", {"cat": 2, "dog": 1}, 5)
    config = pair_config(own_zoo, {"cache_disk": 0}, state=old_state, images=str(tmp_path / "few"))
    config = config.merged({"operators": {"attention": {"top_k": 2}}, "run": {"sample_hz": 0}})
    perform(config.merged({"output": {"state": str(tmp_path / "one.safetensors")}})).expect_finished()
    finished(config.merged({"output": {"state": str(tmp_path / "many.safetensors")}}), 4)
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= CLOSE
    assert list(load_file(tmp_path / "many.safetensors")["class_ids"]) == [0, 1, 2, 3]


def test_a_class_that_is_lost_is_told_by_every_rank(damaged, job, tmp_path):
    for image in (damaged.root / "train/4").iterdir():
        image.write_bytes(b"gone")
    _, errors = run_ranks(job("many", run={"sample_hz": 0}), 3)
    assert len({error.what for error in errors}) == 1
    assert "none of the 12 images of class '4' can be read" in errors[0].what
    assert not (tmp_path / "many.safetensors").exists()


def launched(config, ranks, cancel=None, **settings):
    config = config.merged({"distributed": {"processes": ranks, "grace_s": 2, **settings}})
    return stream_in_thread(partial(launcher.execute, config), cancel or CancelToken())


@needs_linux
def test_real_processes_share_extraction_and_cache(job, perform, tmp_path, deviation):
    shared = {"extraction": {"cache_disk": 2**20, "batch": 2}, "run": {"sample_hz": 20}}
    with closing(record(launched(job("many", **shared), 2), tmp_path / "run.slora")) as stream:
        events = list(stream)
    assert isinstance(events[-1], RunFinished), events[-1]
    one = perform(job("one", **shared)).expect_finished()
    assert deviation(tmp_path / "one.safetensors", tmp_path / "many.safetensors") <= CLOSE
    passes = [
        event.data["passes"]
        for events_of in (events, one.events)
        for event in events_of
        if isinstance(event, Notice) and event.kind == "feature-cache"
    ]
    assert passes == [2 * (24 + 15) + 15, 0]  # what two processes have put into the cache, one finds whole
    with RunFile.open(tmp_path / "run.slora") as run:
        assert run.ranks() == (0, 1)
        stages = [{stage.stage: stage for stage in run.stages(rank)} for rank in run.ranks()]
        assert all("extract" in own for own in stages)
        assert 0 < stages[0]["extract"].communicated_bytes < 10_000


@needs_linux
@pytest.mark.parametrize("end", ["kill", "cancel"])
def test_a_rank_that_dies_in_extraction_is_named_and_a_cancel_ends_all(job, tmp_path, end):
    import psutil

    config = job("many", extraction={"batch": 1, "cache_disk": 0, "workers": 1}, run={"sample_hz": 0})
    cancel, events, found = CancelToken(), [], []
    for event in launched(config, 2, cancel):
        events.append(event)
        if isinstance(event, Progress) and event.stage == "extract" and event.rank == 1 and not found:
            found = [child for child in psutil.Process().children(recursive=True) if child.environ().get("RANK")]
            if end == "cancel":
                cancel.cancel()
            else:
                os.kill(next(child.pid for child in found if child.environ()["RANK"] == "1"), signal.SIGKILL)
    if end == "cancel":
        assert isinstance(events[-1], RunCancelledEvent)
    else:
        assert isinstance(events[-1], RunFailed)
        assert "rank 1 of 2" in events[-1].what
        assert "in stage extract" in events[-1].what
    assert found
    assert not any(child.is_running() for child in found)
    assert not (tmp_path / "many.safetensors").exists()


def test_the_plan_of_a_rank_is_for_its_share_of_the_images(job, capsys, tmp_path):
    (tmp_path / "job.toml").write_text(job("many", extraction={"batch": 1}).to_toml())
    assert main(["plan", "--config", str(tmp_path / "job.toml"), "--nproc", "3", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    seconds = [next(s["seconds"] for s in rank["stages"] if s["stage"] == "extract") for rank in plan["ranks"]]
    assert main(["plan", "--config", str(tmp_path / "job.toml"), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    alone = next(s["seconds"] for s in whole["stages"] if s["stage"] == "extract")
    assert sum(seconds) == pytest.approx(alone)
    assert max(seconds) < 0.36 * alone


def test_the_plan_says_what_ranks_exchange_whose_sums_stream(job, capsys, tmp_path):
    (tmp_path / "job.toml").write_text(job("many", operators={"names": "linear"}).to_toml())
    assert main(["plan", "--config", str(tmp_path / "job.toml"), "--nproc", "3", "--json"]) == 0
    traffic = json.loads(capsys.readouterr().out)["communicated_bytes"]
    dim, classes = 24, 2
    assert traffic["extract"] == 2 * (3 * dim**2 + classes * (dim**2 + dim)) * 8
    assert traffic["statistics"] == traffic["linear.move"] == 0
