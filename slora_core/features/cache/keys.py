"""What features are known by: the fingerprint of the model and the digest of the input's bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor, nn


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of a model's type, parameters and buffers, those that are not saved with it included."""
    digest = hashlib.sha256(type(model).__qualname__.encode())
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def plain_settings(model: nn.Module) -> dict[str, str]:
    """The plain attributes of a model's modules as text: which adapter is active is often no more than a name."""
    return {
        f"{path}.{name}": repr(value)
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if name != "training" and _plain(value)
    }


def row_digests(inputs: Tensor) -> list[bytes]:
    """SHA-256 of every row of ``inputs`` [b, ...], of its shape and its dtype."""
    shape = f"{tuple(inputs.shape[1:])}{inputs.dtype}".encode()
    return [hashlib.sha256(shape + _bytes(row)).digest() for row in inputs.detach().cpu()]


def entry_keys(model_key: str, digests: Sequence[bytes]) -> list[bytes]:
    """Of one model and every row: 16 bytes each."""
    model = model_key.encode()
    return [hashlib.blake2b(digest, key=hashlib.sha256(model).digest(), digest_size=16).digest() for digest in digests]


def _plain(value: object) -> bool:
    """Whether the text of ``value`` is all that there is to it: numbers, names, and lists and dictionaries of them."""
    if type(value) is dict:
        return all(_plain(key) and _plain(item) for key, item in value.items())
    if type(value) in (list, tuple):
        return all(_plain(item) for item in cast("Sequence[object]", value))
    return value is None or type(value) in (bool, int, float, str)


def _bytes(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
