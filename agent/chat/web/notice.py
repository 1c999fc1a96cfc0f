"""What a running server leaves in its home, so that `serve --link` in another terminal can make a link to it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.errors import BadSettings
from agent.folders import write_atomically
from tools.spend_log.rows import Holder


@dataclass(frozen=True, slots=True)
class Notice:
    """Where a server is reached, and who may log in there."""

    origin: str
    people: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """As `--as` takes them."""
        return [person.partition(":")[2] for person in self.people]

    def person(self, name: str | None) -> str:
        """Whom a link is for.

        Raises:
            BadSettings: nobody of that name may log in, or no name was given and several may.
        """
        if name is None and len(self.people) == 1:
            return self.people[0]
        if name not in self.names:
            raise BadSettings(f"--as: one of {', '.join(self.names)} is expected")
        return f"web:{name}"


@contextmanager
def noticed(folder: Path, port: int, notice: Notice, server: Holder) -> Iterator[None]:
    """The notice of the process that listens on `port`, while the block lasts; one that is killed leaves it behind."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _file(folder, port)
    write_atomically(file, json.dumps(asdict(notice) | {"server": asdict(server)}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def read_notice(folder: Path, port: int, alive: Callable[[Holder], bool]) -> Notice:
    """The notice of whoever listens on `port`.

    Args:
        alive: False only for a process that is proven gone.

    Raises:
        BadSettings: nobody does, as far as is known.
    """
    nobody = f"no web chat of {folder.parent} listens on port {port}"
    remedy = "`swineherd serve` starts one; --port and --sandbox name another"
    try:
        written = json.loads(_file(folder, port).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadSettings(f"{nobody}: {remedy}") from error
    server = Holder(**written["server"])
    if not alive(server):
        raise BadSettings(f"{nobody}: the one that did, process {server.pid}, is gone; {remedy}")
    return Notice(written["origin"], tuple(written["people"]))


def _file(folder: Path, port: int) -> Path:
    return folder / f"{port}.json"
