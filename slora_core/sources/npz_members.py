"""Where the arrays of a .npz archive lie: the zip directory and each member's .npy header, nothing more.

Formats: APPNOTE.TXT 6.3 (local file header: 30 bytes and two variable fields), numpy.lib.format versions 1.0 and 2.0.
"""

from __future__ import annotations

import struct
import threading
import zipfile
import zlib
from math import prod
from typing import IO, Final

import numpy as np

from slora_core.sources.array_specs import FLOAT_BYTES, INTEGER_BYTES, ArrayFile, ArraySpec

_LOCAL_HEADER: Final = struct.Struct("<4s22x2H")
_ENCRYPTED: Final = 0x1


_PARSING: Final = threading.Lock()
"""NumPy reads a header with Python's own parser, which Python 3.11 does not always survive in two threads at once."""


def read_npz(file: ArrayFile) -> dict[str, ArraySpec]:
    """Every .npy member by its key. Raises InputError for an archive that is damaged, encrypted or truncated."""
    try:
        with zipfile.ZipFile(file.path) as archive, file.path.open("rb") as raw:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            specs = [_read_member(file, archive, raw, info) for info in members]
    except zipfile.BadZipFile as error:
        raise file.error(f"is not a complete zip archive (truncated or damaged): {error}") from None
    except (OSError, EOFError, NotImplementedError, zlib.error) as error:
        raise file.error(f"cannot be read as a zip archive: {error}") from None
    return {spec.key: spec for spec in specs}


def _read_member(file: ArrayFile, archive: zipfile.ZipFile, raw: IO[bytes], info: zipfile.ZipInfo) -> ArraySpec:
    key = info.filename.removesuffix(".npy")
    if info.flag_bits & _ENCRYPTED:
        raise file.error(f"key {key!r} is encrypted; expected a plain .npz")
    with archive.open(info) as stream:
        shape, fortran, dtype = _read_npy_header(file, key, stream)
        start = stream.tell()
    name = "object" if dtype.hasobject else dtype.name
    expected = prod(shape) * dtype.itemsize
    found = info.file_size - start
    if any(size < 0 for size in shape) or (name != "object" and found != expected):
        raise file.error(f"key {key!r} holds {found} bytes of data; expected {expected} for {list(shape)} {name}")
    packing = _packing(info, fortran and len(shape) > 1, dtype)
    if info.compress_type == zipfile.ZIP_STORED:
        start += _data_offset(file, raw, info)
    return ArraySpec(file.path, key, name, shape, start, packing, info.filename)


def _read_npy_header(
    file: ArrayFile, key: str, stream: IO[bytes]
) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    try:
        version = np.lib.format.read_magic(stream)
        with _PARSING:
            if version == (1, 0):
                return np.lib.format.read_array_header_1_0(stream)
            if version == (2, 0):
                return np.lib.format.read_array_header_2_0(stream)
    except (ValueError, TypeError) as error:
        raise file.error(f"key {key!r} has no valid .npy header: {error}") from None
    raise file.error(f"key {key!r} has .npy format {version}; expected version 1.0 or 2.0")


def _packing(info: zipfile.ZipInfo, fortran: bool, dtype: np.dtype[np.generic]) -> str:
    known = dtype.name in FLOAT_BYTES | INTEGER_BYTES
    reasons = [
        "compressed" if info.compress_type != zipfile.ZIP_STORED else "",
        "column by column" if fortran else "",
        "big-endian" if known and dtype.newbyteorder("<") != dtype else "",
    ]
    return ", ".join(filter(None, reasons))


def _data_offset(file: ArrayFile, raw: IO[bytes], info: zipfile.ZipInfo) -> int:
    """Of the member's first byte in the file: the local header's variable fields differ from the directory's."""
    raw.seek(info.header_offset)
    header = raw.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\3\4"):
        raise file.error(f"key {info.filename.removesuffix('.npy')!r} has no local zip header: the file is damaged")
    _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    return info.header_offset + _LOCAL_HEADER.size + int(name_bytes) + int(extra_bytes)
