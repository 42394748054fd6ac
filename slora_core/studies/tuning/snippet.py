"""A Python snippet that runs a configuration. Torch-free."""

from __future__ import annotations

import json
from typing import Any, Final

from slora_core.config import RunConfig

_TEMPLATE: Final = '''\
"""Runs the tuned job; the plan takes what was measured of this machine."""

from slora_core import RunConfig, isolate
from slora_core.events import RunFailed, RunFinished

CONFIG = RunConfig.from_dict(
{config}
)

if __name__ == "__main__":  # the run is a process of its own
    for event in isolate.stream(CONFIG):
        if isinstance(event, RunFailed):
            raise SystemExit(event.what)
        if isinstance(event, RunFinished):
            print(f"{{event.seconds:.2f}} s, peak {{event.peaks.allocated_bytes}} bytes allocated")
'''


def python_snippet(config: RunConfig) -> str:
    """A module that runs what differs from the defaults in ``config`` in a fresh process."""
    changed = _changes(config.to_dict(), RunConfig().to_dict())
    return _TEMPLATE.format(config=_literal(changed, 1))


def _changes(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults.get(key)
        if isinstance(value, dict) and isinstance(default, dict):
            inner = _changes(value, default)
            if inner:
                found[key] = inner
        elif value != default:
            found[key] = value
    return found


def _literal(value: Any, depth: int) -> str:
    """Nested dictionaries, one key a line; texts in double quotes."""
    pad = "    " * depth
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if value.isprintable() else repr(value)
    if isinstance(value, list):
        return f"[{', '.join(_literal(item, depth) for item in value)}]"
    if not isinstance(value, dict):
        return repr(value)
    lines = [f"{pad}    {_literal(key, 0)}: {_literal(inner, depth + 1).lstrip()}," for key, inner in value.items()]
    return "\n".join([f"{pad}{{", *lines, f"{pad}}}"])
