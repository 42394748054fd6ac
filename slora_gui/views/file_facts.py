"""What a file or folder of a source holds, read from its header, in one line; or why it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale

from slora_core.errors import InputError
from slora_core.memory.sizes import format_size
from slora_core.sources.file_info import FileInfo, evaluation_file_info, feature_file_info
from slora_core.statistics.state_info import class_state_info

FOLDERS = ("base", "adapter_before", "adapter_after", "images", "aux_images")


def file_facts(field: str, path: str) -> str:
    """One line on the content of source field ``field``. Raises InputError, in the engine's words."""
    if field in FOLDERS:
        return _folder(path)
    reader = _READERS.get(field)
    return reader(path) if reader is not None else ""


def _features(path: str) -> str:
    info = feature_file_info(path)
    return _joined(f"N = {_number(info.rows)}", f"d = {_number(info.dim)}", *_rest(info))


def _evaluation(path: str) -> str:
    info = evaluation_file_info(path)
    return _joined(f"M = {_number(info.rows)}", f"d = {_number(info.dim)}", *_rest(info))


def _state(path: str) -> str:
    tr = QCoreApplication.translate
    info = class_state_info(path)
    variants = ", ".join(name for name in info.variants if name)
    packed = tr("FileFacts", "triangles") if info.packed else ""
    sizes = f"C = {_number(info.classes)}", f"d = {_number(info.dim)}", info.dtype
    return _joined(*sizes, packed, variants, format_size(info.file_bytes))


def _rest(info: FileInfo) -> tuple[str, ...]:
    tr = QCoreApplication.translate
    labels = tr("FileFacts", "with labels") if info.has_labels else tr("FileFacts", "without labels")
    unpacked = tr("FileFacts", "unpacked to a scratch file when it runs") if info.unpacking else ""
    return info.dtype, labels, format_size(info.file_bytes), unpacked


def _folder(path: str) -> str:
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"{path!r} is not a folder; expected the path of one that exists")
    inside = sum(1 for entry in folder.iterdir() if not entry.name.startswith("."))
    return QCoreApplication.translate("FileFacts", "%n entries", "", inside)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _number(value: int) -> str:
    return QLocale().toString(value)


_READERS: dict[str, Callable[[str], str]] = {"features": _features, "state": _state, "evaluate": _evaluation}
