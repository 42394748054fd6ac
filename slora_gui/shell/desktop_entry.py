"""Puts the window into the desktop's menu, for this user: an entry, its icon and the type of run files (Linux)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Final

from slora_core.errors import InputError, OutputError
from slora_core.resources import resource_path

_NAME: Final = "io.github.slora.SLoRA"
_FILES: Final = {
    "applications": (f"{_NAME}.desktop", "desktop/slora.desktop"),
    "mime/packages": (f"{_NAME}.xml", "desktop/slora-mime.xml"),
    "icons/hicolor/scalable/apps": (f"{_NAME}.svg", "icons/slora.svg"),
}
_REFRESH: Final = (("update-desktop-database", "applications"), ("update-mime-database", "mime"))


def install() -> list[Path]:
    """Write the files, again if they are there. Raises InputError off Linux and OutputError."""
    _expect_linux()
    written = []
    for folder, (name, resource) in _FILES.items():
        target = data_home() / folder / name
        text = resource_path(resource).read_text(encoding="utf-8")
        if name.endswith(".desktop"):
            text = Template(text).substitute(command=_command(), icon=_NAME)
        _write(target, text)
        written.append(target)
    _refresh()
    return written


def uninstall() -> list[Path]:
    """Remove what :func:`install` wrote; returns what was there."""
    _expect_linux()
    targets = [data_home() / folder / name for folder, (name, _) in _FILES.items()]
    removed = [target for target in targets if target.exists()]
    for target in removed:
        target.unlink()
    _refresh()
    return removed


def data_home() -> Path:
    """``$XDG_DATA_HOME``, or its default."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _expect_linux() -> None:
    if not sys.platform.startswith("linux"):
        raise InputError(f"a desktop entry on {sys.platform!r}: expected Linux", "make a shortcut to slora-gui instead")


def _command() -> str:
    """How the desktop starts the window: the installed script, or this interpreter."""
    script = Path(sys.executable).with_name("slora-gui")
    if script.exists():
        return _quoted(str(script))
    return f"{_quoted(sys.executable)} -m slora_gui"


def _quoted(argument: str) -> str:
    """An argument of the entry's Exec key: quoted, with its special characters escaped."""
    for character in ("\\", '"', "`", "$"):
        argument = argument.replace(character, f"\\{character}")
    return f'"{argument}"'.replace("%", "%%")


def _write(target: Path, text: str) -> None:
    fresh = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(target)
    except OSError as error:
        raise OutputError(f"file {str(target)!r} cannot be written: {error.strerror}") from None


def _refresh() -> None:
    """Tell the desktop, where it has the tools; without them it looks by itself sooner or later."""
    for tool, folder in _REFRESH:
        path = data_home() / folder
        if (found := shutil.which(tool)) and path.is_dir():
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run([found, str(path)], check=False, timeout=30, capture_output=True)
