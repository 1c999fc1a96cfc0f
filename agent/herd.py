"""The Python API: what the command line does, for a program or a notebook.

async with open_herd(sandbox=True) as herd:
run_id = herd.submit(Path("job.yaml"))
run = await herd.drive(run_id)
print(herd.result(run_id))
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.drive import Driver
from agent.errors import LeaseHeld
from agent.graph import Road
from agent.kept import collect_kept, kept_pods
from agent.leftovers import end_left_running, left_running, settle_links, settle_money
from agent.parts import Parts
from agent.quote import QuoteResult, quote
from agent.result import run_result
from agent.submit import ReadJob, load_job, submit
from agent.sweep import Sweep, Swept
from agent.used_before import known_of
from policies.money import Cents
from tools.errors import SwineherdError
from tools.ports import Packer
from tools.spend_log.rows import OrderRow, Run

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


@dataclass(frozen=True, slots=True)
class Herd:
    """An open store with everything a run needs."""

    parts: Parts
    driver: Driver
    packer: Packer

    @property
    def saver(self) -> BaseCheckpointSaver[str] | None:
        """The checkpoints: of runs, and of what is talked about."""
        saver = self.graph.checkpointer
        return saver if isinstance(saver, BaseCheckpointSaver) else None

    @property
    def graph(self) -> Road:
        """The compiled LangGraph state machine, for drawing and inspection."""
        return self.driver.graph

    def load(self, job: Path, ignore: frozenset[str] = frozenset()) -> ReadJob:
        """Read a job file. Raises `BadJob` and `JobFileError`."""
        return load_job(job, ignore)

    async def quote(self, read: ReadJob, *, ceiling: Cents | None = None) -> QuoteResult:
        """What the job would cost where, and what would be decided. Spends nothing, creates no order."""
        return await quote(self.parts, read.job, ceiling, known_of(self.parts, read))

    def submit(self, job: Path | ReadJob, *, ceiling: Cents | None = None, outputs: Path | None = None) -> str:
        """Write the run down; returns its id. Nothing is spent yet."""
        read = load_job(job, frozenset()) if isinstance(job, Path) else job
        return submit(self.parts, self.packer, read, ceiling=ceiling, outputs=outputs)

    async def drive(self, run_id: str, *, wait: bool = True, fresh: bool = False) -> Run:
        """Take a run to its end, or to a question that nobody answers in time."""
        return await self.driver.drive(run_id, wait=wait, fresh=fresh)

    async def resume_all(self) -> list[Run]:
        """Continue every unfinished run that nobody drives, all at once; no fresh offers are made.

        What waits for its turn in a batch is left to `batch --resume`, which starts so many at once as it may.
        """
        unfinished = self.parts.log.runs(unfinished=True)
        run_ids = [run.run_id for run in unfinished if run.started_at or not self.parts.log.batch_of(run.run_id)]
        driving = (self.driver.drive(run_id, wait=False) for run_id in run_ids)
        outcomes = await asyncio.gather(*driving, return_exceptions=True)
        resumed = [self._resumed(run_id, outcome) for run_id, outcome in zip(run_ids, outcomes, strict=True)]
        return [run for run in resumed if run is not None]

    def _resumed(self, run_id: str, outcome: Run | BaseException) -> Run | None:
        """None for a run that somebody else drives; what kept another from being driven is told."""
        match outcome:
            case Run():
                return outcome
            case LeaseHeld():
                return None
            case SwineherdError():
                self.parts.face.tell(run_id, f"{run_id} is left as it is: {outcome}")
            case Exception():
                self.parts.face.tell(run_id, f"{run_id} is left as it is: {outcome!r} (a defect of ours)")
            case _:
                raise outcome
        return self.parts.run(run_id)

    async def settle_links(self) -> None:
        """Look at checkout links of ended runs, so that none is forgotten."""
        await settle_links(self.parts)

    async def settle_money(self) -> None:
        """What every start does for the money."""
        await settle_money(self.parts)

    async def sweep(self) -> Swept:
        """Settle the money, bring home what nobody drives, end what nobody needs. Buys nothing."""
        return await Sweep(self.driver).sweep()

    async def collect_kept(self) -> None:
        """Bring home what lies on pods that were stopped to keep it, where somebody has started them again."""
        for order in kept_pods(self.parts):
            with suppress(LeaseHeld):
                async with self.driver.lease(order.run_id):
                    await collect_kept(self.parts, order)

    def left_running(self) -> list[OrderRow]:
        """Pods of ended runs that are not proven gone."""
        return left_running(self.parts)

    async def end_left_running(self) -> list[OrderRow]:
        """Try once more to end those; returns what is left."""
        return await end_left_running(self.parts)

    def reading_tools(self) -> "list[BaseTool]":
        """LangChain tools that look, for an agent of one's own: `llm.bind_tools(herd.reading_tools())`."""
        from agent.mind.toolkit import reading_tools  # noqa: PLC0415 - few herds have an agent of their own

        return reading_tools(self.parts)

    def acting_tools(self, folder: Path) -> "list[BaseTool]":
        """Tools that ask for runs, and for their end; the files of a job are below `folder`. They buy nothing."""
        from agent.mind.toolkit import acting_tools  # noqa: PLC0415

        return acting_tools(self.parts, self.packer, folder)

    def result(self, run_id: str) -> dict[str, object]:
        """The run as `show --json` prints it."""
        return run_result(self.parts.log, run_id, self.parts.clock.now())
