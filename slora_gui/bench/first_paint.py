"""From the start of a process to the window's first painting, as ``slora-gui`` does it.

``python -m slora_gui.bench.first_paint`` prints, as JSON, the seconds that went by and those of the processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:  # the window is painted without numpy
    from slora_gui.bench.measured import Frame, Measured


def first_paint(repetitions: int = 5) -> Measured:
    """In fresh processes, after one that fills the caches of the disk."""
    from slora_gui.bench.measured import Measured

    frames = [_once() for _ in range(repetitions + 1)][1:]
    return Measured.of("first painting of the window, from the start of its process", frames)


def _once() -> Frame:
    command = [sys.executable, "-P", "-m", "slora_gui.bench.first_paint"]
    from slora_core.streams.child import import_path

    environment = {**os.environ, "PYTHONPATH": import_path()}
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds, cpu_s = json.loads(answer.stdout)
    return seconds, cpu_s


def main() -> int:
    from slora_gui import app
    from slora_gui.settings import load

    application = app.make_application()
    settings, _ = load()
    window = app._frame(settings)
    window.show()
    application.processEvents()
    print(json.dumps([time.time() - psutil.Process().create_time(), time.process_time()]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
