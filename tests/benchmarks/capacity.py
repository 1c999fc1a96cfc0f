"""What so many parked runs cost one worker: parked in one process, looked after in another.

A few runs of each kind are driven through the graph to where they park; the others are copies of them (`clones`).
"""

import asyncio
import logging
import math
import multiprocessing
import sqlite3
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import structlog

from agent.approvals import answer
from agent.clock import SystemClock
from agent.engine.engine import Engine
from agent.engine.leg import Leg
from agent.engine.legs import Came, Legs
from agent.engine.queue import DbosQueue, in_file
from agent.folders import Home
from agent.submit import load_job
from tests.agent.world import JOB
from tests.benchmarks.clones import FIRST, clone
from tests.benchmarks.payer import PAYMENTS, Payer, opened, policy, recall
from tools.gpuhog.limiter import Limiter
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import Recorded
from tools.spend_log.rows import Awaited, Decision

KINDS = tuple(PAYMENTS)
DRIVEN_OF_EACH = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parking:
    """What it cost to drive one more run to its parking place, with all the others parked."""

    cpu_ms: float
    disk_kb: float
    """Of spend log and checkpoints, for each run."""


@dataclass(frozen=True, slots=True)
class Late:
    """Seconds from when a run was to be woken to its leg's first step."""

    median: float
    p95: float
    most: float


@dataclass(frozen=True, slots=True)
class Watch:
    """What it costs to look after them.

    Attributes:
        ready: seconds of wall time and of CPU until the worker was ready.
        cpu_per_second: of the worker, while nothing happens but looks.
        requests: a second, meanwhile.
        rss_mb: at the end.
        answers: how late the runs were that a human had answered.
        purchases: and how long after the yes they had bought.
        deadlines: how late those were whose time was over.
    """

    ready: tuple[float, float]
    cpu_per_second: float
    requests: float
    rss_mb: float
    answers: Late
    purchases: Late
    deadlines: Late


def apart(function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    """In a process of its own, so that neither memory nor caches are another measurement's."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_quietly, function, *args).result()


def _quietly(function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return asyncio.run(function(*args))


async def park(root: Path, size: int) -> Parking:
    """Park `size` runs below `root`."""
    home, project = Home(root / "home"), root / "project"
    project.mkdir(parents=True)
    (project / "job.yaml").write_text(JOB, encoding="utf-8")
    first, last = DRIVEN_OF_EACH, DRIVEN_OF_EACH * len(KINDS)
    driven = [FIRST + place for place in range(last)]
    async with opened(home, policy(Awaited.HUMAN)) as payer:
        await _unsynced(payer)
        for number in driven[:first]:
            await _drive(payer, project, number)
    clone(home, driven[: len(KINDS)], range(FIRST + last, FIRST + size))
    async with opened(home, policy(Awaited.HUMAN)) as payer:
        await _unsynced(payer)
        recall(home, payer.market)
        began = time.process_time()
        for number in driven[first:]:
            await _drive(payer, project, number)
        took = time.process_time() - began
        parked = len(payer.herd.parts.log.parked())
        assert parked == size, parked
    bytes_ = sum(path.stat().st_size for path in home.path.glob("*.db*"))
    return Parking(1000 * took / (last - first), bytes_ / 1024 / size)


async def _unsynced(payer: Payer) -> None:
    """Whether the disk is fast is not the question."""
    payer.herd.parts.log._db.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]
    await payer.saver.conn.execute("PRAGMA synchronous = OFF")


async def _drive(payer: Payer, project: Path, number: int) -> None:
    """One run to where it parks, as a worker drives it."""
    payer.market.wanted_by = str(number)
    rules = policy(KINDS[number % len(KINDS)])
    parts = replace(payer.herd.parts, policy=rules, new_id=lambda prefix: f"{prefix}-{number}")
    run_id = replace(payer.herd, parts=parts).submit(load_job(project / "job.yaml", frozenset()))
    came = await Legs(replace(payer.driver, parts=parts)).drive(Leg(run_id))
    assert came == Came.PARKED, came


async def watch(root: Path, per_second: int, quiet: float, wakings: int) -> Watch:
    """Look after them: `quiet` seconds of nothing but looks, then `wakings` answers and as many deadlines."""
    home = Home(root / "home")
    deadlines = _to_be_late(home, Awaited.DEPLOY, wakings)
    began, cpu = time.monotonic(), time.process_time()
    async with opened(home, policy(Awaited.HUMAN, per_second), Limiter(SystemClock(), per_second)) as payer:
        recall(home, payer.market)
        engine = Engine(payer.herd, partial(DbosQueue.open, in_file(home.queue)))
        stop = asyncio.Event()
        running = asyncio.create_task(engine.run(stop))
        await _until(engine.ready)
        ready = time.monotonic() - began, time.process_time() - cpu
        await _until(lambda: not _unseen_humans(payer))
        cpu_per_second, requests = await _quiet(payer, quiet)
        answers, purchases = await _answered(payer, home, wakings)
        ended = await _past_their_time(payer, home, deadlines)
        stop.set()
        await running
        rss = psutil.Process().memory_info().rss / 2**20
    return Watch(ready, cpu_per_second, requests, rss, answers, purchases, ended)


async def see_all(root: Path, per_second: int) -> float:
    """Seconds until every order was looked at, in orders ÷ requests a second."""
    home = Home(root / "home")
    async with opened(home, policy(Awaited.HUMAN, per_second), Limiter(SystemClock(), per_second)) as payer:
        recall(home, payer.market)
        due = len(payer.market.orders)
        engine = Engine(payer.herd, partial(DbosQueue.open, in_file(home.queue)))
        stop = asyncio.Event()
        running = asyncio.create_task(engine.run(stop))
        await _until(engine.ready)
        began = time.monotonic()
        await _until(lambda: len(payer.market.first_seen) >= due, 30 + 4 * due / per_second)
        took = time.monotonic() - began
        stop.set()
        await running
    return took / (due / per_second)


async def _quiet(payer: Payer, seconds: float) -> tuple[float, float]:
    began, cpu, asked = time.monotonic(), time.process_time(), len(payer.market.calls)
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    return (time.process_time() - cpu) / took, (len(payer.market.calls) - asked) / took


def _unseen_humans(payer: Payer) -> bool:
    """Whether somebody's question was not looked at yet; each is once, and then when it is answered or over."""
    now = payer.herd.parts.clock.now()
    return any(row.awaited is Awaited.HUMAN and row.next_look <= now for row in payer.herd.parts.log.parked())


async def _answered(payer: Payer, home: Home, count: int) -> tuple[Late, Late]:
    """A human says yes to one after the other, in a process of their own as it were."""
    parked = [row.run_id for row in payer.herd.parts.log.parked() if row.awaited is Awaited.HUMAN]
    said = {}
    with closing(SqliteSpendLog.open(home.spend_log)) as log:
        for run_id in parked[:count]:
            asked = log.approval(run_id)
            assert asked is not None
            parts = replace(payer.herd.parts, log=log)
            said[run_id] = parts.clock.now()
            recorded = answer(parts, run_id, Decision.APPROVED, code=asked.code, amount=asked.offer.amount, by="me")
            assert isinstance(recorded, Recorded), recorded
            await asyncio.sleep(0.5)
    return await _woken(payer, said, "changed"), await _bought(payer, said)


async def _bought(payer: Payer, said: dict[str, datetime]) -> Late:
    def sent() -> dict[str, datetime]:
        charges = [charge for run_id in said for charge in payer.herd.parts.log.charges(run_id)]
        return {charge.run_id: charge.submitted_at for charge in charges if charge.submitted_at is not None}

    await _until(lambda: len(sent()) == len(said))
    return _late(sent(), said)


async def _past_their_time(payer: Payer, home: Home, run_ids: Sequence[str]) -> Late:
    now = payer.herd.parts.clock.now()
    due = {run_id: now + timedelta(seconds=1 + place / 2) for place, run_id in enumerate(run_ids)}
    with closing(sqlite3.connect(home.spend_log)) as db, db:
        for run_id, until in due.items():
            change = "UPDATE parked SET until = :until, next_look = min(next_look, :until) WHERE run_id = :run_id"
            db.execute(change, {"until": until.isoformat(timespec="microseconds"), "run_id": run_id})
    return await _woken(payer, due, "deadline")


async def _woken(payer: Payer, due: dict[str, datetime], cause: str) -> Late:
    def legs() -> dict[str, datetime]:
        return {run_id: at for run_id, why, at in payer.driver.began if why == cause and run_id in due}

    await _until(lambda: len(legs()) == len(due), 120)
    return _late(legs(), due)


def _late(at: dict[str, datetime], due: dict[str, datetime]) -> Late:
    late = sorted((at[run_id] - when).total_seconds() for run_id, when in due.items())
    return Late(statistics.median(late), late[math.ceil(0.95 * len(late)) - 1], late[-1])


def _to_be_late(home: Home, awaited: Awaited, count: int) -> list[str]:
    with closing(sqlite3.connect(home.spend_log)) as db:
        query = "SELECT run_id FROM parked WHERE awaited = ? ORDER BY run_id DESC LIMIT ?"
        return [run_id for (run_id,) in db.execute(query, [awaited.value, count])]


async def _until(done: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.05)
