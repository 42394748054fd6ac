"""The sizes of the job's source, read from file headers; or why a file cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from slora_core.config import RunConfig, SourceConfig
from slora_core.errors import InputError
from slora_core.sources.file_info import FileInfo, evaluation_file_info, feature_file_info
from slora_core.sources.models.model_files import AdapterFiles, BaseFiles, adapter_files, base_files
from slora_core.sources.workloads import workloads_of
from slora_core.statistics.state_info import ClassStateInfo, class_state_info
from slora_gui.model.problem_texts import what_text


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known before a run. None is not known, or not part of this kind of source.

    ``pairs`` N over all tasks, ``dim`` d, ``classes`` C that are moved, ``dtype`` of the stored features,
    ``file_bytes`` of all files together. ``problems`` says by field of the source why its file is refused.
    """

    kind: str
    pairs: int | None = None
    dim: int | None = None
    classes: int | None = None
    dtype: str | None = None
    has_labels: bool | None = None
    evaluation_rows: int | None = None
    file_bytes: int | None = None
    tasks: int | None = None
    features: FileInfo | None = None
    state: ClassStateInfo | None = None
    evaluation: FileInfo | None = None
    base: BaseFiles | None = None
    adapters: Mapping[str, AdapterFiles] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def source_facts(source: SourceConfig) -> SourceFacts:
    """Never raises: what is wrong is in ``problems``. Reads headers, never rows."""
    if source.kind == "files":
        return _of_files(source)
    if source.kind == "synthetic":
        return SourceFacts("synthetic", source.pairs, source.dim, source.classes, "float32")
    if source.kind == "demo":
        return _of_demo(source)
    return _of_models(source)


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "features": feature_file_info,
    "state": class_state_info,
    "evaluate": evaluation_file_info,
}


def _of_files(source: SourceConfig) -> SourceFacts:
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, read in _READERS.items():
        path = getattr(source, name)
        if path is not None:
            try:
                found[name] = read(path)
            except InputError as error:
                problems[name] = what_text(error)
    features, state, evaluation = (found.get(name) for name in _READERS)
    return SourceFacts(
        "files",
        pairs=features.rows if features else None,
        dim=features.dim if features else state.dim if state else None,
        classes=state.classes if state else None,
        dtype=features.dtype if features else None,
        has_labels=features.has_labels if features else None,
        evaluation_rows=evaluation.rows if evaluation else None,
        file_bytes=sum(info.file_bytes for info in found.values()) if found else None,
        features=features,
        state=state,
        evaluation=evaluation,
        problems=problems,
    )


def _of_models(source: SourceConfig) -> SourceFacts:
    """Folders of images are only looked for: to count them takes a run's preparation."""
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    readers = {"base": base_files, "adapter_before": adapter_files, "adapter_after": adapter_files}
    for name, read in {**readers, "state": class_state_info}.items():
        path = getattr(source, name)
        if path is not None:
            try:
                found[name] = read(path)
            except InputError as error:
                problems[name] = what_text(error)
    base, state = found.get("base"), found.get("state")
    return SourceFacts(
        "models",
        dim=base.dim if base else None,
        classes=state.classes if state else None,
        state=state,
        base=base,
        adapters={name: found[name] for name in ("adapter_before", "adapter_after") if name in found},
        problems=problems,
    )


def _of_demo(source: SourceConfig) -> SourceFacts:
    try:
        workloads = workloads_of(RunConfig(source=source))
    except InputError as error:
        return SourceFacts("demo", tasks=source.tasks, problems={"kind": what_text(error)})
    last = workloads[-1]
    return SourceFacts(
        "demo",
        pairs=sum(workload.pairs for workload in workloads),
        dim=last.dim,
        classes=last.classes + last.new_classes,
        dtype="float32",
        has_labels=True,
        evaluation_rows=last.evaluation_rows,
        tasks=source.tasks,
    )
