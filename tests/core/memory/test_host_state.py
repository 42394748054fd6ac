import contextlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from slora_core.memory.host_state import host_state_guard


@pytest.fixture(autouse=True)
def framework_defaults(monkeypatch: pytest.MonkeyPatch):
    def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
        torch._C._set_deterministic_algorithms(mode, warn_only=warn_only)  # the real one also imports the compiler

    monkeypatch.setattr(torch, "use_deterministic_algorithms", use_deterministic_algorithms)
    yield
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.deterministic = False
    torch.use_deterministic_algorithms(False)
    torch.set_default_dtype(torch.float32)


def readable(read: Callable[[], object]) -> object:
    try:
        return read()
    except RuntimeError:
        return "unreadable"


def settings() -> list[object]:
    readers = [
        torch.get_float32_matmul_precision,
        lambda: torch.backends.cuda.matmul.allow_tf32,
        lambda: torch.backends.cudnn.allow_tf32,
        lambda: getattr(torch.backends.cuda.matmul, "fp32_precision", None),
        lambda: getattr(torch.backends.cudnn.conv, "fp32_precision", None),
        torch.are_deterministic_algorithms_enabled,
        torch.is_deterministic_algorithms_warn_only_enabled,
        lambda: torch.backends.cudnn.deterministic,
        torch.get_num_threads,
        torch.get_default_dtype,
    ]
    return [readable(read) for read in readers]


def meddle() -> None:
    """What a run might do."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic = True
    torch.backends.cuda.matmul.allow_tf32 = True


def older_flags() -> None:
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.use_deterministic_algorithms(True, warn_only=True)


def newer_flags() -> None:
    torch.backends.cuda.matmul.fp32_precision = "tf32"


@pytest.mark.parametrize("prepare", [lambda: None, older_flags, newer_flags])
def test_the_host_finds_its_settings_as_they_were(prepare: Callable[[], None]):
    if prepare is newer_flags and not hasattr(torch.backends.cuda.matmul, "fp32_precision"):
        pytest.skip("this torch has only the older flags")
    prepare()
    before = settings()

    with contextlib.suppress(ZeroDivisionError), host_state_guard():
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cuda.matmul.allow_tf32
        assert not torch.backends.cudnn.allow_tf32
        meddle()
        raise ZeroDivisionError

    assert settings() == before


def test_the_host_finds_its_generators_as_they_were():
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)
    expected = (torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random())
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)

    with host_state_guard():
        meddle()
        torch.rand(10), np.random.rand(10), random.random()

    assert (torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()) == expected


def test_other_threads_can_fill_what_is_made_although_the_host_is_in_inference_mode():
    with torch.inference_mode():
        with host_state_guard(), ThreadPoolExecutor(1) as thread:
            rows = torch.zeros(2)
            thread.submit(rows.copy_, torch.ones(2)).result()
        assert torch.is_inference_mode_enabled()
    with torch.no_grad(), host_state_guard():
        assert not torch.is_grad_enabled()
    assert rows.tolist() == [1.0, 1.0]
