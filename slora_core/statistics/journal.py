"""Which classes of an unfinished class state are written: one JSON line each, beside the temporary file.

A line carries the CRC-32 of what was written, so that a class whose bytes did not reach the disk counts as unwritten.
Torch-free.
"""

from __future__ import annotations

import glob
import json
from pathlib import Path
from typing import Any


class Journal:
    """Finished (variant, class number) with their checksums, for the run whose digest is ``digest``.

    A journal of another run, or none, starts empty; :meth:`append` creates the file. Each rank of a distributed run
    appends to a file of its own; rank 0 reads those of all.
    """

    def __init__(self, path: Path, digest: str, rank: int = 0) -> None:
        self._first = path
        self._path = path.with_name(f"{path.name}.{rank}") if rank else path
        self._digest = digest
        self.finished: dict[tuple[str, int], int] = {}
        self.matches = False
        for file in () if rank else (path, *self._others()):
            lines = _read_lines(file)
            if lines and lines[0] == self._first_line():
                self.matches = True
                self.finished |= {(line["variant"], line["index"]): line["crc32"] for line in lines[1:]}

    def start(self) -> None:
        """Begin anew."""
        self.finished.clear()
        self._path.write_text(json.dumps(self._first_line()) + "\n", encoding="utf-8")

    def collect(self) -> None:
        """Put what was finished into one file, in place of one a rank."""
        others = self._others()
        if not others:
            return
        lines = [self._first_line()]
        lines += [{"variant": name, "index": i, "crc32": crc32} for (name, i), crc32 in self.finished.items()]
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        fresh.replace(self._path)
        for other in others:
            other.unlink(missing_ok=True)

    def append(self, variant: str, index: int, crc32: int) -> None:
        self.finished[variant, index] = crc32
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"variant": variant, "index": index, "crc32": crc32}) + "\n")

    def remove(self) -> None:
        for path in (self._path, *self._others()):
            path.unlink(missing_ok=True)

    def _others(self) -> list[Path]:
        """The journals of ranks above 0."""
        prefix = f"{self._first.name}."
        names = (path for path in self._first.parent.glob(f"{glob.escape(prefix)}*"))
        return sorted(path for path in names if path.name.removeprefix(prefix).isdecimal())

    def _first_line(self) -> dict[str, Any]:
        return {"format": "slora-class-state-journal", "version": 1, "digest": self._digest}


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """The complete lines; a line that was being written when the process ended is not one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    lines: list[dict[str, Any]] = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return lines
