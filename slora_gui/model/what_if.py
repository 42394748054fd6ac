"""The forecast that follows the job as it is edited: at once while only the budget moves, else from a pool thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from slora_core.config import RunConfig
from slora_core.memory.device import DeviceProfile
from slora_gui.model.background import Task
from slora_gui.model.device_profiles import planning_profile
from slora_gui.model.forecasting import Forecast, Forecaster, Frontier, FrontierPoint, forecast, frontier

__all__ = ["Forecast", "Frontier", "FrontierPoint", "WhatIf", "forecast", "frontier"]

Profiles: TypeAlias = Callable[[str, int], DeviceProfile]


class WhatIf(QObject):
    """``ready`` carries the Forecast of the latest request, ``frontier_ready`` its Frontier.

    One computation runs at a time; of requests that come meanwhile only the last is computed, and an answer that is
    not the latest any more is dropped. ``profiles`` gives the device to plan for, by ``run.device`` and
    ``run.threads``.
    """

    ready = Signal(object)
    frontier_ready = Signal(object)

    def __init__(self, parent: QObject | None = None, profiles: Profiles = planning_profile) -> None:
        super().__init__(parent)
        self._profiles = profiles
        self._forecasts = _Lane(self._compute_forecast, self.ready.emit, self)
        self._frontiers = _Lane(self._compute_frontier, self.frontier_ready.emit, self)
        self._forecaster, self._frontier_maker = Forecaster(), Forecaster()

    def request(self, config: RunConfig) -> None:
        """Ask for a forecast. While only the budget moves ``ready`` is emitted before this returns."""
        if not self._forecasts.busy and self._forecaster.ready_for(config, self._profile(config)):
            self.ready.emit(self._compute_forecast(config, self._forecasts.next_generation()))
        else:
            self._forecasts.request(config)

    def request_frontier(self, config: RunConfig) -> None:
        """Ask for the frontier of peak against time."""
        self._frontiers.request(config)

    def close(self) -> None:
        """Drop what is waiting and wait for what is computed; no signal follows."""
        for lane in (self._forecasts, self._frontiers):
            lane.close()
        QThreadPool.globalInstance().waitForDone()

    def _profile(self, config: RunConfig) -> DeviceProfile:
        return self._profiles(config.run.device, config.run.threads)

    def _compute_forecast(self, config: RunConfig, generation: int) -> Forecast:
        return self._forecaster.forecast(config, self._profile(config), generation)

    def _compute_frontier(self, config: RunConfig, generation: int) -> Frontier:
        return self._frontier_maker.frontier(config, self._profile(config), generation)


class _Lane(QObject):
    """One question at a time to a pool thread; the latest waits, older ones that wait are forgotten."""

    def __init__(
        self,
        compute: Callable[[RunConfig, int], Forecast | Frontier],
        answer: Callable[[Forecast | Frontier], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._compute, self._answer = compute, answer
        self._generation = 0
        self._waiting: RunConfig | None = None
        self._task: Task | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None

    def next_generation(self) -> int:
        self._generation += 1
        return self._generation

    def request(self, config: RunConfig) -> None:
        self.next_generation()
        self._waiting = config
        self._start()

    def close(self) -> None:
        self._waiting = None
        self.next_generation()

    def _start(self) -> None:
        if self._task is None and self._waiting is not None:
            config, self._waiting = self._waiting, None
            self._task = Task(partial(self._compute, config, self._generation))
            self._task.signals.done.connect(self._take)
            self._task.start()

    @Slot(object)
    def _take(self, answer: Forecast | Frontier | None) -> None:
        self._task = None
        if answer is not None and answer.generation == self._generation:
            self._answer(answer)
        self._start()
