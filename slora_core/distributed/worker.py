"""A rank's process, ``python -m slora_core.distributed.worker JOB``; JOB is a JSON file with ``config`` and ``hub``."""

from __future__ import annotations

import faulthandler
import json
import signal
import sys
from pathlib import Path

from slora_core.memory.matrix_workspace import configure_own_process


def main(arguments: list[str]) -> int:
    """Returns the exit status of :func:`~slora_core.distributed.rank.run_rank`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    faulthandler.enable()
    configure_own_process()
    job = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))

    from slora_core.config import RunConfig
    from slora_core.distributed.hub import HubAddress
    from slora_core.distributed.place import place_of
    from slora_core.distributed.rank import run_rank

    place = place_of()
    if place is None:
        print("slora: this process was not started by a launcher of ranks", file=sys.stderr)
        return 2
    return run_rank(RunConfig.from_dict(job["config"]), place, HubAddress(**job["hub"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
