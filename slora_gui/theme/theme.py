"""A theme: named colours from a resource file, frozen and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from slora_core.errors import InputError
from slora_core.resources import resource_path

COLOR_NAMES: Final = (
    "window",
    "surface",
    "raised",
    "text",
    "muted",
    "border",
    "accent",
    "accent_text",
    "good",
    "warning",
    "danger",
    "selection",
)
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Theme:
    """``colors`` holds every name of COLOR_NAMES as ``#rrggbb``."""

    name: str
    dark: bool
    colors: Mapping[str, str]


@cache
def load_theme(name: str) -> Theme:
    """The theme ``light`` or ``dark``. Raises InputError for one that is missing or not whole."""
    path = resource_path(f"themes/{name}.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    colors = data["colors"]
    wrong = [color for color in COLOR_NAMES if not _COLOR.fullmatch(colors.get(color, ""))]
    if wrong or set(colors) != set(COLOR_NAMES):
        raise InputError(f"theme file {str(path)!r}: expected #rrggbb for each of {', '.join(COLOR_NAMES)}")
    return Theme(data["name"], data["dark"], MappingProxyType(colors))
