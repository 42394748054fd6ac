"""One writer at a time for a file, by a lock of the system that ends with its holder, however that ends. Torch-free."""

from __future__ import annotations

import os
import sys
from typing import IO, Any, Final

_BEYOND: Final = 2**40
"""Where Windows, which lets nobody read what is locked, locks a byte: no file is as long."""


def try_lock(file: IO[Any]) -> bool:
    """Lock an open file until it is closed; False where somebody else holds it.

    A file system without locks counts as free.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file.fileno(), _BEYOND, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
