"""One life from one seed: runs, faults, kills, humans and what the world does, and days to clean up after them."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cache, partial
from itertools import count
from random import Random
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from agent.drive import Driver
from agent.folders import Home
from agent.graph import Road, build_graph
from agent.herd import Herd
from agent.mind.port import Mind
from agent.parts import Parts
from agent.policy_file import PolicyFile
from agent.reconcile import reconcile
from policies.money import Cents
from tests.agent.watched import RecordingFace
from tests.simulation.circumstances import Circumstances, draw, hours_of, job_of
from tests.simulation.laws import ENDED, LAWS
from tests.simulation.loop import LoopClock, VirtualLoop
from tests.simulation.market import MarketOf
from tests.simulation.meddling import meddle
from tests.simulation.people import People
from tests.simulation.pods import Machines, PodsOf
from tests.simulation.process import NEVER, Killed, Process, Trace
from tests.simulation.provider import Provider
from tests.simulation.quick import Connections
from tests.simulation.saver import SaverOf
from tests.simulation.store import KillableLog
from tests.simulation.tasks import all_of
from tests.simulation.weather import plan
from tests.simulation.witness import Witness
from tools.errors import SwineherdError
from tools.gpuhog.purchase import read_checkout, read_receipt
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import Holder, NewRun
from tools.ssh.snapshot import pack

EPISODES = 10
PAUSES = (0.0, 0.0, 3.0, 70.0, 400.0, 4000.0)
HOUR = 3600.0
NIGHTS = (60.0, 600.0, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, *(24 * HOUR,) * 6, 20 * HOUR)
"""Seconds between what a human's cron does after the last run, eight days in all."""


@cache
def road() -> Road:
    """The real graph, compiled once for a whole process; each life brings its own checkpoints."""
    return build_graph()


class Life:
    """Everything of one seed. `circumstances` may be given by whoever wants another life than the seed's."""

    def __init__(self, seed: int, home: Home, loop: VirtualLoop, rate: float = 0.1) -> None:
        self.seed, self.home, self.loop, self.rate = seed, home, loop, rate
        self.dice = dice = Random(seed)
        self.circumstances: Circumstances = draw(dice, rate)
        self.clock = LoopClock(loop)
        self.trace = Trace(self.clock)
        like = self.circumstances
        self.provider = Provider(self.clock, dice, like.bad, like.link_seconds, like.on_volume)
        self.machines = Machines(
            self.clock,
            self.provider.reachable,
            dice=dice,
            rate=rate,
            on_volume=like.on_volume,
            by_timer=self.provider.act_by_timer,
        )
        hours = hours_of(like.hours, any_gpu=like.any_gpu)
        self.connections = Connections(home.spend_log)
        self.witness = Witness(
            home, self.connections, self.clock, self.provider, self.machines, like.policy, hours, self.trace, LAWS
        )
        self.provider.by_timer = self.witness.ended_by_timer
        self.log = SqliteSpendLog(self.connections.take(), home.spend_log, settle_seconds=300)
        self.people = People(dice, self.log, self.witness, self.provider, self.trace, self.later)
        self.witness.links_shown, self.witness.said = self.people.links, self._said
        self.face = RecordingFace()
        self.saver = InMemorySaver()
        self.processes: dict[int, Process] = {}
        self.kills_left = like.kills
        self.mind: Mind | None = None
        self.run_ids: list[str] = []
        self._numbers, self._linked = count(1), set[str]()
        self._handles: list[asyncio.TimerHandle] = []

    # its parts

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something happen in the world after a while."""

        def happen() -> None:
            self.clock.attend()
            self.provider.catch_up()
            act()

        self._handles.append(self.loop.call_later(seconds, happen))

    def begin(self, boundaries: int = NEVER, account: str | None = None) -> tuple[Process, Herd]:
        """Another process on the same store, with one of the human's API keys."""
        like = self.circumstances
        pid = 100 + len(self.processes)
        payer = self.dice.choice(like.accounts) if account is None else account
        process = Process(Holder("boot", pid, "1", "here"), payer, self.trace, boundaries)
        self.processes[pid] = process
        log = KillableLog.of(self.home, self.connections, process, like.policy.reconcile.settle_seconds, self._written)
        parts = Parts(
            clock=self.clock,
            market=MarketOf(self.provider, process, self.witness, self.dice, self.rate),
            pods=PodsOf(self.machines, process),
            log=log,
            policy=like.policy,
            policy_file=PolicyFile(self.home.path / "policy.toml", ""),
            face=self.face,
            home=self.home,
            account=process.account,
            base_url="https://gpuhog.test/api",
            api_url="https://gpuhog.test/api",
            holder=process.holder,
            alive=lambda holder: not self.processes[holder.pid].dead,
            variables={},
            new_id=lambda prefix: f"{prefix}-{next(self._numbers)}",
            new_code=self._new_code,
            absolute_mounts=True,
            read_receipt=read_receipt,
            read_checkout=partial(
                read_checkout, checkout_hosts=like.policy.payment.checkout_hosts, allow_private=False
            ),
            mind=self.mind,
        )
        graph = road()
        graph.checkpointer = SaverOf(self.saver, process)
        return process, Herd(parts, Driver(parts, graph, like.heartbeat_seconds), pack)

    def _new_code(self) -> str:
        code = f"ZQX{self.dice.getrandbits(40):010X}"
        self.witness.words.codes.append(code)
        self.people.asked(list(self.run_ids))
        return code

    def _written(self, process: Process, method: str) -> None:
        self.witness.written(process, method)
        for row in self.witness.charges:
            if row["state"] == "awaiting_payment" and row["order_id"] not in self._linked:
                self._linked.add(row["order_id"])
                self.people.linked(row["order_id"])

    def _said(self) -> str:
        saved = (self.saver.storage, self.saver.writes, self.saver.blobs)
        return "\n".join(self.face.lines) + repr(saved)

    # what happens

    def submit(self, log: SqliteSpendLog) -> str:
        """Write a run down, as `agent.submit` does, without files to pack."""
        like = self.circumstances
        run_id = f"train-{next(self._numbers)}"
        job_json, sha256 = job_of(like.hours, any_gpu=like.any_gpu)
        folder = self.home.run(run_id)
        folder.make()
        ceiling = self.dice.choice((None, None, None, Cents(120), Cents(250)))
        log.add_run(
            NewRun(
                run_id,
                "train",
                job_json,
                sha256,
                "",
                ceiling,
                str(folder.outputs.absolute()),
                self.clock.now(),
                home="",
            )
        )
        self.run_ids.append(run_id)
        return run_id

    async def live(self) -> None:
        """From the first run to the days after the last."""
        for _ in range(self.circumstances.runs):
            self.submit(self.log)
        plan(self)
        for _ in range(EPISODES):
            if self.witness.broken or not self.unfinished():
                break
            await self._episode()
            await asyncio.sleep(self.dice.choice(PAUSES))
        await self._nights()

    def unfinished(self) -> list[str]:
        self.witness.look()
        return [run_id for run_id, row in self.witness.runs.items() if row["status"] not in ENDED]

    async def _episode(self) -> None:
        together = 2 if self.dice.random() < 0.15 else 1
        await asyncio.gather(*(self._process(self._something_to_do()) for _ in range(together)))

    def _something_to_do(self) -> "Callable[[Herd], Coroutine[Any, Any, object]]":
        kind, dice = self.dice.random(), self.dice
        run_id = dice.choice(self.unfinished())
        if self.circumstances.hostile and kind < 0.3:
            return lambda herd: meddle(self, herd, run_id)
        if kind < 0.5:
            return self._drive_all
        if kind < 0.7:
            return lambda herd: herd.drive(run_id, wait=True, fresh=dice.random() < 0.5)
        if kind < 0.8:
            return lambda herd: herd.drive(run_id, wait=False, fresh=dice.random() < 0.5)
        return dice.choice((self._tidy, Herd.sweep))

    async def _drive_all(self, herd: Herd) -> None:
        """Several runs in one process, as a batch has them."""
        driving = [herd.drive(run_id, wait=True, fresh=True) for run_id in self.unfinished()]
        for outcome in await asyncio.gather(*driving, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, SwineherdError):
                raise outcome

    async def _tidy(self, herd: Herd) -> None:
        """What `resume` without a run does."""
        await herd.settle_links()
        await herd.collect_kept()
        await herd.end_left_running()
        await herd.resume_all()

    async def _process(
        self, act: "Callable[[Herd], Coroutine[Any, Any, object]]", *, mortal: bool = True, account: str | None = None
    ) -> None:
        """One process from its start to its end, or to where it is killed."""
        boundaries = NEVER
        if mortal and self.kills_left and self.dice.random() < 0.6:
            self.kills_left -= 1
            boundaries = int(2 ** self.dice.uniform(0, 8))
        process, herd = self.begin(boundaries, account)
        self.clock.attend()

        async def work() -> None:
            await reconcile(herd.parts)
            await act(herd)

        with suppress(Killed, SwineherdError):
            await all_of(process, work())
        process.dead = True
        self.witness.unkept.pop(process.holder.pid, None)
        herd.parts.log.close()

    async def _nights(self) -> None:
        """A human's cron, until everything is at rest; then nothing can go wrong, and once more with each API key."""
        self.people.patient = False
        for number, pause in enumerate(NIGHTS):
            if self.witness.broken:
                return
            if number == len(NIGHTS) - 3:
                self.rate = self.machines.rate = 0.0
            await asyncio.sleep(pause)
            if not self._at_rest():
                await self._process(Herd.sweep, mortal=False)
                await self._process(self._tidy, mortal=False)
        self.rate = self.machines.rate = 0.0
        self.provider.catch_up()
        for account in dict.fromkeys(self.circumstances.accounts):
            await self._process(Herd.sweep, mortal=False, account=account)
        if not self.witness.broken:
            self.witness.at_rest()

    def _at_rest(self) -> bool:
        """Nothing that another look could change."""
        self.witness.look()
        open_orders = any(row["gone_at"] is None and not row["unpaid"] for row in self.witness.orders)
        open_charges = any(row["settled_at"] is None for row in self.witness.charges)
        ours = [self.provider.orders[row["order_id"]] for row in self.witness.orders]
        return not (open_orders or open_charges or self.unfinished() or any(order.lives for order in ours))

    def close(self) -> None:
        """Nothing of this life happens any more."""
        for handle in self._handles:
            handle.cancel()
        self.connections.close()
