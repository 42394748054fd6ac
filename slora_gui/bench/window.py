"""What the whole window costs: a run that streams, an hour of events, many past runs, a moved budget."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import psutil
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from slora_core import isolate
from slora_core.config import RunConfig
from slora_core.records.history import History
from slora_core.records.recorder import RunRecorder
from slora_gui.app import controller_of, create_window
from slora_gui.bench import paced
from slora_gui.bench.measured import Measured, painted
from slora_gui.control.batches import demo_config, single_job
from slora_gui.control.run_control import Engine
from slora_gui.controller import Controller
from slora_gui.model.history_model import HistoryModel
from slora_gui.model.run_model import RunModel
from slora_gui.settings import Settings
from slora_gui.views.history_view import HistoryView

SIZE: Final = (1280, 800)
PAST_RUNS: Final = 500
HOUR_S: Final = 3600
_WARM_UP_S: Final = 3.0
_BUDGETS: Final = 40
_PER_TAKE: Final = 240  # events between two paintings of the hour
_MIB: Final = 2**20


def paced_stream(seconds: float) -> dict[str, float]:
    """The window while an isolated engine sends 50 samples and 10 steps of progress a second."""
    long = seconds + _WARM_UP_S + 10
    return _stream(partial(isolate.stream, engine=paced.ENGINE, arguments={"seconds": long}), RunConfig(), seconds)


def demo_stream(seconds: float) -> dict[str, float]:
    """The window while the demo runs, or the part of it that lasts no longer than it does."""
    return _stream(isolate.stream, demo_config(RunConfig()), seconds)


def _stream(engine: Engine, config: RunConfig, seconds: float) -> dict[str, float]:
    """Shares of one core: of the window's whole process and of its main thread, and samples a second."""
    with shown_window(engine) as controller:
        controller.start(single_job(config))
        _go_on(_WARM_UP_S)
        run = controller.run
        assert run is not None
        began, samples = (time.perf_counter(), time.process_time(), time.thread_time()), len(run.samples)
        _go_on(seconds, while_true=lambda: controller.runs.running)
        ended = (time.perf_counter(), time.process_time(), time.thread_time())
        wall_s, process_s, thread_s = (end - begin for begin, end in zip(began, ended, strict=True))
        return {
            "share_of_one_core": process_s / wall_s,
            "main_thread_share": thread_s / wall_s,
            "samples_per_s": (len(run.samples) - samples) / wall_s,
            "seconds": wall_s,
        }


def hour_of_events(hours: float = 1.0) -> dict[str, float]:
    """Resident bytes of this process after the first and the last tenth of a run of 50 Hz, fed at full speed."""
    seconds = HOUR_S * hours
    with shown_window() as controller:
        run = RunModel("an hour")
        controller.show_run(run)
        process, rss = psutil.Process(), []
        pending, next_s = [], seconds / 10
        started = time.process_time()
        for event in paced.events(RunConfig(), seconds):
            pending.append(event)
            if len(pending) < _PER_TAKE:
                continue
            run.feed_all(pending)
            pending.clear()
            controller.views.live.refresh()
            QCoreApplication.processEvents()
            if event.t_s >= next_s:
                rss.append(process.memory_info().rss)
                next_s += seconds / 10
        run.feed_all(pending)
        rss.append(process.memory_info().rss)
        return {
            "first_tenth_bytes": rss[0],
            "half_bytes": rss[len(rss) // 2],
            "end_bytes": rss[-1],
            "growth_bytes": rss[-1] - rss[0],
            "events_cpu_s": time.process_time() - started,
        }


def history(folder: Path, runs: int = PAST_RUNS) -> Measured:
    """Reading and showing a history of ``runs`` run files in ``folder``, five times."""
    first = folder / "run-0000.slora"
    with RunRecorder(first) as recorder:
        for event in paced.events(RunConfig(), 2.0):
            recorder.write(event)
    for number in range(1, runs):
        shutil.copy(first, folder / f"run-{number:04}.slora")
    frames = []
    for _ in range(5):
        model = HistoryModel(History(folder))
        view = HistoryView(model)
        view.resize(*SIZE)
        frames.append(painted(partial(_open, model, view)))
        if model.rowCount() != runs:
            raise RuntimeError(f"the history shows {model.rowCount()} runs of {runs}")
        view.close()
    return Measured.of(f"{runs} runs in the history, read and shown", frames)


def _open(model: HistoryModel, view: HistoryView) -> None:
    model.refresh()
    view.show()


def what_if() -> Measured:
    """From a moved budget to the painted window with its new forecast."""
    with shown_window() as controller:
        job = controller.models.job
        ready: list[object] = []
        job.replace(demo_config(RunConfig()), "")
        controller.models.what_if.ready.connect(ready.append)
        controller.window.show_page("live")
        _go_on(10.0, while_true=lambda: not ready)
        frames = []
        for step in range(_BUDGETS):
            before = len(ready)
            changes = {"memory": {"budget": (64 - step) * _MIB}}
            frames.append(painted(partial(job.change, changes, "budget", "drag")))
            _go_on(1.0, while_true=partial(_unchanged, ready, before))
        return Measured.of("a moved budget, forecast and painted", frames)


def _unchanged(ready: list[object], count: int) -> bool:
    return len(ready) == count


@contextmanager
def shown_window(engine: Engine | None = None) -> Iterator[Controller]:
    """The main window with settings of its own, painted."""
    window = create_window(Settings(toured=True), engine=engine)
    controller = controller_of(window)
    window.resize(*SIZE)
    window.show()
    QCoreApplication.processEvents()
    try:
        yield controller
    finally:
        controller.runs.stop()
        window.close()
        window.deleteLater()
        QCoreApplication.processEvents()


def _go_on(seconds: float, while_true: Callable[[], bool] = lambda: True) -> None:
    """Let the window live, looking ten times a second whether it should."""
    loop, look = QEventLoop(), QTimer()
    ends = time.perf_counter() + seconds
    look.setInterval(100)
    look.timeout.connect(lambda: None if time.perf_counter() < ends and while_true() else loop.quit())
    look.start()
    loop.exec()
    look.stop()
