"""A PostgreSQL of our own for a test run: always there in CI, and used wherever Debian's or another's is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from tests.memory_disk import memory_disk

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "max_wal_size": "128MB",
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "fatal",
}

Admin = psycopg.Connection[tuple[object, ...]]
"""Somebody with a SQL prompt."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server, reached by its superuser over loopback."""

    port: int

    def url(self, database: str) -> SecretStr:
        """What `SWINEHERD_DATABASE_URL` would be."""
        return SecretStr(f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}")

    def make(self, database: str, template: str = "template0") -> None:
        """A new database: a copy of `template`, in place of one that has the name."""
        self._run((_DROP, database), ("CREATE DATABASE {} TEMPLATE {}", database, template))

    def drop(self, database: str) -> None:
        """Away with it, and with whoever is still connected."""
        self._run((_DROP, database))

    def _run(self, *statements: tuple[str, ...]) -> None:
        """Each with the names that it needs, on one connection: a login costs half of what a copy does."""
        with psycopg.connect(self.url("postgres").get_secret_value(), autocommit=True) as connection:
            for statement, *names in statements:
                connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


PASSWORD = "correct-horse"

_DROP = "DROP DATABASE IF EXISTS {} WITH (FORCE)"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server with nothing in it, on a memory disk where there is one: with every fsync, and fast all the same."""
    programs = _programs()
    root = Path(tempfile.mkdtemp(prefix="swineherd-pg-", dir=memory_disk()))
    try:
        as_whom = _nobody_important(root)
        data, log, secret = root / "data", root / "log", root / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        owner: list[str | Path] = ["-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret]
        initdb: list[str | Path] = [*as_whom, programs / "initdb", "-D", data, *owner]
        _run([*initdb, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"], root)
        port = _free_port()
        settings = _SETTINGS | {"port": str(port), "unix_socket_directories": str(root)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        control: list[str | Path] = [*as_whom, programs / "pg_ctl", "-D", data, "-w"]
        _run([*control, "-l", log, "-o", options, "start"], root)
        try:
            yield Cluster(port)
        finally:
            _run([*control, "-m", "immediate", "stop"], root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _programs() -> Path:
    """The folder of `initdb` and `pg_ctl`; Debian keeps them off the path."""
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = [*known, *([Path(on_path)] if on_path else [])]
    if not found:
        message = "PostgreSQL is missing: install it (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found[-1].parent


def _nobody_important(folder: Path) -> Sequence[str]:
    """How to run the server, which refuses to run as root: then as the user that its package made."""
    if os.geteuid() != 0:
        return ()
    shutil.chown(folder, "postgres", "postgres")
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


def _run(command: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
