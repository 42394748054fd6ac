import contextlib
import os
import platform
from types import SimpleNamespace

import psutil
import pytest
import torch

from slora_core.errors import DeviceError
from slora_core.memory.device import CPU_PROFILE, CUDA_PROFILE
from slora_core.memory.devices import budget_cap, environment, profile_of, resolve_device


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch):
    def install(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: 1 if count > 1 else 0)

    return install


def test_auto_takes_a_card_where_there_is_one(cards):
    cards(0)
    assert resolve_device("auto") == torch.device("cpu")
    cards(2)
    assert resolve_device("auto") == torch.device("cuda", 1)
    assert resolve_device("cuda") == torch.device("cuda", 1)
    assert resolve_device("cuda:0") == torch.device("cuda", 0)
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(
    ("count", "name", "known"),
    [(0, "cuda", "cpu"), (0, "cuda:0", "cpu"), (2, "cuda:2", "cpu, cuda:0, cuda:1"), (1, "tpu", "cpu, cuda:0")],
)
def test_a_device_that_is_not_there_is_named_with_those_that_are(cards, count, name, known):
    cards(count)

    with pytest.raises(DeviceError) as refused:
        resolve_device(name)

    assert str(refused.value) == f"device {name!r} is not on this machine: it has {known}"


def test_a_profile_has_the_machines_name_and_memory(monkeypatch: pytest.MonkeyPatch):
    cpu = profile_of(torch.device("cpu"))
    card = SimpleNamespace(name="Card 9000", total_memory=10**10, major=9, minor=0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    cuda = profile_of(torch.device("cuda", 0))

    assert (cpu.kind, cpu.total_bytes, cpu.gemm32) == ("cpu", psutil.virtual_memory().total, CPU_PROFILE.gemm32)
    assert cpu.name
    assert (cuda.name, cuda.total_bytes, cuda.rounding_bytes) == ("Card 9000", 10**10, CUDA_PROFILE.rounding_bytes)


def test_the_environment_says_what_ran():
    found = environment(torch.device("cpu"))

    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__
    assert found["cpu_count"] == os.cpu_count()
    assert (found["device"], found["device_name"]) == ("cpu", profile_of(torch.device("cpu")).name)
    assert environment()["device"] is None


def test_the_pool_is_capped_at_the_budget_and_freed_again(monkeypatch: pytest.MonkeyPatch):
    fractions = [1.0]
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 50)
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda device: fractions[-1])
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda value, device: fractions.append(value))
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=1000))

    with contextlib.suppress(ZeroDivisionError), budget_cap(torch.device("cuda", 0), 250):
        assert fractions == [1.0, 0.3]  # beside the 50 that the program holds
        raise ZeroDivisionError
    assert fractions == [1.0, 0.3, 1.0]

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: fractions.append(-1.0))
    with budget_cap(torch.device("cuda", 0), 250) as lifted:
        with contextlib.suppress(ZeroDivisionError), lifted():
            assert fractions[-1] == 1.0
            raise ZeroDivisionError
        assert fractions[-2:] == [-1.0, 0.3]  # emptied, then capped again
    del fractions[3:]

    with budget_cap(torch.device("cuda", 0), 5000):
        assert fractions[-1] == 1.0
    with (
        budget_cap(torch.device("cuda", 0), None) as free,
        budget_cap(torch.device("cpu"), 250) as other,
        free(),
        other(),
    ):
        assert fractions == [1.0, 0.3, 1.0, 1.0, 1.0]
