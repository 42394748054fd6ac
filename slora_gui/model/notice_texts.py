"""What notices say in the language of the window: a title for every kind, a sentence where the figures are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QCoreApplication

from slora_core.events import Notice
from slora_core.memory.sizes import format_size
from slora_gui.i18n import QT_TRANSLATE_NOOP

_Sentence: TypeAlias = Callable[[Mapping[str, Any]], str]
_LISTED: Final = 5
_TITLES: Final = {
    "budget-near": QT_TRANSLATE_NOOP("Notices", "Near the budget"),
    "budget-crossed": QT_TRANSLATE_NOOP("Notices", "Above the budget"),
    "retry": QT_TRANSLATE_NOOP("Notices", "Out of memory, tried again"),
    "jitter": QT_TRANSLATE_NOOP("Notices", "Jitter"),
    "one-sample-class": QT_TRANSLATE_NOOP("Notices", "Classes of one sample"),
    "unpacked-file": QT_TRANSLATE_NOOP("Notices", "File unpacked"),
    "no-effect": QT_TRANSLATE_NOOP("Notices", "Without effect"),
    "outside-budget": QT_TRANSLATE_NOOP("Notices", "Outside the budget"),
    "other-process": QT_TRANSLATE_NOOP("Notices", "Another process"),
    "labels": QT_TRANSLATE_NOOP("Notices", "Labels"),
    "skipped-images": QT_TRANSLATE_NOOP("Notices", "Images left out"),
    "feature-cache": QT_TRANSLATE_NOOP("Notices", "Feature cache"),
    "precision": QT_TRANSLATE_NOOP("Notices", "Precision"),
    "replanned": QT_TRANSLATE_NOOP("Notices", "Planned again"),
    "not-recorded": QT_TRANSLATE_NOOP("Notices", "Not recorded"),
    "restart": QT_TRANSLATE_NOOP("Notices", "Begun again"),
    "tuning-ignored": QT_TRANSLATE_NOOP("Notices", "Tuning not used"),
    "trial-failed": QT_TRANSLATE_NOOP("Notices", "Trial failed"),
}


def notice_title(notice: Notice) -> str:
    """What kind of notice it is."""
    title = _TITLES.get(notice.kind)
    return notice.kind if title is None else QCoreApplication.translate("Notices", title)


def notice_text(notice: Notice) -> str:
    """What a notice says: in the language of the window where its figures are known, else in the engine's words."""
    sentence = _SENTENCES.get(notice.kind)
    try:
        return notice.message if sentence is None else sentence(notice.data)
    except (AttributeError, KeyError, TypeError, ValueError):  # of another version, or without figures
        return notice.message


def _budget(data: Mapping[str, Any], text: str) -> str:
    return text.format(used=_size(data["used_bytes"]), budget=_size(data["budget_bytes"]))


def _near(data: Mapping[str, Any]) -> str:
    if data.get("line"):
        text = QCoreApplication.translate("Notices", "Memory is above 90 % of the budget line: {used} of {budget}")
        return _budget(data, text)
    return _budget(data, QCoreApplication.translate("Notices", "Memory is near the budget: {used} of {budget}"))


def _crossed(data: Mapping[str, Any]) -> str:
    if data.get("line"):
        return _budget(
            data, QCoreApplication.translate("Notices", "Memory is above the budget line: {used} of {budget}")
        )
    return _budget(data, QCoreApplication.translate("Notices", "Memory is above the budget: {used} of {budget}"))


def _retry(data: Mapping[str, Any]) -> str:
    kept, size = int(data["kept"]), _size(data["predicted_bytes"])
    if kept:
        text = QCoreApplication.translate(
            "Notices", "{kept} classes are finished and kept; the others go on with a smaller plan of {size}"
        )
        return text.format(kept=kept, size=size)
    return QCoreApplication.translate("Notices", "It begins again with a smaller plan of {size}").format(size=size)


def _jitter(data: Mapping[str, Any]) -> str:
    jitter = data["jitter"]
    text = QCoreApplication.translate(
        "Notices", "The covariances of {count} classes needed a jitter of at most {jitter}: {classes}"
    )
    listed = ", ".join(list(jitter)[:_LISTED]) + ("..." if len(jitter) > _LISTED else "")
    return text.format(count=len(jitter), jitter=f"{max(jitter.values()):.2g}", classes=listed)


def _outside_budget(data: Mapping[str, Any]) -> str:
    return QCoreApplication.translate(
        "Notices", "Training precedes compensation: its memory is counted, and the budget does not bind it"
    )


def _other_process(data: Mapping[str, Any]) -> str:
    text = QCoreApplication.translate("Notices", "Another process took {size} of the device during this run")
    return text.format(size=_size(data["grown_bytes"]))


def _skipped(data: Mapping[str, Any]) -> str:
    if "ignored" in data:
        text = QCoreApplication.translate("Notices", "{count} files in the image folders are not named as images")
        return text.format(count=int(data["ignored"]))
    text = QCoreApplication.translate("Notices", "{count} images cannot be read and are left out: {names}")
    return text.format(count=int(data["skipped"]), names=", ".join(data["reasons"]))


def _feature_cache(data: Mapping[str, Any]) -> str:
    hits, misses = int(data["hits"]), int(data["misses"])
    text = QCoreApplication.translate(
        "Notices", "{hits} of {all} features were known, {passes} forward passes were made"
    )
    return text.format(hits=hits, all=hits + misses, passes=int(data["passes"]))


def _replanned(data: Mapping[str, Any]) -> str:
    size = _size(data["plan"]["predicted_peak_bytes"])
    return QCoreApplication.translate("Notices", "The predicted peak is {size} now").format(size=size)


def _size(size_bytes: Any) -> str:
    return format_size(int(size_bytes))


_SENTENCES: Final[dict[str, _Sentence]] = {
    "budget-near": _near,
    "budget-crossed": _crossed,
    "retry": _retry,
    "jitter": _jitter,
    "outside-budget": _outside_budget,
    "other-process": _other_process,
    "skipped-images": _skipped,
    "feature-cache": _feature_cache,
    "replanned": _replanned,
}
