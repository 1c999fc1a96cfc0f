"""Which home has the files of a run. Every function works inside the caller's transaction.

A store that lies in a home needs none of it: all of its runs are there.
"""

from collections.abc import Iterable
from datetime import datetime

from tools.spend_log.chain import append
from tools.spend_log.database import insert, one
from tools.spend_log.sql import Database


def at_home(run: str) -> str:
    """The condition that `:home` has a run's files, or is "" for any.

    Args:
        run: the column with the run's id, with its table.
    """
    # A column's name, from this package.
    here = f"SELECT 1 FROM run_homes h WHERE h.run_id = {run} AND h.home = :home"  # noqa: S608
    return f"(:home = '' OR EXISTS ({here}))"


def keep(db: Database, run_id: str, home: str) -> None:
    """Nothing for "", the home of a store that has no other."""
    if home:
        insert(db, "run_homes", {"run_id": run_id, "home": home})


def of_run(db: Database, run_id: str) -> str:
    """See `Driving.home_of`."""
    row = one(db, "SELECT home FROM run_homes WHERE run_id = ?", run_id)
    return str(row["home"]) if row else ""


def without(db: Database) -> list[str]:
    """See `Driving.homeless`."""
    found = db.query(
        "SELECT run_id FROM runs WHERE ended_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM run_homes WHERE run_homes.run_id = runs.run_id) ORDER BY seq"
    )
    return [row["run_id"] for row in found]


def adopt(db: Database, run_ids: Iterable[str], home: str, now: datetime) -> None:
    """See `Driving.adopt`."""
    for run_id in run_ids:
        if not of_run(db, run_id):
            keep(db, run_id, home)
            append(db, now, "adopted", {"home": home}, run_id=run_id)
