"""The file of a study: JSON lines, written as it goes, so that an interrupted study can be continued. Torch-free.

The first line says what the study is, each further line is one record with a ``kind``; the last of a study that ended
has the kind "finished". A torn last line, of a process that was killed in it, is left out.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from slora_core.data_folder import data_folder
from slora_core.errors import InputError, OutputError

FORMAT: Final = "slora-study"
VERSION: Final = 1
SUFFIX: Final = ".jsonl"

Study: TypeAlias = Literal["ablation", "tuning"]


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study as its file tells it. ``key`` identifies what is studied; ``finished`` is its outcome, or None."""

    path: Path
    study: str
    key: str
    started_at: str
    config: Mapping[str, Any]
    settings: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...] = ()
    finished: Mapping[str, Any] | None = field(default=None)

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        return [line for line in self.lines if line.get("kind") == kind]


def studies_folder() -> Path:
    return data_folder() / "studies"


def read_study(path: str | Path) -> StudyRecord:
    """Raises InputError that names the file and what is wrong with it."""
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"study file {str(path)!r} cannot be read: {error}") from None
    try:
        head, *records = _parsed(lines)
        if head.get("format") != FORMAT or head.get("version") != VERSION:
            raise ValueError(f"expected a first line of format {FORMAT!r}, version {VERSION}")
        finished = next((line["outcome"] for line in records if line.get("kind") == "finished"), None)
        return StudyRecord(
            path,
            head["study"],
            head["key"],
            head["started_at"],
            head["config"],
            head["settings"],
            tuple(records),
            finished,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{str(path)!r} is not a study file: {error}") from None


def list_studies(study: Study | None = None, folder: Path | None = None) -> list[StudyRecord]:
    """Studies in ``folder`` (None: :func:`studies_folder`), newest first; files that cannot be read are left out."""
    found = []
    for path in (folder or studies_folder()).glob(f"{study or ''}*{SUFFIX}"):
        try:
            found.append(read_study(path))
        except InputError:
            continue
    return sorted(found, key=lambda record: record.started_at, reverse=True)


def unfinished_study(study: Study, key: str) -> StudyRecord | None:
    """The newest study of this kind and key that was interrupted."""
    return next((r for r in list_studies(study) if r.key == key and r.finished is None), None)


class StudyWriter:
    """Appends records to a study's file. A context manager; each record is on disk when :meth:`add` returns."""

    def __init__(self, record: StudyRecord) -> None:
        self.record = record
        try:
            self._file = record.path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"study file {str(record.path)!r} cannot be written: {error.strerror}") from None

    @classmethod
    def create(
        cls, study: Study, key: str, config: Mapping[str, Any], settings: Mapping[str, Any], path: Path | None = None
    ) -> StudyWriter:
        """A new file at ``path``, or in the folder of studies. Raises OutputError."""
        now = datetime.now(UTC)
        if path is None:
            path = studies_folder() / f"{study}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}{SUFFIX}"
        record = StudyRecord(path, study, key, now.isoformat(timespec="seconds"), dict(config), dict(settings))
        head = {
            "format": FORMAT,
            "version": VERSION,
            "study": study,
            "key": key,
            "started_at": record.started_at,
            "config": record.config,
            "settings": record.settings,
        }
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"study file {str(path)!r} cannot be written: {error.strerror}") from None
        return cls(record)

    @classmethod
    def resume(cls, record: StudyRecord) -> StudyWriter:
        """Go on with an interrupted study; what its last line lost is cut off."""
        whole = record.path.read_bytes()
        try:
            with record.path.open("r+b") as file:
                file.truncate(whole.rfind(b"\n") + 1)
        except OSError as error:
            raise OutputError(f"study file {str(record.path)!r} cannot be written: {error.strerror}") from None
        return cls(record)

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        """Raises OutputError when the disk refuses."""
        try:
            self._file.write(json.dumps({"kind": kind, **data}) + "\n")
            self._file.flush()
        except OSError as error:
            raise OutputError(f"study file {str(self.record.path)!r} cannot be written: {error.strerror}") from None

    def __enter__(self) -> StudyWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _parsed(lines: list[str]) -> Iterator[dict[str, Any]]:
    """Every whole line; the last one may be torn."""
    for number, line in enumerate(lines, start=1):
        if number == len(lines):
            return  # what follows the last line break is empty, or torn
        yield json.loads(line)
