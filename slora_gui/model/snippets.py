"""The job as something to take away: a Python script, a shell command, a TOML file. All run the same job."""

from __future__ import annotations

import json
import pprint
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from slora_core.config import RunConfig
from slora_core.types import MIB

_SCRIPT: Final = '''\
"""Runs a SLoRA job in this process."""

from slora_core.config import RunConfig
from slora_core.events import RunFailed, RunFinished
from slora_core.pipeline import stream

config = RunConfig().merged({settings})

for event in stream(config):
    if isinstance(event, RunFailed):
        raise SystemExit(f"{{event.what}} {{event.remedy}}".strip())
    if isinstance(event, RunFinished):
        result = event

print(f"done in {{result.seconds:.1f}} s, peak {{result.peaks.allocated_bytes}} bytes allocated")
for role, path in result.outputs.items():
    print(f"{{role}}: {{path}}")
'''


def python_snippet(config: RunConfig) -> str:
    """A script that runs the job; it names only what differs from the defaults."""
    settings = pprint.pformat(changed_settings(config), width=100, sort_dicts=False)
    return _SCRIPT.format(settings=settings.replace("\n", "\n" + " " * len("config = RunConfig().merged(")))


def shell_command(config: RunConfig) -> str:
    """One line for a POSIX shell."""
    settings = changed_settings(config)
    words = ["slora", "run"]
    kind = config.source.kind
    source = {"kind": kind, **settings.pop("source", {})}
    if kind == "files":
        words += _flags(source, {"features": "--features", "state": "--state", "evaluate": "--evaluate"})
    elif kind == "demo":
        words.append("--demo")
    if kind in ("files", "demo"):
        del source["kind"]
    words += _flags(settings.get("operators", {}), {"names": "--operators"})
    if (budget := settings.get("memory", {}).pop("budget", None)) is not None:
        words += ["--budget", f"{budget // MIB}MiB" if budget % MIB == 0 else str(budget)]
    words += _flags(settings.get("run", {}), {"engine": "--engine", "device": "--device", "seed": "--seed"})
    words += _flags(settings.get("output", {}), {"state": "--out"})
    for name, value in _leaves({"source": source, **settings}):
        words += ["--set", f"{name}={_toml(value)}"]
    return shlex.join(words)


def toml_text(config: RunConfig) -> str:
    """What ``slora run --config`` takes."""
    return config.to_toml()


def changed_settings(config: RunConfig) -> dict[str, Any]:
    """Nested settings that differ from the defaults; ``RunConfig().merged`` of them is ``config``."""
    return _difference(config.model_dump(mode="json"), RunConfig().model_dump(mode="json"))


def _difference(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            if inner := _difference(value, defaults[name]):
                found[name] = inner
        elif value != defaults[name]:
            found[name] = value
    return found


def _flags(section: dict[str, Any], flags: Mapping[str, str]) -> Iterator[str]:
    """The settings that have an option of their own, taken out of ``section``."""
    for name, flag in flags.items():
        if name in section:
            value = section.pop(name)
            yield from (flag, ",".join(value) if isinstance(value, list) else str(value))


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _toml(value: Any) -> str:
    """A TOML value; JSON writes strings, numbers, flags and lists of them as TOML does, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
