"""The Python API: what the command line does, for a program or a notebook.

async with open_herd(sandbox=True) as herd:
run_id = herd.submit(Path("job.yaml"))
run = await herd.drive(run_id)
print(herd.result(run_id))
"""

from dataclasses import dataclass
from pathlib import Path

from agent.drive import Driver
from agent.errors import LeaseHeld
from agent.graph import Road
from agent.parts import Parts
from agent.quote import QuoteResult, quote
from agent.result import run_result
from agent.steps.terminate import end_pod, pods_to_end
from agent.submit import ReadJob, load_job, submit
from agent.variables import MissingVariable
from policies.money import Cents
from tools.ports import Packer
from tools.spend_log.rows import Run


@dataclass(frozen=True, slots=True)
class Herd:
    """An open store with everything a run needs."""

    parts: Parts
    driver: Driver
    packer: Packer

    @property
    def graph(self) -> Road:
        """The compiled LangGraph state machine, for drawing and inspection."""
        return self.driver.graph

    def load(self, job: Path, ignore: frozenset[str] = frozenset()) -> ReadJob:
        """Read a job file. Raises `BadJob` and `JobFileError`."""
        return load_job(job, ignore)

    async def quote(self, read: ReadJob, *, ceiling: Cents | None = None) -> QuoteResult:
        """What the job would cost where, and what would be decided. Spends nothing, creates no order."""
        return await quote(self.parts, read.job, ceiling)

    def submit(self, job: Path | ReadJob, *, ceiling: Cents | None = None, outputs: Path | None = None) -> str:
        """Write the run down; returns its id. Nothing is spent yet."""
        read = load_job(job, frozenset()) if isinstance(job, Path) else job
        return submit(self.parts, self.packer, read, ceiling=ceiling, outputs=outputs)

    async def drive(self, run_id: str, *, wait: bool = True, fresh: bool = False) -> Run:
        """Take a run to its end, or to a question that nobody answers in time."""
        return await self.driver.drive(run_id, wait=wait, fresh=fresh)

    async def resume_all(self) -> list[Run]:
        """Continue every unfinished run that nobody drives, one after the other; no fresh offers are made."""
        resumed = []
        for run in self.parts.log.runs(unfinished=True):
            try:
                resumed.append(await self.driver.drive(run.run_id, wait=False))
            except LeaseHeld:
                continue
            except MissingVariable as missing:
                self.parts.face.tell(run.run_id, str(missing))
        return resumed

    async def end_pods(self, run_id: str) -> bool:
        """Try once more to end the pods that an ended run left unproven. True when none is left."""
        ended = [await end_pod(self.parts, order) for order in pods_to_end(self.parts, run_id)]
        return all(ended)

    def result(self, run_id: str) -> dict[str, object]:
        """The run as `show --json` prints it."""
        return run_result(self.parts.log, run_id)
