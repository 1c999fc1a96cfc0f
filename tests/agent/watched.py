"""The parts of a world with somebody who looks on: as money is spent, as steps are entered, as the log is used."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from sqlite_utils import Database

from policies.answers import Answer
from policies.order import OrderView
from tests.fakes.market import FakeMarket
from tools.spend_log.log import SqliteSpendLog


class Killed(BaseException):
    """The process dies here: nothing of ours may catch it."""


@dataclass
class RoadMarket(FakeMarket):
    """The market with an address of its own for every order, and somebody who looks on as money is spent.

    Attributes:
        before_spending: called as the market is asked to spend.
        after_spending: called when it has done so, before its answer is out.
        addresses_early: orders name their address before they run.
    """

    before_spending: Callable[[], object] = lambda: None
    after_spending: Callable[[], object] = lambda: None
    addresses_early: bool = False

    async def order(self, order_id: str) -> OrderView:
        view = await super().order(order_id)
        return replace(view, ssh=address(order_id) if view.ssh or self.addresses_early else None)

    async def rent(self, gpu_id: str, hours: int) -> Answer:
        return await self._watched(super().rent, gpu_id, hours)

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        return await self._watched(super().rent_with_credits, gpu_id, hours)

    async def _watched(self, call: Callable[[str, int], Any], gpu_id: str, hours: int) -> Answer:
        self.before_spending()
        answered: Answer = await call(gpu_id, hours)
        self.after_spending()
        return answered


class SteppedLog(SqliteSpendLog):
    """The real spend log, and somebody who looks on as runs enter their steps and as it is written to."""

    entering: Callable[[str], object] = staticmethod(lambda _step: None)
    before_write: Callable[[int], object] = staticmethod(lambda _number: None)
    writes = 0

    def _write(self) -> AbstractContextManager[Database]:
        self.writes += 1
        self.before_write(self.writes)
        return super()._write()

    def enter_step(self, run_id: str, step: str, now: datetime) -> None:
        super().enter_step(run_id, step, now)
        self.entering(step)


class KeptSaver(InMemorySaver):
    """Checkpoints that nobody can drop while they are kept: put back from a backup, or left by one who was killed."""

    kept = True

    async def adelete_thread(self, thread_id: str) -> None:
        if not self.kept:
            await super().adelete_thread(thread_id)


@dataclass
class RecordingFace:
    """Remembers what it was told, and somebody looks on."""

    lines: list[str] = field(default_factory=list)
    output: bytes = b""
    told: Callable[[str], object] = lambda _line: None

    def tell(self, run_id: str, line: str) -> None:
        self.lines.append(line)
        self.told(line)

    def job_output(self, run_id: str, data: bytes) -> None:
        self.output += data

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        self.lines.append(f"GPU {util} {memory}")


def address(order_id: str) -> str:
    """The pod of an order."""
    return f"ssh root@203.0.113.42 -p {20_000 + int(order_id[-4:], 16)}"
