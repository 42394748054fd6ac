"""Folders of transformers, adapters and images: which fields of a source of models they fill. Free of torch."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from slora_core.config import SourceConfig
from slora_core.errors import InputError
from slora_core.sources.models.folders import SUFFIXES
from slora_core.sources.models.model_files import adapter_files, base_files

_PACKAGES: Final = {"transformers": "transformers", "peft": "peft", "PIL": "pillow"}
EXPECTED: Final = (
    "a transformer (config.json), a LoRA adapter (adapter_config.json), images in class folders, or a folder of these"
)


def missing_packages() -> tuple[str, ...]:
    """What is not installed of the packages that a source of models needs."""
    return tuple(package for module, package in _PACKAGES.items() if find_spec(module) is None)


def folder_fields(folder: Path, source: SourceConfig) -> dict[str, str]:
    """Fields of the source, with their paths, that a dropped folder is for.

    One adapter is the one after the task, a second the one before. Of several in one folder those that are named
    "before" and "after" are these, else the first and the last by name. Raises InputError for a folder that is none of
    these, and for a broken one.
    """
    if (folder / "config.json").is_file():
        base_files(str(folder))
        return {"base": str(folder)}
    if (folder / "adapter_config.json").is_file():
        adapter_files(str(folder))
        taken = source.adapter_after is not None and source.adapter_after != str(folder)
        return {"adapter_before" if taken else "adapter_after": str(folder)}
    if any(_holds_images(inner) for inner in _folders(folder)):
        return {"images": str(folder)}
    found = _fields_inside(folder)
    if not found:
        raise InputError(f"folder {str(folder)!r} is not one that a job reads; expected {EXPECTED}")
    return found


def _fields_inside(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    adapters: list[Path] = []
    for inner in _folders(folder):
        if (inner / "config.json").is_file():
            base_files(str(inner))
            found.setdefault("base", str(inner))
        elif (inner / "adapter_config.json").is_file():
            adapter_files(str(inner))
            adapters.append(inner)
        elif any(_holds_images(deeper) for deeper in _folders(inner)):
            found.setdefault("images", str(inner))
    adapters.sort(key=lambda path: ("after" in path.name.lower()) - ("before" in path.name.lower()))  # stable
    if adapters:
        found["adapter_after"] = str(adapters[-1])
        if len(adapters) > 1:
            found["adapter_before"] = str(adapters[0])
    return found


def _folders(folder: Path) -> Iterator[Path]:
    """By name. Raises InputError for a folder that cannot be read."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"folder {str(folder)!r} cannot be read: {error.strerror}") from None
    return (entry for entry in inside if entry.is_dir() and not entry.name.startswith("."))


def _holds_images(folder: Path) -> bool:
    return any(entry.suffix.lower() in SUFFIXES for entry in folder.iterdir())
