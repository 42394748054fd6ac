"""Class-state files, checked by their headers: what they hold, and where. Torch-free.

A class state is a ``.safetensors`` file with ``class_ids [C]``, ``count [C]`` and for one or several variants
``mean [C, d]`` and ``cov [C, d, d]`` (or ``cov_packed [C, d (d + 1) / 2]``), named ``<variant>.mean`` and so on if
there are several.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from slora_core.errors import InputError
from slora_core.sources.array_files import open_array_file
from slora_core.sources.array_specs import ArrayFile, ArraySpec
from slora_core.statistics.packing import triangle_size

FORMAT: Final = "slora-class-state"
VERSION: Final = "1"
CLASS_IDS: Final = "class_ids"
COUNT: Final = "count"
MEAN: Final = "mean"
COVARIANCE: Final = "cov"
PACKED: Final = "cov_packed"
_EXPECTED: Final = "class_ids [C], count [C], mean [C, d] and cov [C, d, d] (or cov_packed [C, d (d + 1) / 2])"


@dataclass(frozen=True, slots=True)
class ClassStateInfo:
    """The sizes of a class state. ``variants`` is ("",) when mean and covariance carry no variant's name."""

    path: Path
    classes: int
    dim: int
    dtype: str
    packed: bool
    variants: tuple[str, ...]
    operator: str
    task: str
    config_digest: str
    file_bytes: int


@dataclass(frozen=True, slots=True)
class VariantLayout:
    """The checked arrays of one variant."""

    mean: ArraySpec
    covariance: ArraySpec
    packed: bool


@dataclass(frozen=True, slots=True)
class StateLayout:
    """The checked arrays of a class state."""

    info: ClassStateInfo
    class_ids: ArraySpec
    count: ArraySpec
    variants: dict[str, VariantLayout]


def class_state_info(path: str | Path) -> ClassStateInfo:
    """Sizes of a class state, from its header. Raises InputError."""
    return state_layout(path).info


def variants_of(path: str | Path) -> tuple[str, ...]:
    """The variants in a class state; ("",) when its statistics carry no variant's name. Raises InputError."""
    return state_layout(path).info.variants


def tensor_name(variant: str, part: str) -> str:
    """``linear.mean`` of variant ``linear``; ``mean`` of the unnamed one."""
    return f"{variant}.{part}" if variant else part


def choose_variant(info: ClassStateInfo, variant: str | None) -> str:
    """The variant to read: the one asked for, or the only one. Raises InputError that lists what there is."""
    known = ", ".join(info.variants)
    if variant is None:
        if len(info.variants) > 1:
            raise InputError(f"class state {str(info.path)!r} holds several variants: say which of {known}")
        return info.variants[0]
    if variant in info.variants:
        return variant
    if info.variants == ("",):
        if variant in ("", info.operator):
            return ""
        raise InputError(f"class state {str(info.path)!r} holds one variant without a name; {variant!r} was asked for")
    close = difflib.get_close_matches(variant, info.variants, n=1, cutoff=0.5)
    hint = f", did you mean {close[0]!r}?" if close else ""
    raise InputError(f"class state {str(info.path)!r} has no variant {variant!r}{hint}; it holds {known}")


def require_variants(info: ClassStateInfo, operators: tuple[str, ...]) -> None:
    """Raises InputError when the state holds variants, and none for one of ``operators``."""
    missing = [name for name in operators if info.variants != ("",) and name not in info.variants]
    if missing:
        raise InputError(
            f"class state {str(info.path)!r} holds the variants {', '.join(info.variants)}, and none for the operator"
            f" {missing[0]!r}; expected one for every operator of the run",
            "run the operators that it holds, or give a class state without variants",
        )


def state_layout(path: str | Path) -> StateLayout:
    """Check a class state. Raises InputError that names the file, the key, what was found and what was expected."""
    file = open_array_file(path, "class state", _EXPECTED)
    if any(spec.member for spec in file.arrays.values()):
        raise file.error("is a .npz archive; a class state is a .safetensors file")
    _check_format(file)
    ids = file.require(CLASS_IDS, 1, "integer")
    count = file.require(COUNT, 1, "integer")
    classes = ids.shape[0]
    if classes < 1:
        raise file.error(f"{CLASS_IDS} is empty; expected at least one class")
    if count.shape[0] != classes:
        raise file.error(f"{COUNT} has {count.shape[0]} entries but {CLASS_IDS} has {classes}; expected as many")
    names = [name[: -len(f".{MEAN}")] for name in file.arrays if name.endswith(f".{MEAN}")]
    variants = {name: _variant(file, name, classes) for name in ([""] if MEAN in file.arrays or not names else names)}
    first = next(iter(variants.values()))
    for name, other in variants.items():
        if other.mean.shape != first.mean.shape:
            raise file.error(
                f"{tensor_name(name, MEAN)} has shape {list(other.mean.shape)}; expected {list(first.mean.shape)}"
                f" as {first.mean.key} has"
            )
    info = ClassStateInfo(
        path=file.path,
        classes=classes,
        dim=first.mean.shape[1],
        dtype=first.covariance.dtype,
        packed=first.packed,
        variants=tuple(variants),
        operator=file.metadata.get("operator", ""),
        task=file.metadata.get("task", ""),
        config_digest=file.metadata.get("config_digest", ""),
        file_bytes=file.path.stat().st_size,
    )
    return StateLayout(info, ids, count, variants)


def _check_format(file: ArrayFile) -> None:
    found = file.metadata.get("format", FORMAT)
    if found != FORMAT:
        raise file.error(f"metadata 'format' is {found!r}; expected {FORMAT!r}")
    version = file.metadata.get("version", VERSION)
    if version != VERSION:
        raise file.error(f"is of format version {version!r}; this program reads version {VERSION}")


def _variant(file: ArrayFile, name: str, classes: int) -> VariantLayout:
    mean = file.require(tensor_name(name, MEAN), 2, "float")
    dim = mean.shape[1]
    if mean.shape[0] != classes or dim < 1:
        raise file.error(f"{mean.key} has shape {list(mean.shape)}; expected [{classes}, d], one row a class")
    packed_name = tensor_name(name, PACKED)
    packed = packed_name in file.arrays
    covariance = (
        file.require(packed_name, 2, "float") if packed else file.require(tensor_name(name, COVARIANCE), 3, "float")
    )
    expected = (classes, triangle_size(dim)) if packed else (classes, dim, dim)
    if covariance.shape != expected:
        raise file.error(
            f"{covariance.key} has shape {list(covariance.shape)} but {mean.key} has {list(mean.shape)};"
            f" expected {list(expected)}"
        )
    return VariantLayout(mean, covariance, packed)
