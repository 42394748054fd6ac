"""The history: a folder of run files, listed by their headers; deleted files go to a trash folder beside them."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from slora_core.data_folder import data_folder
from slora_core.errors import InputError, OutputError
from slora_core.records.header import RunHeader, local_time, read_header
from slora_core.records.schema import SUFFIX

_TRASH: Final = ".trash"


def history_folder() -> Path:
    """``$SLORA_HOME/runs``, or in the platform's folder for user data."""
    return data_folder() / "runs"


class History:
    """The runs in ``folder`` (None: :func:`history_folder`). The folder is created when something is put there."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else history_folder()

    @property
    def trash(self) -> Path:
        return self.folder / _TRASH

    def new_path(self, source: str, now: datetime | None = None) -> Path:
        """A free name for a run that starts now: local time, source and a short id. Creates the folder."""
        _make(self.folder)
        stamp = (now or datetime.now().astimezone()).strftime("%Y%m%d-%H%M%S")
        slug = re.sub(r"[^\w.-]+", "-", source).strip("-.")[:40] or "run"
        return self.folder / f"{stamp}-{slug}-{secrets.token_hex(3)}{SUFFIX}"

    def list_runs(self) -> list[RunHeader]:
        """All runs, newest first. A file that cannot be read is listed with its problem."""
        return _listed(self.folder)

    def list_deleted(self) -> list[RunHeader]:
        return _listed(self.trash)

    def search(self, text: str) -> list[RunHeader]:
        """The runs that :func:`matches` finds."""
        return [run for run in self.list_runs() if matches(run, text)]

    def delete(self, path: str | Path) -> Path:
        """Move a run to the trash; returns its path there, for :meth:`restore`. Raises InputError."""
        path = Path(path)
        self._expect_in(self.folder, path)
        if read_header(path).status == "running":
            raise InputError(
                f"run file {str(path)!r} is being written: expected a run that has ended", "cancel it first"
            )
        return _move(path, self.trash)

    def restore(self, path: str | Path) -> Path:
        """Move a run from the trash back; returns its new path. Raises InputError."""
        path = Path(path)
        self._expect_in(self.trash, path)
        return _move(path, self.folder)

    def _expect_in(self, folder: Path, path: Path) -> None:
        if path.parent.absolute() != folder.absolute() or not path.is_file():
            raise InputError(f"{str(path)!r} is not a run in {str(folder)!r}")


def _listed(folder: Path) -> list[RunHeader]:
    headers = [read_header(path) for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    return sorted(headers, key=_started_s, reverse=True)


def _started_s(run: RunHeader) -> float:
    """Seconds since the epoch: the run's start, or what the file system knows of a file that does not say."""
    try:
        return datetime.fromisoformat(run.started_at).timestamp()
    except ValueError:
        return run.path.stat().st_mtime if run.path.exists() else 0.0


def matches(run: RunHeader, text: str) -> bool:
    """Whether every word of ``text`` occurs in the name, source, engine, operators, status, device, date or note.

    The date is that of this machine's time zone, as lists of runs show it.
    """
    started = local_time(run.started_at) or ""
    fields = (run.path.stem, run.source, run.engine, run.operators, run.status, run.device, started, run.note)
    searched = "\n".join(fields).casefold()
    return all(word in searched for word in text.casefold().split())


def _move(path: Path, folder: Path) -> Path:
    _make(folder)
    target = folder / path.name
    while target.exists():
        target = folder / f"{path.stem}-{secrets.token_hex(2)}{SUFFIX}"
    try:
        return path.rename(target)
    except OSError as error:
        raise OutputError(f"run file {str(path)!r} cannot be moved to {str(folder)!r}: {error.strerror}") from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {str(folder)!r} cannot be created: {error.strerror}") from None
