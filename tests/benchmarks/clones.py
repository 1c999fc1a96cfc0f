"""Copies of parked runs, as their rows in the spend log and their checkpoints; only their number is another.

A run is known by a number of seven digits, in its own id, its charge's and its order's. Copies have no events: those
are a chain, and nobody who looks after parked runs reads them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from agent.folders import Home

FIRST = 9_000_001
"""The number of the first run: seven digits that no time and no amount has."""

_OF_RUNS = ("runs", "attempts", "approvals", "charges", "orders", "parked")


def clone(home: Home, originals: Sequence[int], numbers: Iterable[int]) -> None:
    """Copy the originals, in turn, to runs of these numbers."""
    pairs = [(originals[place % len(originals)], number) for place, number in enumerate(numbers)]
    with _changing(home.spend_log) as db, _without_rules(db):
        for table in _OF_RUNS:
            _copy(db, table, "run_id", pairs)
    with _changing(home.checkpoints) as db:
        for table in ("checkpoints", "writes"):
            _copy(db, table, "thread_id", pairs)
    for _, number in pairs:
        home.run(f"train-{number}").make()


def _copy(db: sqlite3.Connection, table: str, key: str, pairs: Sequence[tuple[int, int]]) -> None:
    """A row number of the table's own is left to the table."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "seq"]
    names, changed = ", ".join(columns), ", ".join(f"renumber({name}, :old, :new)" for name in columns)
    query = f"INSERT INTO {table} ({names}) SELECT {changed} FROM {table} WHERE {key} = :run_id"
    for old, new in pairs:
        db.execute(query, {"old": str(old), "new": str(new), "run_id": f"train-{old}"})


_Value = str | bytes | int | float | None


def _renumber(value: _Value, old: str, new: str) -> _Value:
    match value:
        case str():
            return value.replace(old, new)
        case bytes():
            return value.replace(old.encode(), new.encode())
        case _:
            return value


@contextmanager
def _changing(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as db:
        db.create_function("renumber", 3, _renumber)
        db.execute("PRAGMA synchronous = OFF")
        with db:
            yield db


@contextmanager
def _without_rules(db: sqlite3.Connection) -> Iterator[None]:
    """A copy of a paid charge was never held: the rules would not have it."""
    rules = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in rules:
        db.execute(f"DROP TRIGGER {name}")
    yield
    for _, text in rules:
        db.execute(text)
