from __future__ import annotations

import json

import pytest

from slora_core.errors import OutputError
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE, MeasuredOption
from slora_core.memory.machine import cpu_name, cpu_profile, planning_profile, tuned
from slora_core.memory.tuning import NO_TUNING, read_observations, read_tuning, tuning_path, write_tuning

OPTION = MeasuredOption("attention.move", "abc", 8, 100, '{"chunk": 8}', 1.5)


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("SLORA_HOME", str(tmp_path))
    monkeypatch.delenv("SLORA_TUNING", raising=False)


def write(kind="cpu", name=None, threads=0, rates=None):
    path = tuning_path(kind, name or cpu_name(), threads)
    write_tuning(path, {"name": name}, {"gemm32": 1e9} if rates is None else rates, [OPTION], [{"stage": "scan"}])
    return path


def test_profiles_have_the_rates_and_options_that_were_measured():
    assert cpu_profile().gemm32 == CPU_PROFILE.gemm32
    path = write()

    found = cpu_profile()

    assert (found.gemm32, found.copy, found.measured) == (1e9, CPU_PROFILE.copy, (OPTION,))
    assert planning_profile("auto") == found
    assert hash(found) == hash(cpu_profile())
    assert read_observations(path) == [{"stage": "scan"}]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_another_device_or_number_of_threads_is_not_mistaken_for_it():
    write(threads=3)
    assert cpu_profile().gemm32 == CPU_PROFILE.gemm32
    assert cpu_profile(3).gemm32 == 1e9
    write("cuda", "Card 9000")
    assert tuned(CUDA_PROFILE).gemm32 == CUDA_PROFILE.gemm32
    assert planning_profile("cuda:1").gemm32 == 1e9  # which card that is cannot be known here


def test_tuning_can_be_switched_off(monkeypatch):
    write()
    monkeypatch.setenv("SLORA_TUNING", "off")
    assert cpu_profile().gemm32 == CPU_PROFILE.gemm32


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.update(format="x"), "format"),
        (lambda data: data.update(version=2), "version is 2"),
        (lambda data: data["rates"].update(gemm32=-1), "gemm32 = -1"),
        (lambda data: data["rates"].update(gemm32=float("nan")), "gemm32 = nan"),
        (lambda data: data["rates"].update(speed=1), "unknown rate 'speed'"),
        (lambda data: data["options"][0].update(ratio=0), "ratio = 0"),
        (lambda data: data.pop("options"), "options"),
    ],
)
def test_a_broken_file_is_ignored_and_says_why(change, said):
    path = write()
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))

    found = read_tuning("cpu", cpu_name())

    assert (found.rates, found.options) == (NO_TUNING.rates, ())
    assert path.name in found.problem
    assert said in found.problem
    assert cpu_profile().gemm32 == CPU_PROFILE.gemm32


def test_a_torn_file_is_ignored_too():
    path = write()
    path.write_text(path.read_text()[:50])
    assert "is ignored" in read_tuning("cpu", cpu_name()).problem


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "tuning").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write()


def test_a_run_with_a_broken_file_says_so_and_is_not_the_worse_for_it(perform):
    path = write()
    path.write_text("{}")
    config = {"source": {"kind": "synthetic", "pairs": 40, "dim": 4, "classes": 2}, "operators": {"names": "linear"}}
    done = perform({**config, "run": {"device": "cpu"}}).expect_finished()
    assert [notice.kind for notice in done.notices] == ["tuning-ignored"]
