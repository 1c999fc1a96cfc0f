"""Batches in the world of `tests.agent.world`, and a driver whose runs are short and are counted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from agent.batch.drive import BatchDriver, latest, to_do
from agent.batch.sources import read_batch
from agent.batch.submit import Wanted, submit_batch
from agent.drive import Driver
from agent.steps.pick import make_offer
from policies.answers import Balance
from policies.charge import Paid
from policies.money import Cents
from policies.offer import Listing, Quote, Rail
from tests.agent.world import GPU, JOB, World
from tools.spend_log.rows import Charge, Run, RunStatus
from tools.ssh.snapshot import pack

BALANCE = Balance(balance=Cents(100_000), purchased=Cents(100_000), spent=Cents(0))
COST = 98


def write_jobs(root: Path, count: int, text: str = JOB) -> Path:
    """A job file that stands for `count` jobs, beside its script."""
    project = root / "project"
    project.mkdir(exist_ok=True)
    (project / "train.py").write_text("print('hello')\n", encoding="utf-8")
    job = project / "job.yaml"
    job.write_text(f"{text}\nmatrix: {{SEED: {list(range(1, count + 1))}}}\n", encoding="utf-8")
    return job


def submitted(world: World, count: int, *, budget: int | None = None, max_parallel: int = 2, text: str = JOB) -> str:
    """A batch of `count` jobs; its id."""
    wanted = Wanted("nightly", None if budget is None else Cents(budget), max_parallel)
    return submit_batch(world.parts, pack, read_batch([write_jobs(world.root, count, text)], frozenset()), wanted)


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened, in order: runs that began to be driven, and how many were at once."""

    begun: list[str] = field(default_factory=list)
    going: set[str] = field(default_factory=set)
    most: list[int] = field(default_factory=lambda: [0])


@dataclass(frozen=True, slots=True)
class ShortRuns(Driver):
    """Each run buys for real in the spend log, lasts a few turns of the loop, and its pod goes.

    Attributes:
        breaks: run id → what happens instead.
        stay: runs whose pods do not go.
        lost: runs that the provider fails after they paid.
        at_first: what happens as the first run begins, as the second does, and so on.
    """

    seen: Seen = field(default_factory=Seen)
    breaks: dict[str, Exception] = field(default_factory=dict)
    stay: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    at_first: list[Callable[[str], None]] = field(default_factory=list)

    async def drive(self, run_id: str, *, wait: bool, fresh: bool = False) -> Run:
        """As `Driver.drive`, without a graph."""
        self.seen.begun.append(run_id)
        self.seen.going.add(run_id)
        self.seen.most[0] = max(self.seen.most[0], len(self.seen.going))
        try:
            async with self.lease(run_id):
                if self.at_first:
                    self.at_first.pop(0)(run_id)
                if run_id in self.breaks:
                    raise self.breaks[run_id]
                return await self._short(run_id)
        finally:
            self.seen.going.discard(run_id)

    async def _short(self, run_id: str) -> Run:
        log, clock = self.parts.log, self.parts.clock
        if self.parts.run(run_id).cancel_requested:
            return self._ended(run_id, RunStatus.CANCELLED, "cancelled", 130)
        log.enter_step(run_id, "rent", clock.now())
        listing = Listing(GPU, "RTX 4090", 24, Decimal("0.49"), "hog")
        quote = Quote(listing, 2, Cents(COST), Cents(COST), "the only one")
        # An account of its own for each: purchases on one key are one at a time, which is not what is tested here.
        offer = replace(make_offer(self.parts, run_id, quote, Rail.CREDITS), account=f"key-{run_id}")
        log.add_attempt(offer, "the only one", clock.now())
        held = log.reserve(f"chg-{run_id}", offer, self.parts.caps(run_id), clock.now(), None)
        if not isinstance(held, Charge):
            return self._ended(run_id, RunStatus.REFUSED, getattr(held, "message", str(held)), 3)
        log.submit(held.charge_id, clock.now(), BALANCE, self.parts.holder)
        log.settle(held.charge_id, Paid(Cents(COST), f"HOG-{run_id}"), clock.now())
        for _ in range(20):
            await asyncio.sleep(0)
        if run_id not in self.stay:
            log.see_order(f"HOG-{run_id}", "terminated", clock.now())
        if run_id in self.lost:
            return self._ended(run_id, RunStatus.FAILED, "the pod was lost", 5)
        return self._ended(run_id, RunStatus.SUCCEEDED, "", 0)

    def _ended(self, run_id: str, status: RunStatus, reason: str, code: int) -> Run:
        self.parts.log.set_status(run_id, status, self.parts.clock.now(), reason=reason, code=code)
        return self.parts.run(run_id)


def short_runs(world: World) -> ShortRuns:
    """On a world's store."""
    return ShortRuns(world.parts, world.graph)


async def driven(driver: BatchDriver, batch_id: str, *, wait: bool = True) -> list[Run]:
    """The batch taken as far as it goes; the last run of each job."""
    async with asyncio.timeout(60):
        await driver.drive(to_do(driver.driver.parts, batch_id), wait=wait)
    return latest(driver.driver.parts, batch_id)
