"""What the engine refuses, in the language of the window: a sentence for every case whose figures are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from PySide6.QtCore import QCoreApplication

from slora_gui.i18n import QT_TRANSLATE_NOOP
from slora_gui.model.lists import listed
from slora_gui.model.stage_texts import stage_text

_Figures: TypeAlias = Mapping[str, Any]


class Explained(Protocol):
    """A :class:`~slora_core.errors.SloraError`, or the event of a run that failed with one."""

    @property
    def what(self) -> str: ...

    @property
    def remedy(self) -> str: ...

    @property
    def case(self) -> str: ...

    @property
    def data(self) -> Mapping[str, Any]: ...


def what_text(problem: Explained) -> str:
    """What happened, without a full stop; in the engine's words where the case is not known."""
    return _told(problem, _WHAT) or problem.what


def remedy_text(problem: Explained) -> str:
    """What to do about it, as :func:`what_text`; "" where the engine has no advice."""
    return _told(problem, _REMEDIES) or problem.remedy


def _told(problem: Explained, templates: Mapping[str, str]) -> str:
    template = templates.get(problem.case)
    if template is None:
        return ""
    try:
        figures = _FIGURES.get(problem.case, _as_they_are)(problem.data)
        return QCoreApplication.translate("Problems", template).format_map(figures)
    except (AttributeError, KeyError, TypeError, ValueError):  # of another version, or without figures
        return ""


def _as_they_are(data: _Figures) -> _Figures:
    return {key: repr(value) if key in _QUOTED else value for key, value in data.items()}


def _of_file(data: _Figures) -> _Figures:
    """The file is called by what it is for, and what it is to hold is told in words."""
    return {**_as_they_are(data), **{key: _word(data[key]) for key in ("role", "expected") if key in data}}


def _of_budget(data: _Figures) -> _Figures:
    of_rank = ""
    if data["rank"] is not None:
        of_rank = QCoreApplication.translate("Problems", " of rank {rank}").format(rank=data["rank"])
    return {**data, "stage": stage_text(data["stage"]), "of_rank": of_rank}


def _of_keys(data: _Figures) -> _Figures:
    found = listed(map(repr, data["found"])) or QCoreApplication.translate("Problems", "no arrays")
    return {**_of_file(data), "found": found}


def _of_source(data: _Figures) -> _Figures:
    return {"needed": QCoreApplication.translate("Problems", _NEEDED[data["kind"]])}


def _word(word: str) -> str:
    return QCoreApplication.translate("Problems", word) if word in _WORDS else word


_QUOTED: Final = ("path", "key", "close", "kind", "state")
_WORDS: Final = (
    QT_TRANSLATE_NOOP("Problems", "feature file"),
    QT_TRANSLATE_NOOP("Problems", "class state"),
    QT_TRANSLATE_NOOP("Problems", "evaluation file"),
    QT_TRANSLATE_NOOP("Problems", "model"),
    QT_TRANSLATE_NOOP("Problems", "features_before [N, d], features_after [N, d] and optionally labels [N]"),
    QT_TRANSLATE_NOOP("Problems", "features [M, d] and labels [M]"),
    QT_TRANSLATE_NOOP(
        "Problems", "class_ids [C], count [C], mean [C, d] and cov [C, d, d] (or cov_packed [C, d (d + 1) / 2])"
    ),
)
"""Of the engine: what a file is for, and the keys that it is to hold."""
_NEEDED: Final = {
    "files": QT_TRANSLATE_NOOP("Problems", "a run on files needs a feature file and a class state"),
    "models": QT_TRANSLATE_NOOP("Problems", "a run on models needs a base model and images in class folders"),
}
_FIGURES: Final[dict[str, Callable[[_Figures], _Figures]]] = {
    "budget-refused": _of_budget,
    "file-missing": _of_file,
    "file-is-folder": _of_file,
    "file-empty": _of_file,
    "key-missing": _of_keys,
    "key-misnamed": _of_keys,
    "axes": _of_file,
    "dims-differ": _of_file,
    "source-incomplete": _of_source,
}
_WHAT: Final = {
    "budget-refused": QT_TRANSLATE_NOOP(
        "Problems", "the budget of {budget} cannot hold the {stage} stage{of_rank}; the smallest that can is {smallest}"
    ),
    "source-incomplete": QT_TRANSLATE_NOOP("Problems", "the source is not complete: {needed}"),
    "no-adapter-after": QT_TRANSLATE_NOOP(
        "Problems", "there is no adapter after the task: without it the model after the task is the model before"
    ),
    "file-missing": QT_TRANSLATE_NOOP("Problems", "{role} {path}: does not exist"),
    "file-is-folder": QT_TRANSLATE_NOOP("Problems", "{role} {path}: is a folder; expected a .npz or .safetensors file"),
    "file-empty": QT_TRANSLATE_NOOP(
        "Problems", "{role} {path}: is empty (0 bytes); expected a .npz or .safetensors file"
    ),
    "key-missing": QT_TRANSLATE_NOOP(
        "Problems", "{role} {path}: key {key} is missing; found {found}; expected {expected}"
    ),
    "key-misnamed": QT_TRANSLATE_NOOP(
        "Problems",
        "{role} {path}: key {key} is missing; found {found}; expected {expected}; should {close} be named {key}?",
    ),
    "axes": QT_TRANSLATE_NOOP(
        "Problems", "{role} {path}: key {key} has shape {shape}; expected {axes} axes: {expected}"
    ),
    "pairs-differ": QT_TRANSLATE_NOOP(
        "Problems",
        "feature file {path}: features_before has shape {before} but features_after has {after}; expected the"
        " same [N, d]",
    ),
    "labels-differ": QT_TRANSLATE_NOOP(
        "Problems", "feature file {path}: labels has shape {labels}; expected [{pairs}], one label a pair"
    ),
    "dims-differ": QT_TRANSLATE_NOOP(
        "Problems", "{role} {path} has d = {dim} but class state {state} has d = {state_dim}; expected the same"
    ),
    "adapter-missing": QT_TRANSLATE_NOOP("Problems", "adapter {path} is not a folder; expected a PEFT adapter folder"),
    "adapter-kind": QT_TRANSLATE_NOOP("Problems", "adapter {path}: peft_type is {kind}; expected 'LORA'"),
    "adapter-weights-missing": QT_TRANSLATE_NOOP(
        "Problems",
        "adapter {path} has no adapter_model.safetensors; expected weights as safetensors: pickled ones are"
        " never loaded",
    ),
    "model-missing": QT_TRANSLATE_NOOP(
        "Problems", "model {path} is neither a folder nor in the local model cache; nothing is downloaded"
    ),
    "folder-lacks": QT_TRANSLATE_NOOP("Problems", "the folder {path} has no {name}"),
    "images-missing": QT_TRANSLATE_NOOP("Problems", "image folder {path} does not exist; expected a folder of images"),
    "images-are-a-file": QT_TRANSLATE_NOOP("Problems", "image folder {path} is a file; expected a folder of images"),
}
_REMEDIES: Final = {
    "source-incomplete": QT_TRANSLATE_NOOP("Problems", "choose them in the job, under Source"),
    "no-adapter-after": QT_TRANSLATE_NOOP(
        "Problems", "choose the adapter after the task, or no class state for a first task"
    ),
    "budget-refused": QT_TRANSLATE_NOOP(
        "Problems", "raise the budget to at least {smallest_bytes} bytes, or lower the sample counts"
    ),
    "model-missing": QT_TRANSLATE_NOOP(
        "Problems", "give a folder with config.json, preprocessor_config.json and model.safetensors"
    ),
}
