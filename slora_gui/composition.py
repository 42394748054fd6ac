"""Makes the models and the views of one window."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from slora_core.config import RunConfig
from slora_core.errors import ConfigError
from slora_core.records.history import History
from slora_gui.model.comparison_model import ComparisonModel
from slora_gui.model.history_model import HistoryModel
from slora_gui.model.job_model import JobModel
from slora_gui.model.what_if import WhatIf
from slora_gui.shell.welcome_page import WelcomePage
from slora_gui.views.ablation_page import AblationPage
from slora_gui.views.compare_page import ComparePage
from slora_gui.views.forecast_panel import ForecastPanel
from slora_gui.views.history_view import HistoryView
from slora_gui.views.job_panel import JobPanel
from slora_gui.views.live_page import LivePage
from slora_gui.views.notices_view import NoticesView
from slora_gui.views.plan_table import PlanTable
from slora_gui.views.results_view import ResultsView
from slora_gui.views.tuner_page import TunerPage


@dataclass(frozen=True, slots=True)
class Models:
    """What the window edits and looks at. Everything undoable goes to the job's undo stack, in one order."""

    job: JobModel
    what_if: WhatIf
    history: HistoryModel
    comparison: ComparisonModel


@dataclass(frozen=True, slots=True)
class Views:
    """Every page and panel."""

    welcome: WelcomePage
    live: LivePage
    compare: ComparePage
    ablation: AblationPage
    tuner: TunerPage
    job: JobPanel
    forecast: ForecastPanel
    plan: PlanTable
    notices: NoticesView
    results: ResultsView
    history: HistoryView

    @property
    def pages(self) -> dict[str, QWidget]:
        return {name: getattr(self, name) for name in ("welcome", "live", "compare", "ablation", "tuner")}

    @property
    def docks(self) -> dict[str, QWidget]:
        return {name: getattr(self, name) for name in ("job", "forecast", "plan", "notices", "results", "history")}


def make_models(job_toml: str, parent: QObject | None = None) -> tuple[Models, str]:
    """The models with the remembered job, and why that could not be read or ""."""
    config, problem = _remembered(job_toml)
    models = Models(
        job=JobModel(config, parent),
        what_if=WhatIf(parent),
        history=HistoryModel(History(), parent),
        comparison=ComparisonModel(parent),
    )
    return models, problem


def make_views(models: Models, welcome: WelcomePage) -> Views:
    return Views(
        welcome=welcome,
        live=LivePage(None, models.job),
        compare=ComparePage(models.comparison),
        ablation=AblationPage(),
        tuner=TunerPage(),
        job=JobPanel(models.job, models.what_if),
        forecast=ForecastPanel(models.what_if),
        plan=PlanTable(models.what_if),
        notices=NoticesView(),
        results=ResultsView(),
        history=HistoryView(models.history),
    )


def _remembered(job_toml: str) -> tuple[RunConfig, str]:
    try:
        return RunConfig.from_dict(tomllib.loads(job_toml), "the remembered job"), ""
    except (ConfigError, tomllib.TOMLDecodeError) as error:
        return RunConfig(), str(error)
