"""The market's own disk: one SQLite file that survives the sandbox process."""

import json
import math
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Self

from tools.sandbox.records import Debit, Order, Settings, Status

_COLUMNS = tuple(field.name for field in fields(Order))
_NAMES = ", ".join(_COLUMNS)
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders ({_NAMES}, PRIMARY KEY (order_id));
CREATE TABLE IF NOT EXISTS debits (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, order_id TEXT NOT NULL,
    kind TEXT NOT NULL, rail TEXT NOT NULL, cents INTEGER NOT NULL, shown_at REAL NOT NULL DEFAULT 0
);
"""
_LATER_COLUMNS = (("orders", "lied_until"), ("orders", "dead"), ("debits", "shown_at REAL NOT NULL DEFAULT 0"))
"""What the books of an older version do not have."""


class Store:
    """Orders, debits and named facts. One process at a time: the server holds a lock on the home."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        for table, column in _LATER_COLUMNS:
            if column.split()[0] not in self._columns(table):
                self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def fact(self, name: str) -> str | None:
        """A remembered text such as the API key, or None."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Keep a text under a name, replacing what was there."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def settings(self) -> Settings:
        """The settings in force; the defaults for what was never set."""
        return Settings(**json.loads(self.fact("settings") or "{}"))

    def keep_settings(self, settings: Settings) -> None:
        """Replace the settings in force."""
        self.remember("settings", json.dumps(asdict(settings)))

    def orders(self) -> list[Order]:
        """Every order ever made, oldest first."""
        rows = self._db.execute(f"SELECT {_NAMES} FROM orders ORDER BY created_at, rowid")  # noqa: S608
        return [_order(row) for row in rows]

    def save(self, order: Order, debits: Iterable[Debit] = ()) -> None:
        """Write an order and what was taken for it, both or neither."""
        marks = ", ".join("?" * len(_COLUMNS))
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.execute(f"INSERT OR REPLACE INTO orders ({_NAMES}) VALUES ({marks})", astuple(order))  # noqa: S608
            self._db.executemany(
                "INSERT INTO debits (at, order_id, kind, rail, cents, shown_at) VALUES (?, ?, ?, ?, ?, ?)",
                [astuple(debit) for debit in debits],
            )

    def debits(self) -> list[Debit]:
        """Every debit and refund, in the order they were booked."""
        rows = self._db.execute("SELECT at, order_id, kind, rail, cents, shown_at FROM debits ORDER BY number")
        return [Debit(*row) for row in rows]

    def credits_spent(self, shown_at: float = math.inf) -> int:
        """The sum of all debits from credits that the account shows at that moment, refunds taken off."""
        sql = "SELECT COALESCE(SUM(cents), 0) FROM debits WHERE rail = 'credits' AND shown_at <= ?"
        return int(self._db.execute(sql, (shown_at,)).fetchone()[0])

    def _columns(self, table: str) -> set[str]:
        return {str(row[1]) for row in self._db.execute(f"PRAGMA table_info({table})")}


def _order(row: tuple[object, ...]) -> Order:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Order(**{**values, "status": Status(str(values["status"])), "dead": bool(values["dead"])})  # type: ignore[arg-type]
