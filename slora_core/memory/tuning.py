"""What ``slora tune`` has measured of this machine: one JSON file a device. Torch-free.

A file that cannot be read counts as none and says why. ``SLORA_TUNING=off`` plans as if nothing had been measured.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, Final

from slora_core.data_folder import data_folder
from slora_core.errors import OutputError
from slora_core.memory.device import MeasuredOption

FORMAT: Final = "slora-tuning"
VERSION: Final = 1
SWITCH: Final = "SLORA_TUNING"
RATES: Final = (
    "gemm32",
    "gemm64",
    "copy",
    "host_copy",
    "select",
    "op_s",
    "replay_s",
    "row_s",
    "bus",
    "pinning",
    "wait_s",
)
"""The fields of a profile that are measured rates, in their units there."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """``rates`` by field of the profile, and measured options; ``problem`` says why a file was ignored."""

    rates: Mapping[str, float] = field(default_factory=dict)
    options: tuple[MeasuredOption, ...] = ()
    problem: str = ""


NO_TUNING: Final = Tuning()


def tuning_folder() -> Path:
    return data_folder() / "tuning"


def tuning_path(kind: str, name: str, threads: int) -> Path:
    """The file of a device: named for it and for ``run.threads``, which decides what a CPU can do."""
    slug = re.sub(r"[^\w.-]+", "-", name).strip("-.")[:40]
    digest = sha256(f"{kind}|{name}".encode()).hexdigest()[:8]
    suffix = f"-{threads}-threads" if kind == "cpu" and threads else ""
    return tuning_folder() / f"{kind}-{slug}-{digest}{suffix}.json"


def read_tuning(kind: str, name: str, threads: int = 0) -> Tuning:
    """What is known of a device; with no ``name``, of the device of this kind that was tuned last. Never raises."""
    if os.environ.get(SWITCH, "").lower() in ("off", "0", "no"):
        return NO_TUNING
    try:
        path = tuning_path(kind, name, threads) if name else _newest(kind)
        if path is None:
            return NO_TUNING
        status = path.stat()
    except OSError:
        return NO_TUNING
    return _load(path, status.st_mtime_ns, status.st_size)


def write_tuning(
    path: Path,
    device: Mapping[str, Any],
    rates: Mapping[str, float],
    options: Sequence[MeasuredOption],
    observations: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Temporary file, then rename. Raises OutputError.

    ``device`` is for readers of the file; ``observations`` are what rates and ratios were derived from, so that a later
    tuning derives them anew from all.
    """
    data = {
        "format": FORMAT,
        "version": VERSION,
        "device": dict(device),
        "rates": {name: rates[name] for name in RATES if name in rates},
        "options": [asdict(option) for option in options],
        "observations": [dict(item) for item in observations],
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(data, indent=1), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OutputError(f"the tuning file {str(path)!r} cannot be written: {error.strerror}") from None


def read_observations(path: Path) -> list[dict[str, Any]]:
    """What a tuning file was derived from; nothing of a file that cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["observations"]
        return [dict(item) for item in found]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _newest(kind: str) -> Path | None:
    found = list(tuning_folder().glob(f"{kind}-*.json"))
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


@lru_cache(maxsize=16)
def _load(path: Path, _mtime_ns: int, _size: int) -> Tuning:
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        reason = str(error.strerror)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = str(error) or type(error).__name__
    return Tuning(problem=f"the tuning file {str(path)!r} is ignored: {reason}; 'slora tune' writes it again")


def _parse(data: Any) -> Tuning:
    """Raises ValueError, TypeError, KeyError or AttributeError for what is not a tuning file."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    if data.get("version") != VERSION:
        raise ValueError(f"its version is {data.get('version')!r}, expected {VERSION}")
    rates = {name: _positive(name, value) for name, value in data["rates"].items()}
    options = tuple(
        MeasuredOption(
            str(item["stage"]),
            str(item["settings"]),
            int(item["dim"]),
            int(item["pairs"]),
            str(item["choice"]),
            _positive("ratio", item["ratio"]),
        )
        for item in data["options"]
    )
    return Tuning(rates, options)


def _positive(name: str, value: Any) -> float:
    number = float(value)
    if name != "ratio" and name not in RATES:
        raise ValueError(f"unknown rate {name!r}; known: {', '.join(RATES)}")
    zero_is_fine = name in ("op_s", "replay_s", "row_s", "wait_s")
    if not isfinite(number) or number < 0 or (number == 0 and not zero_is_fine):
        raise ValueError(f"{name} = {value!r}: expected a positive number")
    return number
