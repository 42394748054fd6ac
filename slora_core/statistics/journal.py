"""Which classes of an unfinished class state are written: one JSON line each, beside the temporary file.

A line carries the CRC-32 of what was written, so that a class whose bytes did not reach the disk counts as unwritten.
Torch-free.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Journal:
    """Finished (variant, class number) with their checksums, for the run whose digest is ``digest``.

    A journal of another run, or none, starts empty; :meth:`append` creates the file.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest
        self.finished: dict[tuple[str, int], int] = {}
        lines = _read_lines(path)
        self.matches = bool(lines) and lines[0] == self._first_line()
        if self.matches:
            self.finished = {(line["variant"], line["index"]): line["crc32"] for line in lines[1:]}

    def start(self) -> None:
        """Begin anew."""
        self.finished.clear()
        self._path.write_text(json.dumps(self._first_line()) + "\n", encoding="utf-8")

    def append(self, variant: str, index: int, crc32: int) -> None:
        self.finished[variant, index] = crc32
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"variant": variant, "index": index, "crc32": crc32}) + "\n")

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

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
