"""Image folders: which files belong to which class. Torch-free; no image is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from slora_core.errors import InputError

SUFFIXES: Final = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"))
UNLABELLED: Final = -1


@dataclass(frozen=True, slots=True)
class ImageList:
    """Images of a folder with one class id each; -1 for images without a class.

    ``class_names`` maps ids to folder names; ``ignored`` counts files that are not named as images.
    """

    root: Path
    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    class_names: Mapping[int, str]
    ignored: int

    def __len__(self) -> int:
        return len(self.paths)

    def part(self, start: int, stop: int) -> ImageList:
        """Images number ``start`` to ``stop`` as a list of their own."""
        return replace(self, paths=self.paths[start:stop], labels=self.labels[start:stop])

    def spread(self, count: int) -> ImageList:
        """At most ``count`` images from all over the list."""
        numbers = [number * len(self) // count for number in range(count)] if len(self) > count else range(len(self))
        return replace(self, paths=tuple(self.paths[n] for n in numbers), labels=tuple(self.labels[n] for n in numbers))


def class_folders(root: str | Path, *, first_id: int = 0, known: Mapping[str, int] | None = None) -> ImageList:
    """One folder a class. Raises InputError for a folder without class folders and for a class without images.

    Folders whose names are all whole numbers are the class ids themselves. Other names are taken from ``known``, or,
    without it, numbered in alphabetical order from ``first_id`` on.
    """
    folder = _folder(root)
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    if not names:
        raise InputError(f"image folder {str(root)!r} holds no class folders; expected one folder of images a class")
    ids = _class_ids(root, names, first_id, known)
    paths: list[Path] = []
    labels: list[int] = []
    ignored = 0
    for name, class_id in sorted(ids.items(), key=lambda item: item[1]):
        found, others = _images(folder / name)
        if not found:
            raise InputError(
                f"class folder {str(folder / name)!r} holds no images; expected files of {_suffix_text()}",
                "remove the folder, or put its images there",
            )
        paths += found
        labels += [class_id] * len(found)
        ignored += others
    return ImageList(folder, tuple(paths), tuple(labels), {number: name for name, number in ids.items()}, ignored)


def unlabelled_images(root: str | Path) -> ImageList:
    """Every image under ``root``, at any depth. Raises InputError when there is none."""
    folder = _folder(root)
    paths, ignored = _images(folder)
    if not paths:
        raise InputError(f"image folder {str(root)!r} holds no images; expected files of {_suffix_text()}")
    return ImageList(folder, tuple(paths), (UNLABELLED,) * len(paths), {}, ignored)


def _folder(root: str | Path) -> Path:
    folder = Path(root)
    if not folder.is_dir():
        exists = folder.exists()
        raise InputError(
            f"image folder {str(root)!r} {'is a file' if exists else 'does not exist'}; expected a folder of images",
            case="images-are-a-file" if exists else "images-missing",
            data={"path": str(root)},
        )
    return folder


def _class_ids(root: str | Path, names: list[str], first_id: int, known: Mapping[str, int] | None) -> dict[str, int]:
    if all(name.isascii() and name.isdecimal() for name in names):
        ids = {name: int(name) for name in names}
        if len(set(ids.values())) != len(ids):
            twice = next(name for name in names if list(ids.values()).count(ids[name]) > 1)
            raise InputError(f"image folder {str(root)!r}: class id {ids[twice]} has several folders; expected one")
        return ids
    if known is None:
        return {name: first_id + number for number, name in enumerate(names)}
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"image folder {str(root)!r}: {unknown[0]!r} is no class folder of the training images; expected names"
            f" among {', '.join(sorted(known))}, or class ids as names"
        )
    return {name: known[name] for name in names}


def _images(folder: Path) -> tuple[list[Path], int]:
    stamp = tuple((str(path), path.stat().st_mtime_ns) for path in _tree(folder))
    paths, ignored = _listed(stamp)
    return list(paths), ignored


def _tree(folder: Path) -> Iterator[Path]:
    """The folder and those below it, in order."""
    yield folder
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _tree(Path(entry.path))


@lru_cache(maxsize=4096)
def _listed(stamp: tuple[tuple[str, int], ...]) -> tuple[tuple[Path, ...], int]:
    """Images in the folders of ``stamp``, and how many other files; a plan asks again and again."""
    paths: list[Path] = []
    ignored = 0
    for folder, _ in stamp:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if not entry.is_file() or entry.name.startswith("."):
                continue
            if Path(entry.name).suffix.lower() in SUFFIXES:
                paths.append(Path(entry.path))
            else:
                ignored += 1
    return tuple(paths), ignored


def _suffix_text() -> str:
    return ", ".join(sorted(SUFFIXES))
