"""What the matrix library keeps: what is planned for a process of the engine's own is what that process finds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.devices import matrix_workspace_bytes
from slora_core.memory.matrix_workspace import configured_bytes, in_own_process

MIB = 2**20
FOUND = """
from slora_core.memory.matrix_workspace import configure_own_process
configure_own_process()
from slora_core.memory.devices import matrix_workspace_bytes
print(matrix_workspace_bytes((9, 0)))
"""


@pytest.mark.parametrize(
    ("environment", "size"), [(None, 10 * MIB), (":4096:2:16:8", 8 * MIB + 128 * 1024), ("nonsense", 32 * MIB)]
)
def test_a_process_of_the_engine_s_own_finds_what_was_planned_for_it(
    monkeypatch: pytest.MonkeyPatch, environment: str | None, size: int
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    if environment is not None:
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", environment)
    found = subprocess.run([sys.executable, "-c", FOUND], capture_output=True, text=True, check=True)
    assert in_own_process(CUDA_PROFILE).standing_bytes == int(found.stdout) == size


def test_this_process_has_the_framework_s_own_size_unless_it_is_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    assert configured_bytes() is None
    assert (matrix_workspace_bytes((9, 0)), matrix_workspace_bytes((8, 0))) == (32 * MIB, 8320 * 1024)
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    assert matrix_workspace_bytes((9, 0)) == 128 * 1024


def test_a_cpu_has_none() -> None:
    assert in_own_process(CPU_PROFILE) == CPU_PROFILE
