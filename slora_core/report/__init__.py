"""The comparison report as data: texts, tables and figures by section, for whoever draws them. Torch-free."""

from __future__ import annotations

from slora_core.report.building import build_report as build_report
from slora_core.report.model import Report as Report
from slora_core.report.phrases import LANGUAGES as LANGUAGES
