"""What the README shows works as it stands: its Python example, and every command and key that it names."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from slora_core.cli import COMMANDS, main
from slora_core.config import RunConfig

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    before = draw.standard_normal((500, 8)).astype(np.float32)
    labels = np.arange(500) % 3
    arrays = {"before": before, "after": before + 0.1, "old": before, "labels": labels}
    for name, array in (arrays | {"new": before, "new_labels": labels + 3}).items():
        np.save(f"{name}.npy", array)
    (example,) = blocks("python")
    assert len(example.splitlines()) <= 10
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == "(3, 8) (3, 8, 8)\n"


def test_every_command_is_shown_and_exists():
    shown = set(re.findall(r"^(?:\$ )?slora (\w+)", "\n".join(blocks("")), re.MULTILINE))
    assert shown == set(COMMANDS)


def test_the_refusal_is_the_one_that_is_printed(capsys):
    command, refusal = re.search(r"^\$ slora (.*)\n(slora: .*?)^```", README, re.MULTILINE | re.DOTALL).groups()
    arguments = command.replace("run ", "plan ", 1).split()
    assert main([*arguments, "--device", "cpu", "--json"]) == 3
    assert capsys.readouterr().err == refusal


@pytest.mark.parametrize("section", ["measures"])
def test_every_measure_is_named(section):
    for name in RunConfig.model_fields[section].annotation.model_fields:
        assert f"`{name}`" in README, name
