"""A whole world for one payer, in virtual time: the real road, policies and spend log; a fake market and fake pods."""

import itertools
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver

from agent.approvals import answer, grant, instead
from agent.drive import Driver
from agent.folders import Home
from agent.graph import Road, build_graph
from agent.parts import Parts
from agent.policy_file import PolicyFile
from agent.submit import load_job, submit
from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Rail
from policies.policy import Payment, Policy
from policies.wish import Wish
from tests.agent.timeline import Timeline
from tests.agent.watched import Killed, RecordingFace, RoadMarket, SteppedLog, address
from tests.fakes.pods import FakePods
from tools.gpuhog.purchase import read_checkout, read_receipt
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import NotRecorded, Recorded
from tools.spend_log.rows import Charge, Decision, Holder, Run
from tools.ssh.snapshot import pack

GPU = "NVIDIA RTX 4090"
PRICE = 98
"""Cents: two hours of an RTX 4090."""

JOB = """
name: train
workdir: .
run: python train.py
resources: {accelerators: RTX4090}
hours: 2
outputs: [metrics.json]
"""
ANY_GPU = JOB.replace("resources: {accelerators: RTX4090}", "")

ASK = Policy()
AUTO = Policy(payment=Payment(auto_pay=Cents(500), auto_pay_per_day=Cents(5000)))
CHECKOUT = Policy(payment=Payment(rails=(Rail.STRIPE,)))

SPENDING = ("rent_with_credits", "rent", "start")


class World:
    """One payer's home and everything around it. `drive` and `run` act as one process; `restart` begins another."""

    def __init__(self, root: Path, policy: Policy = AUTO, *, has_key: bool = True) -> None:
        self.root = root
        self.home = Home(root / "home")
        self.clock = Timeline()
        self.calls: list[str] = []
        self.market = RoadMarket(self.clock, calls=self.calls)
        self.pods = FakePods(self.clock, self._is_up, calls=self.calls, by_timer=self.market.act_by_timer)
        self.market.before_call = self.pods.let_time_pass
        self.face = RecordingFace()
        self.saver: BaseCheckpointSaver[Any] = InMemorySaver()
        self._numbers = itertools.count(1)
        self._codes = itertools.count(1)
        self._processes = itertools.count(100)
        self.holder = self._next_holder()
        self.log = self.open_log()
        self.parts = Parts(
            clock=self.clock,
            market=self.market,
            pods=self.pods,
            log=self.log,
            policy=policy,
            policy_file=PolicyFile.at(root / "home" / "policy.toml"),
            face=self.face,
            home=self.home,
            account="key-1" if has_key else "",
            base_url="https://gpuhog.test/api",
            api_url="https://gpuhog.test/api",
            holder=self.holder,
            alive=lambda holder: holder == self.holder,
            variables={},
            new_id=lambda prefix: f"{prefix}-{next(self._numbers)}",
            new_code=lambda: f"ZQXSECRETCODE{next(self._codes)}",
            absolute_mounts=True,
            read_receipt=read_receipt,
            read_checkout=partial(read_checkout, checkout_hosts=policy.payment.checkout_hosts, allow_private=False),
        )

    # a process

    def open_log(self) -> SteppedLog:
        """The spend log, as one more process has it."""
        log = SteppedLog.open(self.home.spend_log)
        assert isinstance(log, SteppedLog)
        return log

    def restart(self) -> None:
        """The process is gone; another one begins on the same home."""
        self.log.close()
        self.holder = self._next_holder()
        self.log = self.open_log()
        self.change(log=self.log, holder=self.holder, last_views={})

    def change(self, **parts: Any) -> None:
        """Go on with other parts."""
        self.parts = replace(self.parts, **parts)

    @property
    def graph(self) -> Road:
        """The road on this world's checkpoints."""
        return build_graph(self.saver)

    def driver(self) -> Driver:
        """Of the present process; the earlier ones are dead."""
        return Driver(self.parts, self.graph)

    def submit(self, text: str = JOB, *, ceiling: int | None = None) -> str:
        """Write a job file beside a script, and submit it."""
        project = self.root / "project"
        project.mkdir(exist_ok=True)
        (project / "train.py").write_text("print('hello')\n", encoding="utf-8")
        (project / "job.yaml").write_text(text, encoding="utf-8")
        read = load_job(project / "job.yaml", frozenset())
        return submit(self.parts, pack, read, ceiling=None if ceiling is None else Cents(ceiling))

    async def drive(self, run_id: str, *, wait: bool = True, fresh: bool = False) -> Run:
        return await self.driver().drive(run_id, wait=wait, fresh=fresh)

    async def run(self, text: str = JOB, *, wait: bool = True, ceiling: int | None = None) -> Run:
        """Submit and drive."""
        return await self.drive(self.submit(text, ceiling=ceiling), wait=wait)

    async def killed(self, run_id: str, *, wait: bool = True) -> bool:
        """Drive in a process that may be killed; whether it was. Another process is ready afterwards."""
        try:
            await self.drive(run_id, wait=wait)
        except Killed:
            self.market.before_spending = self.market.after_spending = lambda: None
            self.restart()
            return True
        return False

    # humans

    def decide(self, run_id: str, decision: Decision) -> Recorded | NotRecorded:
        """A human in another terminal answers the standing question as it is shown to them."""
        return self._answered(run_id, partial(answer, decision=decision))

    def instead(self, run_id: str, wish: Wish) -> Recorded | NotRecorded:
        """They ask for another offer."""
        return self._answered(run_id, partial(instead, wish=wish))

    def grant(self, run_id: str, *, up_to: int = 500, pods: int = 3) -> Recorded | NotRecorded:
        """They say yes to the whole run."""
        return self._answered(run_id, partial(grant, up_to=Cents(up_to), pods=pods))

    def _answered(self, run_id: str, say: Callable[..., Recorded | NotRecorded]) -> Recorded | NotRecorded:
        with closing(SqliteSpendLog.open(self.home.spend_log)) as log:
            asked = log.approval(run_id)
            if asked is None:
                return NotRecorded("nothing is asked")
            parts = replace(self.parts, log=log)
            return say(parts, run_id, code=asked.code, amount=asked.offer.amount, by="me")

    def approve_at(self, seconds: float, run_id: str) -> None:
        self.clock.at(seconds, lambda: self.decide(run_id, Decision.APPROVED))

    def deny_at(self, seconds: float, run_id: str) -> None:
        self.clock.at(seconds, lambda: self.decide(run_id, Decision.DENIED))

    def pay_at(self, seconds: float) -> None:
        """A human pays the newest checkout link."""
        self.clock.at(seconds, lambda: self.market.pay(list(self.market.orders)[-1]))

    def cancel(self, run_id: str) -> None:
        self.log.request_cancel(run_id, self.clock.now(), "me")

    # what is to be seen

    @property
    def purchases(self) -> list[str]:
        """The calls that spend, in order."""
        return [call for call in self.calls if call in SPENDING]

    def charge(self, run_id: str) -> Charge:
        """The one charge of a run."""
        (charge,) = self.log.charges(run_id)
        return charge

    def states(self, run_id: str) -> list[str]:
        """The states the run's charges went through, in order."""
        events = [json.loads(event.body) for event in self.log.events(run_id) if event.kind == "charge"]
        return [body["to"] for body in events]

    def config(self, run_id: str) -> RunnableConfig:
        return RunnableConfig(configurable={"thread_id": run_id})

    def checkpoint_bytes(self) -> bytes:
        """Everything LangGraph wrote down, serialized."""
        assert isinstance(self.saver, InMemorySaver)
        return repr((dict(self.saver.storage), dict(self.saver.writes), dict(self.saver.blobs))).encode()

    @property
    def pods_left(self) -> list[str]:
        """Orders at the provider that may bill."""
        return [
            order.order_id for order in self.market.orders.values() if order.status not in ("terminated", "reserved")
        ]

    def check(self) -> None:
        """What holds however a run ended: no pod, no money that is not accounted for, one whole history."""
        assert self.pods_left == []
        assert self.log.broken_chain() is None
        totals = self.log.totals()
        booked = {charge.order_id: charge.amount for charge in self.log.charges(states=[ChargeState.PAID])}
        taken = {debit.order_id: debit.cents for debit in self.market.debits}
        assert sum(taken.values()) <= totals.spent + totals.held + totals.in_doubt
        assert booked.items() <= taken.items()

    def _next_holder(self) -> Holder:
        return Holder(boot_id="boot", pid=next(self._processes), started="1", host="here")

    def _is_up(self, access: str) -> bool:
        return any(address(one.order_id) == access and one.status == "running" for one in self.market.orders.values())


def raw(path: Path, query: str) -> list[Any]:
    """Read a store as another program would."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
