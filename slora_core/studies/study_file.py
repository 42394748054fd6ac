"""The file of a study: JSON lines, written as it goes, so that an interrupted study can be continued. Torch-free.

The first line says what the study is, each further line is one record with a ``kind``; the last of a study that ended
has the kind "finished". A torn last line, of a process that was killed in it, is left out. One writer at a time holds
a file: a study that still runs is not continued by another.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

from slora_core.data_folder import data_folder
from slora_core.errors import InputError, OutputError
from slora_core.studies.file_lock import try_lock

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

    def measured_trials(self) -> list[Mapping[str, Any]]:
        """Trials that did not fail: a study that goes on keeps them, and tries the others again."""
        return [line for line in self.of_kind("trial") if not _failure(line)]


def _failure(trial: Mapping[str, Any]) -> str:
    """Of the trial, or of the whole run that it was."""
    return str(trial.get("failure") or trial.get("figures", {}).get("failure") or "")


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
        head, *records = list(_parsed(lines)) or [{}]
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


class StudyWriter:
    """Appends records to a study's file. A context manager; each record is on disk when :meth:`add` returns."""

    def __init__(self, record: StudyRecord, file: IO[str]) -> None:
        self.record = record
        self._file = file

    @classmethod
    def create(
        cls, study: Study, key: str, config: Mapping[str, Any], settings: Mapping[str, Any], path: Path | None = None
    ) -> StudyWriter:
        """A new file at ``path``, or in the folder of studies. Raises OutputError, also for a file that exists."""
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
            writer = cls(record, path.open("x", encoding="utf-8"))
        except FileExistsError:
            raise OutputError(f"study file {str(path)!r} exists already: expected a new name") from None
        except OSError as error:
            raise _unwritable(path, error) from None
        try_lock(writer._file)
        writer._write(head)
        return writer

    @classmethod
    def resume(cls, record: StudyRecord) -> StudyWriter | None:
        """Go on with an interrupted study; what its last line lost is cut off. None for one that still runs, or ended.

        The writer's ``record`` is what the file holds by then.
        """
        path = record.path
        try:
            file = path.open("a", encoding="utf-8")
            if not try_lock(file):
                file.close()
                return None
            file.truncate(path.read_bytes().rfind(b"\n") + 1)
        except OSError as error:
            raise _unwritable(path, error) from None
        now = read_study(path)
        if now.finished is not None:
            file.close()
            return None
        return cls(now, file)

    @classmethod
    def go_on_or_create(
        cls, study: Study, key: str, config: Mapping[str, Any], settings: Mapping[str, Any], path: Path | None = None
    ) -> StudyWriter:
        """The interrupted study of this kind and key, in the file ``path`` or the newest; or else a new one.

        Raises OutputError, also for a file that holds anything else, and for a study that still runs in it.
        """
        if path is not None and path.exists():
            return cls._go_on_in(path, study, key)
        for record in list_studies(study) if path is None else ():
            if record.key == key and record.finished is None and (writer := cls.resume(record)) is not None:
                return writer
        return cls.create(study, key, config, settings, path)

    @classmethod
    def _go_on_in(cls, path: Path, study: Study, key: str) -> StudyWriter:
        expected = "expected a new name, or an interrupted study of this job"
        try:
            record = read_study(path)
        except InputError as error:
            raise OutputError(f"study file {str(path)!r} exists already, {expected}: {error.what}") from None
        if (record.study, record.key) != (study, key) or record.finished is not None:
            raise OutputError(f"study file {str(path)!r} exists already, of another job or finished: {expected}")
        writer = cls.resume(record)
        if writer is None:
            raise OutputError(f"study file {str(path)!r} is being written by a study that still runs: {expected}")
        return writer

    def add(self, kind: str, data: Mapping[str, Any]) -> None:
        """Raises OutputError when the disk refuses."""
        self._write({"kind": kind, **data})

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise _unwritable(self.record.path, error) from None

    def __enter__(self) -> StudyWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"study file {str(path)!r} cannot be written: {error.strerror}")


def _parsed(lines: list[str]) -> Iterator[dict[str, Any]]:
    """Every whole line; the last one may be torn."""
    for number, line in enumerate(lines, start=1):
        if number == len(lines):
            return  # what follows the last line break is empty, or torn
        yield json.loads(line)
