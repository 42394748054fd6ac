"""What a file or folder of a source holds, in one line; or why it cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

from slora_core.errors import InputError
from slora_core.memory.sizes import format_size
from slora_core.sources.file_info import FileInfo
from slora_core.sources.models.model_files import AdapterFiles, BaseFiles
from slora_core.statistics.state_info import ClassStateInfo
from slora_core.wording import by_count
from slora_gui.model.lists import listed
from slora_gui.views.layout import unbroken

if TYPE_CHECKING:
    from slora_gui.model.source_facts import SourceFacts

FOLDERS = ("images", "aux_images")


def file_facts(field: str, path: str, facts: SourceFacts) -> str:
    """One line on the content of source field ``field``. Raises InputError, in the engine's words."""
    if field in facts.problems:
        raise InputError(facts.problems[field])
    if field == "base":
        return _base(facts.base)
    if field in ("adapter_before", "adapter_after"):
        return _adapter(facts.adapters.get(field))
    if field in FOLDERS or (field == "evaluate" and facts.kind == "models"):
        return _folder(path)
    if field == "state":
        return _state(facts.state)
    info = facts.features if field == "features" else facts.evaluation
    return _rows(info, "N" if field == "features" else "M")


def _base(files: BaseFiles | None) -> str:
    if files is None:
        return ""
    pixels = QCoreApplication.translate("FileFacts", "{height} × {width} pixels")
    size = pixels.format(height=files.height, width=files.width)
    return _joined(f"d = {_number(files.dim)}", size, format_size(files.weights_bytes))


def _adapter(files: AdapterFiles | None) -> str:
    if files is None:
        return ""
    rank = QCoreApplication.translate("FileFacts", "LoRA of rank {rank}").format(rank=files.rank)
    return _joined(rank, format_size(files.weights.stat().st_size))


def _rows(info: FileInfo | None, symbol: str) -> str:
    if info is None:
        return ""
    translate = QCoreApplication.translate
    labels = translate("FileFacts", "with labels") if info.has_labels else translate("FileFacts", "without labels")
    unpacked = translate("FileFacts", "unpacked to a scratch file when it runs") if info.unpacking else ""
    sizes = f"{symbol} = {_number(info.rows)}", f"d = {_number(info.dim)}", info.dtype
    return _joined(*sizes, labels, format_size(info.file_bytes), unpacked)


def _state(info: ClassStateInfo | None) -> str:
    if info is None:
        return ""
    packed = QCoreApplication.translate("FileFacts", "triangles") if info.packed else ""
    sizes = f"C = {_number(info.classes)}", f"d = {_number(info.dim)}", info.dtype
    return _joined(*sizes, packed, listed(name for name in info.variants if name), format_size(info.file_bytes))


def _folder(path: str) -> str:
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"{path!r} is not a folder; expected the path of one that exists")
    inside = sum(1 for entry in folder.iterdir() if not entry.name.startswith("."))
    one = QCoreApplication.translate("FileFacts", "1 entry")
    many = QCoreApplication.translate("FileFacts", "{count} entries")
    return by_count(inside, one, many).format(count=_number(inside))


def _joined(*parts: str) -> str:
    return unbroken(" · ".join(part for part in parts if part))


def _number(value: int) -> str:
    return QLocale().toString(value)
