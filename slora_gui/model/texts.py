"""Figures as text in the language of the window."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication

from slora_core.memory.sizes import format_size
from slora_core.records.tables import format_seconds


def not_available() -> str:
    return QCoreApplication.translate("Figures", "not available")


def size_text(size_bytes: int | float | None, signed: bool = False) -> str:
    """``1.5 GiB``; with ``signed`` ``+1.5 GiB`` and a true minus sign."""
    if size_bytes is None:
        return not_available()
    return _signed(format_size(int(size_bytes)), size_bytes) if signed else format_size(int(size_bytes))


def seconds_text(seconds: float | None, signed: bool = False) -> str:
    """``3 min 20 s``; with ``signed`` ``−1.2 s``."""
    if seconds is None:
        return not_available()
    return _signed(f"{seconds:.3g} s", seconds) if signed else format_seconds(seconds)


def percent_text(fraction: float | None, signed: bool = False) -> str:
    """``95.4 %``; with ``signed`` points of a difference, ``+1.25``."""
    if fraction is None:
        return not_available()
    if signed:
        points = QCoreApplication.translate("Figures", "{points} points")
        return points.format(points=_signed(f"{100 * fraction:.2f}", fraction))
    return f"{100 * fraction:.1f} %"


def flag_text(value: bool | None) -> str:
    if value is None:
        return not_available()
    return QCoreApplication.translate("Figures", "yes") if value else QCoreApplication.translate("Figures", "no")


def ratio_text(ratio: float | None) -> str:
    """``0.125×``; nothing where there is no ratio."""
    return "" if ratio is None else f"{ratio:.3g}×"


def budget_text(budget_bytes: int | None) -> str:
    if budget_bytes is None:
        return QCoreApplication.translate("Figures", "unlimited")
    return format_size(budget_bytes)


def moment_text(started_at: str) -> str:
    """Local date and time of an ISO 8601 instant."""
    try:
        return datetime.fromisoformat(started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return not_available()


def moment_s(started_at: str) -> float | None:
    """Seconds since the epoch, to sort by."""
    try:
        return datetime.fromisoformat(started_at).timestamp()
    except ValueError:
        return None


def engine_text(name: str) -> str:
    translate = QCoreApplication.translate
    texts = {"baseline": translate("Runs", "baseline"), "optimised": translate("Runs", "optimised")}
    return texts.get(name, name)


def source_text(kind: str) -> str:
    translate = QCoreApplication.translate
    texts = {
        "demo": translate("Runs", "demo"),
        "files": translate("Runs", "feature files"),
        "synthetic": translate("Runs", "synthetic workload"),
        "models": translate("Runs", "model pair"),
    }
    return texts.get(kind, kind)


def policy_text(name: str) -> str:
    translate = QCoreApplication.translate
    texts = {
        "planned": translate("Runs", "planned"),
        "tuned": translate("Runs", "tuned"),
        "adaptive": translate("Runs", "adaptive"),
        "fixed": translate("Runs", "fixed"),
    }
    return texts.get(name, name)


def _signed(text: str, value: float) -> str:
    return f"+{text}" if value > 0 else text.replace("-", "\u2212", 1)
