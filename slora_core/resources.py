"""Finds the files that come with the program: in an installed package, or in the repository beside it. Torch-free."""

from __future__ import annotations

from pathlib import Path

from slora_core.errors import InputError

_PACKAGE = Path(__file__).resolve().parent


def resource_path(name: str) -> Path:
    """The file ``name`` ("demo/digits.npz") of the resources. Raises InputError when it is not there."""
    for folder in (_PACKAGE / "_resources", _PACKAGE.parent / "resources"):
        if (path := folder / name).exists():
            return path
    raise InputError(f"resource {name!r} is missing from this installation", "install the package again")
