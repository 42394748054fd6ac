"""Feature and evaluation files, checked by their headers: what they hold, and where. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from slora_core.errors import InputError
from slora_core.sources.array_files import open_array_file
from slora_core.sources.array_specs import ArrayFile, ArraySpec
from slora_core.wording import counted

BEFORE: Final = "features_before"
AFTER: Final = "features_after"
FEATURES: Final = "features"
LABELS: Final = "labels"
_FEATURE_KEYS: Final = "features_before [N, d], features_after [N, d] and optionally labels [N]"
_EVALUATION_KEYS: Final = "features [M, d] and labels [M]"


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The sizes of a feature file (``rows`` are pairs) or of an evaluation file.

    ``unpacking`` names the keys that cannot be mapped where they lie, with the reason; they are unpacked to a scratch
    file when the file is opened.
    """

    path: Path
    rows: int
    dim: int
    dtype: str
    has_labels: bool
    file_bytes: int
    unpacking: dict[str, str]


@dataclass(frozen=True, slots=True)
class FeatureLayout:
    """The checked arrays of a feature file."""

    info: FileInfo
    before: ArraySpec
    after: ArraySpec
    labels: ArraySpec | None


@dataclass(frozen=True, slots=True)
class EvaluationLayout:
    """The checked arrays of an evaluation file."""

    info: FileInfo
    features: ArraySpec
    labels: ArraySpec


def feature_file_info(path: str | Path) -> FileInfo:
    """Sizes of a feature file, from its headers. Raises InputError."""
    return feature_layout(path).info


def evaluation_file_info(path: str | Path) -> FileInfo:
    """Sizes of an evaluation file, from its headers. Raises InputError."""
    return evaluation_layout(path).info


def feature_layout(path: str | Path) -> FeatureLayout:
    """Check a feature file: two arrays [N, d] of floats, N >= 2, and labels [N] of integers if there are any."""
    file = open_array_file(path, "feature file", _FEATURE_KEYS)
    before = file.require(BEFORE, 2, "float")
    after = file.require(AFTER, 2, "float")
    labels = file.optional(LABELS, 1, "integer")
    label_shape = labels.shape if labels else None
    check_pair_shapes(f"{file.role} {str(path)!r}", before.shape, after.shape, label_shape, path=str(path))
    return FeatureLayout(_info(file, before, after, labels), before, after, labels)


def evaluation_layout(path: str | Path) -> EvaluationLayout:
    """Check an evaluation file: features [M, d] of floats and labels [M] of integers, M >= 1."""
    file = open_array_file(path, "evaluation file", _EVALUATION_KEYS)
    features = file.require(FEATURES, 2, "float")
    labels = file.require(LABELS, 1, "integer")
    if 0 in features.shape:
        raise file.error(f"{FEATURES} has shape {list(features.shape)}; expected at least one row and one column")
    if labels.shape[0] != features.shape[0]:
        raise file.error(
            f"{LABELS} has {labels.shape[0]} rows but {FEATURES} has {features.shape[0]}; expected as many"
        )
    return EvaluationLayout(_info(file, features, labels), features, labels)


def check_pair_shapes(
    origin: str,
    before: tuple[int, ...],
    after: tuple[int, ...],
    labels: tuple[int, ...] | None,
    *,
    path: str = "",
) -> None:
    """Both [N, d] alike, N >= 2, d >= 1, and labels [N]. Raises InputError that begins with ``origin``.

    ``path`` is that of the feature file, where they are from one.
    """
    for key, shape in ((BEFORE, before), (AFTER, after)):
        if len(shape) != 2:
            raise InputError(f"{origin}: {key} has shape {list(shape)}; expected [N, d]")
    if before != after:
        raise InputError(
            f"{origin}: {BEFORE} has shape {list(before)} but {AFTER} has {list(after)}; expected the same [N, d]",
            case="pairs-differ" if path else "",
            data={"path": path, "before": list(before), "after": list(after)},
        )
    if before[0] < 2:
        raise InputError(f"{origin}: {counted(before[0], 'pair')} in {BEFORE} and {AFTER}; expected at least two")
    if before[1] < 1:
        raise InputError(f"{origin}: {BEFORE} has shape {list(before)}; expected at least one column")
    if labels is not None and labels != before[:1]:
        raise InputError(
            f"{origin}: {LABELS} has shape {list(labels)}; expected [{before[0]}], one label a pair",
            case="labels-differ" if path else "",
            data={"path": path, "labels": list(labels), "pairs": before[0]},
        )


def _info(file: ArrayFile, *specs: ArraySpec | None) -> FileInfo:
    present = [spec for spec in specs if spec is not None]
    rows, dim = present[0].shape
    return FileInfo(
        path=file.path,
        rows=rows,
        dim=dim,
        dtype=present[0].dtype,
        has_labels=any(spec.key == LABELS for spec in present),
        file_bytes=file.path.stat().st_size,
        unpacking={spec.key: spec.packing for spec in present if spec.packing},
    )
