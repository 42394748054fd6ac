"""``python -m slora_gui.bench`` (``--json`` for machines): what the window costs, against what it should.

Frames are painted for real, by the platform that Qt runs on: set ``QT_QPA_PLATFORM=offscreen`` on a machine without a
screen. Settings and history of this person are left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from slora_core.data_folder import HOME_VARIABLE

PARTS: Final = ("first-paint", "plots", "live-plot", "streaming", "demo", "what-if", "history", "memory")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        document = _measure(options, Path(home))
    print(json.dumps(document, indent=2) if options.json else _text(document))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m slora_gui.bench", description="What the window costs.")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--frames", type=int, default=120, help="frames of each movement (default: 120)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each live run, in real time (default: 10)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts (default: all)")
    return parser


def _measure(options: argparse.Namespace, home: Path) -> dict[str, Any]:
    from slora_gui.app import make_application
    from slora_gui.bench import plots, window
    from slora_gui.bench.first_paint import first_paint

    frames, seconds = options.frames, options.seconds
    runs = home / "past"
    runs.mkdir()
    lives = (10, 60, 600, plots.HOUR_S)
    parts: dict[str, Callable[[], Any]] = {
        "first-paint": first_paint,
        "plots": lambda: [*plots.pan_and_zoom(frames), *plots.comparison(frames)],
        "live-plot": lambda: {f"after {past} s": plots.live_refresh(past, seconds)[1] for past in lives},
        "streaming": lambda: window.paced_stream(seconds),
        "demo": lambda: window.demo_stream(seconds),
        "what-if": window.what_if,
        "history": lambda: window.history(runs),
        "memory": window.hour_of_events,
    }
    document: dict[str, Any] = {}
    if options.only != ["first-paint"]:
        document["platform"] = make_application().platformName()
    for name in PARTS:
        if name in options.only:
            print(f"{name} ...", file=sys.stderr)
            document[name] = _plain(parts[name]())
    return document


def _plain(found: Any) -> Any:
    if isinstance(found, list):
        return [_plain(row) for row in found]
    return found if isinstance(found, dict) else asdict(found)


def _text(document: dict[str, Any]) -> str:
    lines = []
    for name, found in document.items():
        rows = found if isinstance(found, list) else [found]
        for row in rows:
            if isinstance(row, dict) and "median_ms" in row:
                wall = f"{row['median_ms']:8.2f} ms, p95 {row['p95_ms']:8.2f}, worst {row['worst_ms']:8.2f}"
                lines.append(f"{row['what']:<62} {wall}, CPU {row['cpu_ms']:8.2f}  ({row['count']})")
            elif isinstance(row, dict):
                lines += [f"{name}, {what:<{60 - len(name)}} {_figure(what, value)}" for what, value in row.items()]
            else:
                lines.append(f"{name} {row}")
    return "\n".join(lines)


def _figure(what: str, value: float) -> str:
    if what.endswith("_bytes"):
        return f"{value / 2**20:8.1f} MiB"
    return f"{100 * value:8.2f} % of one core" if "share" in what or what.startswith("after") else f"{value:8.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
