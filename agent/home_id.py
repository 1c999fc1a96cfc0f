"""The name of a home, where several share a store: what tells the runs whose files lie in it from all others."""

import os
import re
from collections.abc import Callable

from agent.folders import Home, write_atomically
from tools.errors import StoreUnusable
from tools.spend_log.database import folder_locked, readable_errors

_FORM = re.compile(r"[a-z0-9]+-[0-9a-f]+")


def home_id(home: Home, new_id: Callable[[str], str]) -> str:
    """Read the home's id; made once, whoever comes first. The folder must be there.

    Raises:
        StoreUnusable: it can't be read or written, or what is there is no id.
    """
    with readable_errors(home.id_file), folder_locked(home.path) as folder:
        if not home.id_file.exists():
            write_atomically(home.id_file, f"{new_id('home')}\n")
            # Runs will name it on a server: a power cut here must not give their files to another home.
            os.fsync(folder)
        found = home.id_file.read_text(encoding="ascii", errors="replace").strip()
    if not _FORM.fullmatch(found):
        raise StoreUnusable(
            f"{home.id_file} holds no id of a home: restore it from a backup, or set SWINEHERD_HOME to a new folder"
        )
    return found
