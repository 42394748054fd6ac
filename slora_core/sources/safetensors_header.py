"""The header of a .safetensors file, read and written.

Format: 8 bytes little-endian header length, a JSON object {name: {dtype, shape, data_offsets}}, the data without gaps.
The safetensors library validates a file before its offsets are trusted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open

from slora_core.sources.array_specs import FLOAT_BYTES, INTEGER_BYTES, ArrayFile, ArraySpec

_NAMES: Final = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "BOOL": "bool",
}
_CODES: Final = {name: code for code, name in _NAMES.items()}
_ALIGNMENT: Final = 64


def read_safetensors(file: ArrayFile) -> tuple[dict[str, ArraySpec], dict[str, str]]:
    """Every tensor by its name, and the metadata. Raises InputError for a damaged or truncated file."""
    try:
        with safe_open(str(file.path), framework="numpy") as checked:
            metadata = dict(checked.metadata() or {})
        with file.path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length))
    except (SafetensorError, OSError, ValueError) as error:
        raise file.error(f"is not a valid safetensors file (truncated or damaged): {error}") from None
    header.pop("__metadata__", None)
    specs = {
        name: ArraySpec(
            file.path,
            name,
            _NAMES.get(entry["dtype"], entry["dtype"]),
            tuple(entry["shape"]),
            8 + length + entry["data_offsets"][0],
        )
        for name, entry in header.items()
    }
    return specs, metadata


def lay_out(
    path: Path, tensors: Mapping[str, tuple[str, tuple[int, ...]]], metadata: Mapping[str, str]
) -> tuple[bytes, dict[str, ArraySpec], int]:
    """Header bytes, the place of every tensor (name -> dtype, shape) and the size of the whole file."""
    entries: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    starts: dict[str, int] = {}
    end = 0
    for name, (dtype, shape) in tensors.items():
        starts[name] = end
        end += prod(shape) * (FLOAT_BYTES | INTEGER_BYTES)[dtype]
        entries[name] = {"dtype": _CODES[dtype], "shape": list(shape), "data_offsets": [starts[name], end]}
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    header = len(text).to_bytes(8, "little") + text
    places = {
        name: ArraySpec(path, name, dtype, shape, len(header) + starts[name])
        for name, (dtype, shape) in tensors.items()
    }
    return header, places, len(header) + end
