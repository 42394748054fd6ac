"""What the window remembers, in one JSON file with a version. A broken file never keeps the window from opening."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from slora_core.data_folder import HOME_VARIABLE
from slora_core.errors import OutputError

VERSION: Final = 1
RECENT_LIMIT: Final = 10


def settings_path() -> Path:
    """``$SLORA_HOME/settings.json``, or the platform's folder for settings."""
    home = os.environ.get(HOME_VARIABLE)
    folder = Path(home) if home else Path(platformdirs.user_config_dir("slora", appauthor=False))
    return folder / "settings.json"


class Settings(BaseModel):
    """``geometry`` and ``layout`` are Qt's own, in base 64; ``job`` is the last configuration as TOML.

    A language of "" is that of the desktop. Unknown keys of a later version are ignored.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    version: int = VERSION
    theme: Literal["system", "light", "dark"] = "system"
    language: Literal["", "en", "zh_CN"] = ""
    geometry: str = ""
    layout: str = ""
    page: str = "welcome"
    recent: list[str] = []
    job: str = ""
    toured: bool = False

    def remember_file(self, path: str | Path) -> None:
        """Put ``path`` first among the recent files."""
        text = str(Path(path).absolute())
        self.recent = [text, *(other for other in self.recent if other != text)][:RECENT_LIMIT]

    def save(self, path: Path | None = None) -> None:
        """Write the file whole or not at all. Raises OutputError."""
        path = path or settings_path()
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(self.model_dump_json(indent=2), encoding="utf-8")
            fresh.replace(path)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise OutputError(f"settings file {str(path)!r} cannot be written: {error.strerror}") from None


def load(path: Path | None = None) -> tuple[Settings, str]:
    """The settings, and what was wrong with their file or "". Never raises: a broken file is set aside for defaults."""
    path = path or settings_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), _set_aside(path, str(error))
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            return Settings(), _set_aside(path, "expected a JSON object")
        return Settings.model_validate(data), ""
    except ValidationError as error:
        first = error.errors()[0]
        return Settings(), _set_aside(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except ValueError as error:
        return Settings(), _set_aside(path, str(error))


def _set_aside(path: Path, reason: Any) -> str:
    kept = path.with_name(f"{path.stem}.broken{path.suffix}")
    try:
        path.replace(kept)
        where = f"; it was kept as {str(kept)!r}"
    except OSError:
        where = ""
    return f"settings file {str(path)!r} could not be read ({reason}){where}"
