"""Every test and every process that it starts: all files where pytest keeps and clears them, one thread.

Machines of tests are busy with others: whoever waits, waits for a minute, and no example has a deadline.
"""

from __future__ import annotations

import os
import tempfile
from functools import partial

import pytest

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the tests of a card need pytest alone
    pass
else:
    settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy")

# The matrices of tests are too small to share among cores: on a busy machine threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
PATIENCE_MS = 60_000


@pytest.fixture(autouse=True, scope="session")
def _folders(tmp_path_factory):
    """What a killed process leaves behind does not pile up in the system's folder; nothing measured here is read."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLORA_HOME", str(tmp_path_factory.mktemp("data")))
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture
def qtbot(qtbot):
    """pytest-qt's own, with more patience than its five seconds where a test names none."""
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitCallback"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE_MS))
    return qtbot
