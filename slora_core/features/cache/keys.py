"""What features are known by: the fingerprint of the model and the digest of the input's bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def fingerprint(model: nn.Module) -> str:
    """SHA-256 of a model's type, parameters and buffers."""
    digest = hashlib.sha256(type(model).__qualname__.encode())
    for name, tensor in model.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def row_digests(inputs: Tensor) -> list[bytes]:
    """SHA-256 of every row of ``inputs`` [b, ...], of its shape and its dtype."""
    shape = f"{tuple(inputs.shape[1:])}{inputs.dtype}".encode()
    return [hashlib.sha256(shape + _bytes(row)).digest() for row in inputs.detach().cpu()]


def entry_keys(model_key: str, digests: Sequence[bytes]) -> list[bytes]:
    """Of one model and every row: 16 bytes each."""
    model = model_key.encode()
    return [hashlib.blake2b(digest, key=hashlib.sha256(model).digest(), digest_size=16).digest() for digest in digests]


def _bytes(tensor: Tensor) -> bytes:
    return bytes(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
