"""Read-only file mappings whose pages are given back. Torch-free."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

_DONTNEED: Final[int | None] = getattr(mmap, "MADV_DONTNEED", None)


def map_file(path: Path) -> mmap.mmap:
    """The whole file, private and never written; nothing is read until it is touched."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def release_pages(mapping: mmap.mmap) -> None:
    """Take the touched pages out of the process; they come back from the file when touched again."""
    if _DONTNEED is not None:
        mapping.madvise(_DONTNEED)
