"""Runs for plots: stand-ins with the interface of the run model, from arrays or from a run file."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets")
pytest.importorskip("pyqtgraph")
if sys.platform == "linux" and "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTranslator, Signal
from PySide6.QtGui import QMouseEvent

from slora_core.records.run_file import StageRecord

MIB = 2**20


@dataclass
class Band:
    start_s: float
    end_s: float
    stage: str
    depth: int


class Store:
    """Columns of samples, as a sample store shows them."""

    def __init__(self, t_s=(), **counters):
        self.t_s = np.asarray(t_s, dtype=np.float64)
        self.columns = {name: np.asarray(values, dtype=np.float64) for name, values in counters.items()}
        self.version = 0

    def __len__(self):
        return len(self.t_s)

    def counter(self, name):
        return self.columns.get(name, np.full(len(self), np.nan))

    def has(self, name):
        return bool(np.any(~np.isnan(self.counter(name))))

    def grow(self, t_s, **counters):
        self.t_s = np.append(self.t_s, t_s)
        for name in set(self.columns) | set(counters):
            old = self.columns.get(name, np.full(len(self.t_s) - 1, np.nan))
            self.columns[name] = np.append(old, counters.get(name, np.nan))
        self.version += 1


class Run(QObject):
    """What plots read of a run model."""

    changed = Signal(str)

    def __init__(self, store, stages=(), status="finished", device="cpu"):
        super().__init__()
        self.samples, self.stages, self.status = store, list(stages), status
        self.environment = {"device": device, "device_name": "a device"}

    def bands(self):
        last = float(self.samples.t_s[-1]) if len(self.samples) else 0.0
        return [
            Band(s.started_s, last if s.seconds is None else s.started_s + s.seconds, s.stage, s.stage.count("."))
            for s in self.stages
        ]


def stage(name, started_s, seconds, allocated=None, *, reserved=None, rss=None):
    parent = name.rpartition(".")[0]
    return StageRecord(name, parent, started_s, None, None, seconds, allocated, reserved, rss, None, True)


@pytest.fixture
def cpu_run():
    """Ten seconds at 10 Hz on a CPU: two stages, the second with two parts; no reserved, process or device memory."""
    t_s = np.arange(100) / 10
    allocated = np.where(t_s < 5, 8, 24 + 8 * np.sin(t_s)) * MIB
    store = Store(t_s, allocated_bytes=allocated, rss_bytes=300 * MIB + allocated, tensor_ram_bytes=allocated)
    stages = [
        stage("scan", 0.0, 5.0, 9 * MIB, rss=310 * MIB),
        stage("attention", 5.0, 4.9, 40 * MIB, rss=350 * MIB),
        stage("attention.fit", 5.0, 1.0, 20 * MIB, rss=330 * MIB),
        stage("attention.move", 6.0, 3.9, 40 * MIB, rss=350 * MIB),
    ]
    return Run(store, stages)


@pytest.fixture
def cuda_run():
    """A minute at 50 Hz on a card: every counter known, process memory from the tenth second on."""
    t_s = np.arange(3000) / 50
    allocated = (2000 + 1500 * np.sin(t_s / 5)) * MIB
    process = allocated + 900 * MIB
    process[t_s < 10] = np.nan
    store = Store(
        t_s,
        allocated_bytes=allocated,
        reserved_bytes=np.maximum.accumulate(allocated) + 64 * MIB,
        process_bytes=process,
        device_used_bytes=allocated + 3000 * MIB,
        rss_bytes=np.linspace(2000, 2600, 3000) * MIB,
        tensor_ram_bytes=np.full(3000, 500 * MIB),
    )
    stages = [
        stage("linear", 0.0, 20.0, 3550 * MIB, reserved=3600 * MIB, rss=2300 * MIB),
        stage("weaknonlinear", 20.0, 20.0, 3400 * MIB, reserved=3600 * MIB, rss=2500 * MIB),
        stage("attention", 40.0, 19.98, 3510 * MIB, reserved=3600 * MIB, rss=2600 * MIB),
    ]
    return Run(store, stages, device="cuda:0")


@pytest.fixture
def parts():
    """The stand-ins themselves, for tests that build a run of their own."""
    return {"Band": Band, "Store": Store, "Run": Run, "stage": stage}


class Pointer:
    """Sends mouse events to a viewport as a person's mouse would, buttons and modifiers included."""

    def __init__(self, viewport):
        self._viewport = viewport

    def move(self, x, y, buttons=Qt.MouseButton.NoButton, modifiers=Qt.KeyboardModifier.NoModifier):
        self._send(QEvent.Type.MouseMove, (x, y), Qt.MouseButton.NoButton, buttons, modifiers)

    def click(self, x, y):
        left = Qt.MouseButton.LeftButton
        self.move(x, y)
        self._send(QEvent.Type.MouseButtonPress, (x, y), left, left)
        self._send(QEvent.Type.MouseButtonRelease, (x, y), left, Qt.MouseButton.NoButton)

    def drag(self, points, modifiers=Qt.KeyboardModifier.NoModifier):
        left = Qt.MouseButton.LeftButton
        self.move(*points[0])
        self._send(QEvent.Type.MouseButtonPress, points[0], left, left, modifiers)
        for point in points[1:]:
            self.move(*point, left, modifiers)
        self._send(QEvent.Type.MouseButtonRelease, points[-1], left, Qt.MouseButton.NoButton, modifiers)

    def leave(self):
        QCoreApplication.sendEvent(self._viewport, QEvent(QEvent.Type.Leave))

    def _send(self, kind, point, button, buttons, modifiers=Qt.KeyboardModifier.NoModifier):
        local = QPointF(*point)
        event = QMouseEvent(kind, local, self._viewport.mapToGlobal(local), button, buttons, modifiers)
        QCoreApplication.sendEvent(self._viewport, event)
        QCoreApplication.processEvents()


@pytest.fixture
def pointer():
    """Makes a Pointer; every one of its moves counts, however fast they follow each other."""
    limit = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield Pointer
    pg.setConfigOption("mouseRateLimit", limit)


@pytest.fixture
def show(qtbot):
    """Shows a plot at a size, and closes it after the test."""
    shown = []

    def put(widget, width=1000, height=600):
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        QCoreApplication.processEvents()
        shown.append(widget)
        return widget

    yield put
    for widget in shown:
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()


@pytest.fixture
def shouting(qapp):
    """Installs a language that is English in capitals, but for the names of what is filled in."""

    class Capitals(QTranslator):
        def translate(self, context, source, disambiguation=None, n=-1):
            return re.sub(r"[^{}]+(?![^{}]*\})", lambda text: text[0].upper(), source)

        def isEmpty(self):
            return False

    translator = Capitals()

    def install():
        qapp.installTranslator(translator)
        QCoreApplication.processEvents()

    yield install
    qapp.removeTranslator(translator)
    QCoreApplication.processEvents()
