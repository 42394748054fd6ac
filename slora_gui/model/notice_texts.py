"""What notices say in the language of the window: a title for every kind, a sentence where the figures are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QCoreApplication

from slora_core.events import Notice
from slora_core.memory.sizes import format_size
from slora_core.wording import by_count
from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.lists import listed

_Sentence: TypeAlias = Callable[[Mapping[str, Any]], str]
_LISTED: Final = 5
REASONS: Final = (
    QT_TRANSLATE_NOOP("Notices", "no model runs"),
    QT_TRANSLATE_NOOP("Notices", "no model is trained"),
    QT_TRANSLATE_NOOP("Notices", "the baseline knows none"),
    QT_TRANSLATE_NOOP("Notices", "the baseline takes none"),
)
"""Why a setting changes nothing, in the words of the engine."""
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
    "continued": QT_TRANSLATE_NOOP("Notices", "Continued"),
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
        text = _by_count(
            kept,
            QT_TRANSLATE_NOOP(
                "Notices", "1 class is finished and kept; the others go on with a smaller plan of {size}"
            ),
            QT_TRANSLATE_NOOP(
                "Notices", "{kept} classes are finished and kept; the others go on with a smaller plan of {size}"
            ),
        )
        return text.format(kept=kept, size=size)
    return QCoreApplication.translate("Notices", "It begins again with a smaller plan of {size}").format(size=size)


def _jitter(data: Mapping[str, Any]) -> str:
    jitter = data["jitter"]
    text = _by_count(
        len(jitter),
        QT_TRANSLATE_NOOP("Notices", "The covariance of class {classes} needed a jitter of {jitter}"),
        QT_TRANSLATE_NOOP(
            "Notices", "The covariances of {count} classes needed a jitter of at most {jitter}: {classes}"
        ),
    )
    return text.format(count=len(jitter), jitter=f"{max(jitter.values()):.2g}", classes=_listed(jitter))


def _outside_budget(data: Mapping[str, Any]) -> str:
    return QCoreApplication.translate(
        "Notices", "Training precedes compensation: its memory is counted, and the budget does not bind it"
    )


def _other_process(data: Mapping[str, Any]) -> str:
    text = QCoreApplication.translate("Notices", "Another process took {size} of the device during this run")
    return text.format(size=_size(data["grown_bytes"]))


def _skipped(data: Mapping[str, Any]) -> str:
    if "ignored" in data:
        count = int(data["ignored"])
        text = _by_count(
            count,
            QT_TRANSLATE_NOOP("Notices", "1 file in the image folders is not named as an image"),
            QT_TRANSLATE_NOOP("Notices", "{count} files in the image folders are not named as images"),
        )
        return text.format(count=count)
    count = int(data["skipped"])
    text = _by_count(
        count,
        QT_TRANSLATE_NOOP("Notices", "1 image cannot be read and is left out: {names}"),
        QT_TRANSLATE_NOOP("Notices", "{count} images cannot be read and are left out: {names}"),
    )
    return text.format(count=count, names=listed(data["reasons"]))


def _continued(data: Mapping[str, Any]) -> str:
    text = QCoreApplication.translate("Notices", "{kept} of {all} class statistics were finished before and are kept")
    return text.format(kept=int(data["kept"]), all=int(data["all"]))


def _feature_cache(data: Mapping[str, Any]) -> str:
    hits, misses = int(data["hits"]), int(data["misses"])
    text = QCoreApplication.translate(
        "Notices", "{hits} of {all} features were known, {passes} forward passes were made"
    )
    return text.format(hits=hits, all=hits + misses, passes=int(data["passes"]))


def _replanned(data: Mapping[str, Any]) -> str:
    size = _size(data["plan"]["predicted_peak_bytes"])
    return QCoreApplication.translate("Notices", "The predicted peak is {size} now").format(size=size)


def _labels(data: Mapping[str, Any]) -> str:
    if "known" in data:
        text = _by_count(
            len(data["known"]),
            QT_TRANSLATE_NOOP(
                "Notices", "Class {classes} is in the class state already; it is moved, its rows are not used for that"
            ),
            QT_TRANSLATE_NOOP(
                "Notices",
                "Classes {classes} are in the class state already; they are moved, their rows are not used for that",
            ),
        )
        return text.format(classes=_listed(data["known"]))
    if "anew" in data:
        text = _by_count(
            len(data["anew"]),
            QT_TRANSLATE_NOOP("Notices", "Class {classes} comes again; its statistics are taken anew"),
            QT_TRANSLATE_NOOP("Notices", "Classes {classes} come again; their statistics are taken anew"),
        )
        return text.format(classes=_listed(data["anew"]))
    text = QCoreApplication.translate("Notices", "Class folders by class id: {classes}")
    return text.format(classes=_listed(f"{name} = {number}" for number, name in data["classes"].items()))


def _one_sample(data: Mapping[str, Any]) -> str:
    text = _by_count(
        len(data["classes"]),
        QT_TRANSLATE_NOOP("Notices", "Class {classes} has one sample: its covariance is 1e-4 I"),
        QT_TRANSLATE_NOOP("Notices", "Classes {classes} have one sample: their covariance is 1e-4 I"),
    )
    return text.format(classes=_listed(data["classes"]))


def _no_effect(data: Mapping[str, Any]) -> str:
    text = QCoreApplication.translate("Notices", "Without effect in this run: {settings}")
    told = (f"{name} ({QCoreApplication.translate('Notices', why)})" for name, why in data["idle"].items())
    return text.format(settings=listed(told))


def _unpacked(data: Mapping[str, Any]) -> str:
    text = QCoreApplication.translate("Notices", "{path} cannot be mapped where it lies; unpacked: {keys}")
    return text.format(path=data["path"], keys=listed(data["keys"]))


def _precision(data: Mapping[str, Any]) -> str:
    if data["bf16_s"] is None or data["deviation"] is None:
        return QCoreApplication.translate("Notices", "Forward passes in fp32: the device has no bf16")
    text = QCoreApplication.translate(
        "Notices",
        "Forward passes in {chosen}: on {batch} inputs bf16 takes {share} of the time of fp32, and its features deviate"
        " by {deviation} (at most {bound} is allowed)",
    )
    return text.format(
        chosen=data["chosen"],
        batch=data["batch"],
        share=f"{data['bf16_s'] / data['fp32_s']:.0%}",
        deviation=f"{data['deviation']:.2g}",
        bound=f"{data['bound']:g}",
    )


def _by_count(count: int, one: str, many: str) -> str:
    return QCoreApplication.translate("Notices", by_count(count, one, many))


def _listed(things: Iterable[Any]) -> str:
    words = [str(thing) for thing in things]
    if not words:
        raise ValueError("nothing to list")
    return listed(words, _LISTED)


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
    "continued": _continued,
    "feature-cache": _feature_cache,
    "replanned": _replanned,
    "labels": _labels,
    "one-sample-class": _one_sample,
    "no-effect": _no_effect,
    "unpacked-file": _unpacked,
    "precision": _precision,
}
