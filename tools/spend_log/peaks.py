"""Peaks in the log: maxima by order. Every function works inside the caller's transaction.

They are no money, and no part of the hash-chained history: whoever changes one makes a job ask for another GPU, within
every cap and under every approval.
"""

import json
from collections.abc import Iterator

from policies.offer import Offer
from tools.spend_log import orders
from tools.spend_log.codec import Row, decode, encode
from tools.spend_log.database import insert, one
from tools.spend_log.peak_rows import GpuUse, Peak, PeakEnd, Work
from tools.spend_log.sql import Database

_PEAKS = """
    SELECT p.*, o.run_id, o.attempt, a.offer, r.job_sha256 FROM peaks p
    JOIN orders o ON o.order_id = p.order_id
    JOIN attempts a ON a.run_id = o.run_id AND a.number = o.attempt
    JOIN runs r ON r.run_id = o.run_id
"""


def keep_work(db: Database, run_id: str, work: Work | None) -> None:
    """Nothing for None."""
    if work is not None:
        insert(db, "run_works", {"run_id": run_id, **encode(work)})


def work_of(db: Database, run_id: str) -> Work | None:
    row = one(db, "SELECT * FROM run_works WHERE run_id = ?", run_id)
    return decode(Work, row) if row else None


def rises(db: Database, order_id: str, use: GpuUse) -> bool:
    """Whether `keep` would write anything."""
    kept = _kept(db, order_id)
    return use != GpuUse() and (kept is None or _most(decode(GpuUse, kept), use) != decode(GpuUse, kept))


def keep(db: Database, order_id: str, use: GpuUse) -> None:
    """The higher figure of each; LookupError when there is no such order."""
    kept = _kept(db, order_id)
    if kept is None:
        orders.need(db, order_id)
        insert(db, "peaks", {"order_id": order_id, **encode(use)})
        return
    most = encode(_most(decode(GpuUse, kept), use))
    changes = ", ".join(f"{name} = :{name}" for name in most)
    db.execute(f"UPDATE peaks SET {changes} WHERE order_id = :order_id", most | {"order_id": order_id})  # noqa: S608


def end(db: Database, order_id: str, how: PeakEnd) -> None:
    """Once: how a job ended stays as it was said first."""
    if _kept(db, order_id) is None:
        keep(db, order_id, GpuUse())
    db.execute("UPDATE peaks SET job_end = ? WHERE order_id = ? AND job_end = ''", [how.value, order_id])


def of_run(db: Database, run_id: str) -> list[Peak]:
    """Oldest first."""
    return list(_read(db, f"{_PEAKS} WHERE o.run_id = ? ORDER BY o.seq", run_id))


def of_work(db: Database, sha256: str, limit: int) -> list[Peak]:
    """Newest first, of jobs of which is known how they ended."""
    counting = "JOIN run_works w ON w.run_id = o.run_id WHERE w.sha256 = ? AND p.job_end <> ''"
    return list(_read(db, f"{_PEAKS} {counting} ORDER BY o.seq DESC LIMIT ?", sha256, limit))


def _read(db: Database, sql: str, *args: object) -> Iterator[Peak]:
    for row in db.query(sql, args):
        offer = decode(Offer, json.loads(row["offer"]))
        use, how = decode(GpuUse, row), PeakEnd(row["job_end"])
        gpu = (offer.gpu_name, offer.vram_gb)
        yield Peak(row["order_id"], row["run_id"], row["attempt"], *gpu, row["job_sha256"], use, how)


def _kept(db: Database, order_id: str) -> Row | None:
    return one(db, "SELECT * FROM peaks WHERE order_id = ?", order_id)


def _most(one_use: GpuUse, other: GpuUse) -> GpuUse:
    return GpuUse(
        _higher(one_use.memory_mib, other.memory_mib),
        _higher(one_use.gpu_util, other.gpu_util),
        _higher(one_use.mem_util, other.mem_util),
    )


def _higher(figure: int | None, other: int | None) -> int | None:
    return max((one for one in (figure, other) if one is not None), default=None)
