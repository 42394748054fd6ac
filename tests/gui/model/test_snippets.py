"""What is taken away runs the same job: command and TOML read back, the script in a process of its own."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from slora_core import cli
from slora_core.cli.arguments import build_config, source_kind
from slora_core.config import RunConfig
from slora_gui.model.snippets import changed_settings, python_snippet, shell_command, toml_text

ROOT = Path(__file__).parents[3]
CASES = (
    {},
    {"source": {"kind": "demo", "tasks": 3}, "operators": {"names": ["rff"]}},
    {"source": {"kind": "synthetic", "pairs": 512, "dim": 32, "classes": 4}, "memory": {"budget": "64MiB"}},
    {"source": {"kind": "files", "features": "a b'c.npz", "state": "ß 分布.safetensors", "evaluate": 'q"uote.npz'}},
    {"memory": {"budget": 123_457, "policy": "fixed", "chunk": 96}, "run": {"device": "cuda:1", "engine": "baseline"}},
    {"measures": {"tiled_attention": False, "mixed_precision": True}, "run": {"scratch": "/tmp/1", "sample_hz": 0}},
    {"classifiers": {"names": ["ncm"], "qda_alphas": [0.1, 1e-7, 3]}, "operators": {"attention": {"mean_only": True}}},
    {"output": {"state": "out put.safetensors", "packed": True}, "run": {"seed": 2**63 - 1, "scratch": "true"}},
)


def _parsed(command):
    program, *arguments = shlex.split(command)
    assert program == "slora"
    args = cli._parser(arguments).parse_args(arguments)
    return build_config(args, kind=source_kind(args))


@pytest.mark.parametrize("changes", CASES, ids=str)
def test_the_command_is_the_same_configuration(changes):
    config = RunConfig().merged(changes)
    assert _parsed(shell_command(config)) == config


@settings(max_examples=40)
@example("\x7f\t'\\")
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_command_keeps_any_path(text):
    config = RunConfig().merged({"run": {"scratch": text}, "output": {"state": f"x{text}"}})
    assert _parsed(shell_command(config)) == config


@pytest.mark.parametrize("changes", CASES, ids=str)
def test_the_toml_is_the_same_configuration(changes, tmp_path):
    config = RunConfig().merged(changes)
    (tmp_path / "job.toml").write_text(toml_text(config), encoding="utf-8")
    assert RunConfig.from_toml(tmp_path / "job.toml") == config
    assert tomllib.loads(toml_text(config))["source"]["kind"] == config.source.kind


@pytest.mark.parametrize("changes", CASES, ids=str)
def test_changed_settings_are_only_what_differs(changes):
    config = RunConfig().merged(changes)
    assert RunConfig().merged(changed_settings(config)) == config
    assert set(changed_settings(config)) <= set(changes)
    compile(python_snippet(config), "snippet", "exec")


def test_a_short_command_reads_well():
    config = RunConfig().merged({"source": {"kind": "files", "features": "F.npz", "state": "S.safetensors"}})
    config = config.merged({"memory": {"budget": "256MiB"}})
    assert shell_command(config) == "slora run --features F.npz --state S.safetensors --budget 256MiB"
    assert shell_command(RunConfig()) == "slora run --demo"


def _run_script(text):
    """A script as a process of its own, which starts the engine's."""
    command = [sys.executable, "-c", text]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_the_script_gives_what_the_command_gives(tiny_config, tmp_path):
    results = []
    for name in ("script", "command"):
        config = tiny_config.merged({"output": {"state": str(tmp_path / f"{name}.safetensors")}})
        if name == "script":
            script = tmp_path / "job.py"
            script.write_text(python_snippet(config), encoding="utf-8")
            done = _run_script(f"exec(open({str(script)!r}, encoding='utf-8').read())")
            assert done.returncode == 0, done.stderr
            assert f"state: {config.output.state}" in done.stdout
        else:
            assert cli.main([*shlex.split(shell_command(config))[1:], "--no-record", "--quiet", "--here"]) == 0
        results.append(load_file(config.output.state))
    assert results[0].keys() == results[1].keys()
    assert "linear.mean" in results[0]
    for key, values in results[0].items():
        np.testing.assert_array_equal(values, results[1][key])


def test_a_script_that_fails_says_why(tiny_config, tmp_path):
    config = tiny_config.merged({"memory": {"budget": "10KiB"}})
    done = _run_script(python_snippet(config))
    assert done.returncode == 1
    assert "the smallest that can is" in done.stderr
    assert "Traceback" not in done.stderr
