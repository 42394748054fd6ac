"""The command line in this process, with a history of its own; and as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from slora_core.cli import main

ROOT = Path(__file__).parents[3]


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one document on standard output."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def sentence(self) -> str:
        """What is on standard error: one sentence, and at most one remedy."""
        lines = self.err.splitlines()
        assert lines, "nothing on standard error"
        assert lines[0].startswith("slora: "), self.err
        assert len(lines) == 1 or (len(lines) == 2 and lines[1].startswith("       ")), self.err
        assert "Traceback" not in self.err
        return lines[0]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """The user's folder of runs, for this test alone."""
    monkeypatch.setenv("SLORA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path / "home"


@pytest.fixture
def slora(capsys, monkeypatch, tmp_path):
    """``slora("plan", ...)`` runs a command in this process and in ``tmp_path``."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def start(home, tmp_path):
    """``start("run", ...)`` begins ``python -m slora_core`` in a process group of its own; it ends with the test."""
    processes = []

    def begin(*arguments, **options) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLORA_HOME": str(home)}
        process = subprocess.Popen(
            [sys.executable, "-m", "slora_core", *map(str, arguments)],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path} | options,
            env=environment,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def process(start):
    """``process("plan", ...)`` runs ``python -m slora_core`` to its end."""

    def run(*arguments, **options) -> Said:
        begun = start(*arguments, **options)
        out, err = begun.communicate(timeout=120)
        return Said(begun.returncode, out or "", err or "")

    return run
