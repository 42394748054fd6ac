"""Every test and every process that it starts: temporary files where pytest keeps and clears them, one thread."""

from __future__ import annotations

import os
import tempfile

import pytest

# The matrices of tests are too small to share among cores: on a busy machine threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def _temporary_files(tmp_path_factory):
    """What a killed process leaves behind does not pile up in the system's folder."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield
