"""What a file is that somebody drops or opens: told by its content, from headers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

from slora_core.errors import InputError
from slora_core.records.schema import SUFFIX
from slora_core.sources.array_files import open_array_file
from slora_core.sources.file_info import AFTER, BEFORE, FEATURES, evaluation_file_info, feature_file_info
from slora_core.statistics.state_info import CLASS_IDS, class_state_info

FileKind: TypeAlias = Literal["run", "config", "features", "state", "evaluate"]

_SQLITE_HEAD: Final = b"SQLite format 3\x00"
_EXPECTED: Final = (
    "pairs (features_before and features_after), a class state (class_ids, count, mean, cov)"
    " or an evaluation file (features and labels)"
)


def file_kind(path: str | Path) -> FileKind:
    """The kind of a file; the names of array files are those of the source's fields.

    Array files are checked as a run would check them. Raises InputError that says what is wrong with the file.
    """
    path = Path(path)
    if path.suffix.lower() == SUFFIX or _begins_like_sqlite(path):
        return "run"
    if path.suffix.lower() == ".toml":
        return "config"
    keys = open_array_file(path, "file", _EXPECTED).arrays
    if BEFORE in keys or AFTER in keys:
        feature_file_info(path)
        return "features"
    if CLASS_IDS in keys:
        class_state_info(path)
        return "state"
    if FEATURES in keys:
        evaluation_file_info(path)
        return "evaluate"
    found = ", ".join(repr(key) for key in keys) or "no arrays"
    raise InputError(f"file {str(path)!r} holds {found}; expected {_EXPECTED}")


def _begins_like_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_HEAD)) == _SQLITE_HEAD
    except (OSError, ValueError):
        return False
