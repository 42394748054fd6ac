"""Keeps the host program's global settings of the framework as they were, whatever a run does to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import numpy as np
import torch

_PRECISIONS: Final = (
    "fp32_precision",
    "cuda.matmul.fp32_precision",
    "cudnn.fp32_precision",
    "cudnn.conv.fp32_precision",
    "cudnn.rnn.fp32_precision",
    "mkldnn.fp32_precision",
    "mkldnn.matmul.fp32_precision",
    "mkldnn.conv.fp32_precision",
    "mkldnn.rnn.fp32_precision",
)
_FLAGS: Final = ("cudnn.deterministic", "cudnn.benchmark", "cuda.matmul.allow_fp16_reduced_precision_reduction")


@contextmanager
def host_state_guard() -> Iterator[None]:
    """Inside: float32 by default, and its products in full precision (no TF32); no inference mode, whose tensors other
    threads could not fill. Afterwards: everything as before.

    Saved are the precision settings (the older flags and the newer ``fp32_precision``), the deterministic flags, the
    number of threads, the default dtype, and the states of the default generators of torch (CPU and CUDA), NumPy and
    Python.
    """
    with ExitStack() as restore:
        for save in (_generators, _precisions, _flags, _threads):
            restore.callback(save())
        torch.set_default_dtype(torch.float32)
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.allow_tf32 = False
        if torch.is_inference_mode_enabled():
            restore.enter_context(torch.inference_mode(False))
        yield


def _generators() -> Callable[[], None]:
    host, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]

    def restore() -> None:
        torch.set_rng_state(host)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)

    return restore


def _precisions() -> Callable[[], None]:
    # The older flags cannot be read once a program has used the newer settings; they then have their defaults.
    matmul = _readable(torch.get_float32_matmul_precision, "highest")
    convolution = _readable(lambda: torch.backends.cudnn.allow_tf32, True)
    newer = {path: _get(path) for path in _PRECISIONS if _has(path)}

    def restore() -> None:
        torch.set_float32_matmul_precision(matmul)
        torch.backends.cudnn.allow_tf32 = convolution
        for path, value in newer.items():
            _set(path, value)

    return restore


def _flags() -> Callable[[], None]:
    deterministic = _deterministic()
    flags = {path: _get(path) for path in _FLAGS}

    def restore() -> None:
        if _deterministic() != deterministic:  # setting it imports the framework's compiler: seconds
            torch.use_deterministic_algorithms(deterministic[0], warn_only=deterministic[1])
        for path, value in flags.items():
            _set(path, value)

    return restore


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _threads() -> Callable[[], None]:
    threads, dtype = torch.get_num_threads(), torch.get_default_dtype()

    def restore() -> None:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)

    return restore


def _readable(read: Callable[[], Any], default: Any) -> Any:
    try:
        return read()
    except RuntimeError:
        return default


def _owner(path: str) -> tuple[Any, str]:
    owner: Any = torch.backends
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent, None)
    return owner, name


def _has(path: str) -> bool:
    owner, name = _owner(path)
    return owner is not None and hasattr(owner, name)


def _get(path: str) -> Any:
    owner, name = _owner(path)
    return getattr(owner, name)


def _set(path: str, value: Any) -> None:
    owner, name = _owner(path)
    setattr(owner, name, value)
