"""Cached rows on disk: packs of rows, each a safetensors file, put in place by a rename and never changed.

Several processes may use one folder: a reader takes no lock and sees complete packs only, and a pack that another
process has removed or renamed, or whose rows do not match their checksum, is a miss. The name of a pack begins with
the step in which it was last used; using it in a later step renames it. Torch-free.
"""

from __future__ import annotations

import os
import re
import secrets
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from slora_core.errors import InputError
from slora_core.sources.array_files import open_array_file

ROWS_A_PACK: Final = 1024
KEY_BYTES: Final = 16
_NAME: Final = re.compile(r"(\d{8})-[0-9a-f]{16}\.safetensors")
_EXPECTED: Final = "keys [n, 16], features [n, d] and checksums [n]"


@dataclass(slots=True)
class _Pack:
    path: Path
    step: int
    features: NDArray[np.float32]
    checksums: NDArray[np.int64]


class DiskTier:
    """Rows under ``folder``, at most ``max_bytes`` of them; the least recently used packs go first.

    Every opened tier works in the step after the last one found there. Whatever goes wrong with the folder makes the
    cache smaller and never stops a run.
    """

    def __init__(self, folder: Path, max_bytes: int, expiry: int = 8) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.expiry = expiry
        self.damaged = 0
        self._packs: dict[str, _Pack] = {}
        self._index: dict[bytes, tuple[_Pack, int]] = {}
        self._pending: dict[bytes, NDArray[np.float32]] = {}
        self.refresh()
        self.step = 1 + max((pack.step for pack in self._packs.values()), default=0)

    @property
    def rows(self) -> int:
        return len(self._index) + len(self._pending)

    def refresh(self) -> None:
        """Take in what other processes have written, and forget what they have removed."""
        present = {path.name: path for path in self._listed()}
        for name in self._packs.keys() - present.keys():
            self._forget(name)
        for name in present.keys() - self._packs.keys():
            self._open(present[name])

    def next_step(self) -> None:
        """A new task begins: packs that were not used for ``expiry`` steps go."""
        self.refresh()
        self.step = 1 + max(self.step, *(pack.step for pack in self._packs.values()), 0)
        self._trim()

    def read(self, key: bytes) -> NDArray[np.float32] | None:
        """The row of ``key``; None when there is none, or a damaged one."""
        if key in self._pending:
            return self._pending[key]
        found = self._index.get(key)
        if found is None:
            return None
        pack, number = found
        row = np.array(pack.features[number])
        if zlib.crc32(row.tobytes(), zlib.crc32(key)) != pack.checksums[number]:
            del self._index[key]
            self.damaged += 1
            return None
        if pack.step < self.step:
            self._use(pack)
        return row

    def put(self, keys: Sequence[bytes], rows: NDArray[np.float32]) -> None:
        """Keep ``rows`` [n, d] of ``keys``; they are on disk after a pack is full, or :meth:`flush`."""
        if rows.nbytes > self.max_bytes:
            return
        for key, row in zip(keys, rows, strict=True):
            if key not in self._index:
                self._pending[key] = np.array(row, np.float32)
        if len(self._pending) >= ROWS_A_PACK:
            self.flush()

    def flush(self) -> None:
        """Write what is pending; a folder that cannot be written keeps nothing."""
        if not self._pending:
            return
        keys, rows = list(self._pending), np.stack(list(self._pending.values()))
        checksums = [zlib.crc32(row.tobytes(), zlib.crc32(key)) for key, row in zip(keys, rows, strict=True)]
        tensors: dict[str, NDArray[Any]] = {
            "keys": np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES),
            "features": rows,
            "checksums": np.array(checksums, np.int64),
        }
        self._pending.clear()
        target = self.folder / f"{self.step:08d}-{secrets.token_hex(8)}.safetensors"
        temporary = target.with_name(f".{target.name}.tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(save(tensors))
            temporary.replace(target)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            return
        self._open(target)
        self._trim()

    def close(self) -> None:
        self.flush()
        self._packs.clear()
        self._index.clear()

    def _listed(self) -> list[Path]:
        try:
            return [Path(entry.path) for entry in os.scandir(self.folder) if _NAME.fullmatch(entry.name)]
        except OSError:
            return []

    def _open(self, path: Path) -> None:
        try:
            file = open_array_file(path, "feature pack", _EXPECTED)
            specs = [file.require("keys", 2, "integer"), file.require("features", 2, "float")]
            specs.append(file.require("checksums", 1, "integer"))
            if len({spec.shape[0] for spec in specs}) != 1 or specs[0].shape[1] != KEY_BYTES:
                raise file.error("has tables that do not fit together")
            keys, features, checksums = (
                np.memmap(path, spec.dtype, "r", offset=spec.offset, shape=spec.shape) for spec in specs
            )
        except (InputError, OSError, ValueError, SafetensorError):
            self.damaged += path.exists()
            with suppress(OSError):
                path.unlink()
            return
        pack = _Pack(path, int(path.name[:8]), features, np.array(checksums))
        self._packs[path.name] = pack
        for number, key in enumerate(np.array(keys)):
            self._index[key.tobytes()] = (pack, number)

    def _use(self, pack: _Pack) -> None:
        """Used in this step: under a new name it is the youngest."""
        target = pack.path.with_name(f"{self.step:08d}{pack.path.name[8:]}")
        pack.step = self.step
        with suppress(OSError):
            pack.path.rename(target)
            del self._packs[pack.path.name]
            pack.path = target
            self._packs[target.name] = pack

    def _forget(self, name: str) -> None:
        pack = self._packs.pop(name)
        self._index = {key: found for key, found in self._index.items() if found[0] is not pack}

    def _trim(self) -> None:
        """Remove expired packs, then the oldest beyond ``max_bytes``."""
        left = self.max_bytes
        for name, pack in sorted(self._packs.items(), reverse=True):
            left -= pack.features.nbytes
            if left < 0 or pack.step < self.step - self.expiry:
                self._forget(name)
                with suppress(OSError):
                    pack.path.unlink()
