"""``slora plan``: readable on a terminal, one document for machines, exit codes, no PyTorch; and every ``--help``."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slora_core.cli import COMMANDS

ROOT = Path(__file__).parents[3]
BIG = ("plan", "--workload", "seed-2core")


@pytest.fixture
def on_terminal():
    """``on_terminal(100, "plan", ...)``: what a terminal of so many columns is sent, without its escapes."""
    pty = pytest.importorskip("pty")

    def run(columns, *arguments):
        master, terminal = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(columns), "TERM": "dumb"}
        command = [sys.executable, "-m", "slora_core", *map(str, arguments)]
        with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as process:
            os.close(terminal)
            shown = b""
            try:
                while block := os.read(master, 65536):
                    shown += block
            except OSError:  # the other end is closed
                pass
        os.close(master)
        return process.returncode, shown.decode().replace("\r\n", "\n").splitlines()

    return run


def test_the_table_fits_a_terminal_and_never_cuts_the_stage(on_terminal):
    code, lines = on_terminal(100, *BIG, "--budget", "64MiB")
    assert code == 0
    assert max(map(len, lines)) <= 100
    assert lines[0].startswith("Plan for a budget of 64 MiB, policy planned")
    stages = [line.split()[0] for line in lines if line[:1].isalpha() and " MiB " in line]
    for stage in ("linear.fit", "weaknonlinear.fit", "weaknonlinear.move", "attention.move"):
        assert stage in stages
    assert "…" not in "".join(lines)
    (binding,) = [line for line in lines if " binds " in line]
    assert binding.startswith("weaknonlinear.fit")


def test_the_table_is_whole_in_a_pipe(slora):
    said = slora(*BIG, "--operators", "linear,weaknonlinear,attention,rff")
    lines = said.out.splitlines()
    (move,) = [line for line in lines if line.startswith("attention.move ")]
    assert "chunk " in move
    assert "panel " in move
    assert "smallest feasible budget" in lines[-1]
    assert said.err == ""


def test_a_plan_that_does_not_fit_is_one_document_and_exit_code_3(slora):
    said = slora(*BIG, "--budget", "16MiB", "--json")
    assert said.code == 3
    assert said.json["feasible"] is False
    assert said.json["binding_stage"] == "weaknonlinear.fit"
    assert said.sentence.startswith("slora: the budget of 16 MiB cannot hold the weaknonlinear stage; the smallest")
    said = slora(*BIG, "--budget", "16MiB")
    assert said.code == 3
    assert "which does NOT fit" in said.out


def test_the_smallest_feasible_budget_of_a_plan_is_exact(slora):
    smallest = slora(*BIG, "--json").json["smallest_feasible_bytes"]
    assert slora(*BIG, "--budget", smallest, "--json").json["feasible"] is True
    assert slora(*BIG, "--budget", smallest - 1, "--json").json["feasible"] is False


def test_files_are_planned_from_their_headers(slora, make_files):
    files = make_files()
    said = slora("plan", "--features", files.features, "--state", files.state, "--json")
    assert [stage["stage"] for stage in said.json["stages"]][:2] == ["scan", "check"]
    assert slora("plan", "--features", files.state, "--state", files.state).code == 2


def test_the_baseline_makes_no_plan(slora):
    said = slora(*BIG, "--engine", "baseline", "--json")
    assert said.json["predicted_peak_bytes"] > 128 * 7048 * 768 * 4
    assert "knows no budget" in slora(*BIG, "--engine", "baseline").out


def test_a_plan_for_the_cpu_needs_no_pytorch():
    script = (
        "import sys; from slora_core.cli import main\n"
        "code = main(['plan', '--workload', 'seed-tiny', '--device', 'cpu', '--json'])\n"
        "raise SystemExit(code or 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["feasible"] is True


def undescribed(text):
    """Options whose help says nothing: no words beside them and none on the line below."""
    lines = [*text.splitlines(), ""]
    return [
        line.strip()
        for line, below in itertools.pairwise(lines)
        if line.startswith("  -") and "  " not in line.strip() and not below.startswith(" " * 10)
    ]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(slora, capsys, command):
    with pytest.raises(SystemExit) as left:
        slora(*command.split(), "--help")
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: slora {command}".rstrip())
    if command:
        options = [line for line in text.splitlines() if line.startswith("  -")]
        assert len(options) >= 2
        assert "--json" in text
        assert undescribed(text) == []
    else:
        for name, summary in COMMANDS.items():
            assert name in text
            assert summary.split(",")[0].split()[0] in text
        assert "130 cancelled" in text


def test_no_command_and_an_unknown_one(slora):
    assert slora().code == 2
    said = slora("rnu")
    assert said.code == 2
    assert "invalid choice: 'rnu'" in said.sentence


def test_the_version(slora, capsys):
    with pytest.raises(SystemExit) as left:
        slora("--version")
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("slora ")


def test_a_reader_that_leaves_early_is_no_error(start):
    process = start("plan", "--workload", "seed-tiny", "--device", "cpu", "--json")
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == ""
    process.stdout = None
