"""Moves rows between readers and writers of host memory and tensors of the compute device."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from slora_core.memory.workspace import Workspace
from slora_core.numerics.staging_plan import STAGING_SLOTS


class Staging:
    """The doorway between the host and the device of ``workspace``; buffers from ``staging_buffers``.

    On a CPU readers and writers work on the tensors themselves. Beside a CUDA device they work on two pinned slots in
    turn: an upload returns while its copy is under way, and a slot is written again only when its last copy is done.
    Slots of one ``name`` belong to one staging at a time.
    """

    def __init__(self, workspace: Workspace, name: str = "staging") -> None:
        self._slots: list[Tensor] = []
        self._copied: list[torch.Event] = []
        self._next = 0
        if workspace.device.type == "cuda":
            self._slots = [workspace[f"{name}_{slot}"] for slot in range(STAGING_SLOTS)]
            self._copied = [torch.Event(device=workspace.device) for _ in self._slots]
            for copied in self._copied:
                copied.record()  # copies of an earlier owner come before

    def upload(self, out: Tensor, read: Callable[[Tensor], None]) -> None:
        """Fill the contiguous float32 tensor ``out`` with what ``read`` writes into a CPU tensor of its shape."""
        if not self._slots:
            read(out)
            return
        slot, copied = self._turn()
        host = slot[: out.numel()].view(out.shape)
        read(host)
        out.copy_(host, non_blocking=True)
        copied.record()

    def download(self, tensor: Tensor) -> Tensor:
        """``tensor`` itself on a CPU; else a copy in a pinned slot, valid until the second next call."""
        if not self._slots:
            return tensor
        slot, _ = self._turn()
        host = slot[: tensor.numel()].view(tensor.shape)
        host.copy_(tensor)
        return host

    def _turn(self) -> tuple[Tensor, torch.Event]:
        index, self._next = self._next, (self._next + 1) % len(self._slots)
        self._copied[index].synchronize()
        return self._slots[index], self._copied[index]
