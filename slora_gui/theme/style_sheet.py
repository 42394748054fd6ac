"""The small style sheet that a theme adds to Qt's Fusion style: spacing on an 8-px grid and one accent colour.

Widgets ask for a role with a dynamic property: ``primary`` on the one button that matters, ``role`` = ``title``,
``heading``, ``muted``, ``good``, ``warning``, ``danger`` on labels, ``role`` = ``card`` on frames.
"""

from __future__ import annotations

from string import Template
from typing import Final

from slora_core.resources import resource_path
from slora_gui.theme.palette import faded
from slora_gui.theme.theme import Theme

_FILE: Final = "themes/style.qss"


def style_sheet(theme: Theme) -> str:
    text = Template(resource_path(_FILE).read_text(encoding="utf-8"))
    signs = resource_path(f"themes/{theme.name}").as_posix()
    return text.substitute(theme.colors, faded=faded(theme).name(), signs=signs)
