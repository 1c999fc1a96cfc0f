"""The file of a new spend log, made once for a process: who begins with one gets a copy, in a fifth of the time."""

import tempfile
from functools import cache
from pathlib import Path

from tests.memory_disk import memory_disk
from tools.spend_log.home import make_folder
from tools.spend_log.log import SqliteSpendLog


def put_empty_store(path: Path) -> None:
    """What `SqliteSpendLog.open` would make at `path`, so that it only has to open it."""
    make_folder(path.parent)
    path.touch(0o600, exist_ok=False)
    path.write_bytes(_made())


@cache
def _made() -> bytes:
    """The file that the spend log itself makes."""
    with tempfile.TemporaryDirectory(dir=memory_disk()) as folder:
        path = Path(folder) / "spend.db"
        SqliteSpendLog.open(path).close()
        return path.read_bytes()
