"""A disk in memory, where every fsync is made and none is waited for. A SIGKILL means the same there as anywhere."""

import os
import shutil
from functools import cache
from pathlib import Path

_PLACE = Path("/dev/shm")
_ROOM_BYTES = 2 << 30
"""Containers often have one of 64 MB, too small for a server or a test run; and some run no program from it."""


@cache
def memory_disk() -> Path | None:
    """Where it is; None where there is none that serves."""
    if not _PLACE.is_dir() or shutil.disk_usage(_PLACE).free < _ROOM_BYTES:
        return None
    return None if os.statvfs(_PLACE).f_flag & os.ST_NOEXEC else _PLACE
