"""Whether the spend log can be believed: the file, its rules, the history, and every row against the history.

Whoever may write the file may also take its rules away first, so nothing here trusts that a trigger was in force.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise

from sqlite_utils import Database as FileDatabase

from policies.charge import BORN, FINAL, MOVES, SPENT, ChargeState
from policies.money import usd
from policies.order import short_id
from tools.spend_log import chain
from tools.spend_log.codec import Row
from tools.spend_log.journal import Line
from tools.spend_log.rows import Finding
from tools.spend_log.schema import MIGRATIONS
from tools.spend_log.sql import Database

Lines = Sequence[tuple[int, Line]]

_SETTLED = ", ".join(f"'{state}'" for state in sorted(SPENT & FINAL))
_SUMS = f"""
    WITH settled AS (SELECT amount, run_id, auto, rail, coalesce(settled_at, '') AS settled_at FROM charges
        WHERE state IN ({_SETTLED}))
    SELECT span, period, sum(amount) AS cents FROM (
        SELECT 'day' AS span, substr(settled_at, 1, 10) AS period, amount FROM settled
        UNION ALL SELECT 'month', substr(settled_at, 1, 7), amount FROM settled
        UNION ALL SELECT 'run', coalesce(run_id, ''), amount FROM settled
        UNION ALL SELECT 'all', '', amount FROM settled
        UNION ALL SELECT 'auto_day', substr(settled_at, 1, 10), amount FROM settled
            WHERE auto = 1 AND rail = 'credits'
    ) AS sums GROUP BY span, period
"""  # noqa: S608 - made of constants


def audit(db: FileDatabase, journal: Lines) -> list[Finding]:
    """Everything that is wrong, the file first; an empty list means that the log can be believed.

    Args:
        journal: the readable lines of `orders.jsonl` with their numbers, read before the transaction at hand began
            and while nobody wrote: a line is there before the row that it is about.
    """
    damage = [Finding("the file", row[0]) for row in db.execute("PRAGMA quick_check(20)") if row[0] != "ok"]
    if damage:
        return damage
    return [*_rules(db), *contradictions(db, journal, alone=True)]


def contradictions(db: Database, journal: Lines, *, alone: bool) -> list[Finding]:
    """What the history, the rows, the sums and `orders.jsonl` say against each other, in whatever store they are.

    Args:
        alone: whether every order of the store was written down in this `orders.jsonl`; where several machines share
            the store, each has one of its own.
    """
    unnamed = _orders_not_named(db, journal) if alone else ()
    return [*_history(db, journal), *_orders_not_kept(db, journal), *unnamed, *_charges(db), *_sums(db)]


def _rules(db: FileDatabase) -> Iterator[Finding]:
    """Triggers, indexes and tables that are not as the migrations made them."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    with closing(sqlite3.connect(":memory:")) as fresh:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                fresh.execute(statement)
        due = _schema(fresh)
    there = _schema(db.conn)
    for (kind, name), sql in due.items():
        if (kind, name) not in there:
            yield Finding(f"{kind} {name}", "is missing from the database")
        elif there[kind, name] != sql:
            yield Finding(f"{kind} {name}", "was changed in the database")


def _schema(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    return {(kind, name): sql for kind, name, sql in found}


def _history(db: Database, journal: Lines) -> Iterator[Finding]:
    broken = chain.broken(db, {line.head: number for number, line in reversed(journal)})
    if broken is not None:
        yield Finding("history", broken)


def _orders_not_kept(db: Database, journal: Lines) -> Iterator[Finding]:
    """`orders.jsonl` against the table: it names machines that the database may have lost."""
    known = {row["order_id"] for row in db.query("SELECT order_id FROM orders")}
    named = {line.order_id: number for number, line in reversed(journal) if line.order_id}
    for order_id, number in sorted(named.items(), key=lambda item: item[1]):
        if order_id not in known:
            what = f"orders.jsonl line {number} names it, and the database does not have it"
            yield Finding(f"order {short_id(order_id)}", what)


def _orders_not_named(db: Database, journal: Lines) -> Iterator[Finding]:
    """And the other way round."""
    named = {line.order_id for _, line in journal}
    for row in db.query("SELECT order_id, run_id FROM orders ORDER BY seq"):
        if row["order_id"] not in named:
            what = f"the database has it (run {row['run_id']}), and orders.jsonl does not name it"
            yield Finding(f"order {short_id(row['order_id'])}", what)


def _charges(db: Database) -> Iterator[Finding]:
    """Each row against its own events: it began as a charge may, moved as one may, and stands where they end."""
    told: dict[str, list[tuple[int, Row]]] = {}
    for event in db.query("SELECT seq, charge_id, body FROM events WHERE kind = 'charge' ORDER BY seq"):
        told.setdefault(event["charge_id"], []).append((event["seq"], _body(event["body"])))
    for row in db.query("SELECT * FROM charges ORDER BY seq"):
        for problem in _charge(row, told.pop(row["charge_id"], [])):
            yield Finding(f"charge {row['charge_id']}", problem)
    for charge_id, events in told.items():
        yield Finding(f"charge {charge_id}", f"event {events[0][0]} tells of it, and its row is gone")


def _charge(row: Row, events: Sequence[tuple[int, Row]]) -> Iterator[str]:
    if not events:
        yield f"the row says {row['state']}, ${usd(row['amount'])}, and the history never heard of it"
        return
    yield from _moves(events)
    seq, last = events[-1]
    if last.get("to") != row["state"]:
        yield f"the row says {row['state']}, the history (event {seq}) {last.get('to')}"
    if last.get("usd") != usd(row["amount"]):
        yield f"the row says ${usd(row['amount'])}, the history (event {seq}) ${last.get('usd')}"
    if (row["state"] in FINAL) != (row["settled_at"] is not None):
        yield f"it is {row['state']}, and its time of settling is {row['settled_at'] or 'not set'}"


def _moves(events: Sequence[tuple[int, Row]]) -> Iterator[str]:
    first_seq, first = events[0]
    if _state(first) not in BORN:
        yield f"it begins as {first.get('to')} (event {first_seq}), which no charge may"
    for (_, before), (seq, after) in pairwise(events):
        step = (_state(before), _state(after))
        grew = step == (ChargeState.ACCRUING, ChargeState.ACCRUING)
        if step not in MOVES and not grew:
            yield f"it went from {before.get('to')} to {after.get('to')} (event {seq}), which is no legal move"


def _state(body: Row) -> ChargeState | None:
    to = body.get("to")
    return ChargeState(to) if to in list(ChargeState) else None


def _body(text: str) -> Row:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _sums(db: Database) -> Iterator[Finding]:
    """The running totals that the caps are checked against: lowered by hand, they would let more be spent."""
    due = _by_period(db.query(_SUMS))
    kept = _by_period(db.query("SELECT span, period, cents FROM totals"))
    for span, period in sorted(due.keys() | kept.keys()):
        rows, total = due.get((span, period), 0), kept.get((span, period), 0)
        if rows != total:
            yield Finding(f"total {span} {period}".rstrip(), f"says ${usd(total)}, the charges add up to ${usd(rows)}")


def _by_period(rows: Iterator[Row]) -> Mapping[tuple[str, str], int]:
    return {(row["span"], row["period"]): row["cents"] for row in rows}
