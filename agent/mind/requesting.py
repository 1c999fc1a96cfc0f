"""The tools that act: they only write down what a run is to do. Their docstrings are what a model is shown.

Nothing here spends, drives, approves or raises a cap: a worker or `swineherd resume` takes up what was submitted, on
the same road as every run, under the same policy and with the same questions to a human (law 5).
"""

import asyncio
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from agent.at_work import somebody_works
from agent.chat.commands import Cancel
from agent.chat.obey import obey
from agent.mind.tool_answers import NotDone
from agent.mind.tool_forms import JobNeeds, OneRun, RentNeeds, SubmitNeeds
from agent.mind.tool_jobs import Written
from agent.parts import Parts
from agent.submit import ReadJob, check, note_understood, prepare
from policies.job import job_fields
from policies.offer import Listing, Rail
from tools.ports import Packer
from tools.spend_log.rows import ENDED, NewRun, Run

BY = "a model's tool"
MOST_NAMED = 12

_FIGURES = ("name", "workdir", "resources", "hours", "budget_usd", "outputs")


@dataclass(frozen=True, slots=True)
class Requesting:
    """What can be asked for.

    Attributes:
        folder: where a job's files are; nothing outside goes to a pod.
    """

    parts: Parts
    packer: Packer
    folder: Path

    async def submit_job(self, needs: SubmitNeeds) -> dict[str, object]:
        """Ask for a run: a command (run), a job described in words, or a job file of the folder, on any GPU that fits
        or on the one named. Only a request: it buys nothing now, caps and policy hold, and a human approves what the
        policy does not pay by itself. What is left open comes back as one question for the human. Asking twice for
        the same job is one run.
        """
        return await self._submitted(needs, needs.gpu, needs.hours)

    async def rent_gpu(self, needs: RentNeeds) -> dict[str, object]:
        """Ask for a job on one GPU for so many whole hours, by card (GPU Hog's /rent). Only a request: no order and
        no link is made now. The policy decides in which order card and credits are tried, and what a human approves.
        """
        return await self._rental(needs, Rail.STRIPE)

    async def rent_gpu_with_credits(self, needs: RentNeeds) -> dict[str, object]:
        """Ask for a job on one GPU for so many whole hours, from credits (GPU Hog's /rent-with-credits). Only a
        request: it spends nothing now. The policy decides in which order card and credits are tried, and what a human
        approves.
        """
        if not self.parts.account:
            raise NotDone("no API key is set, and credits need one: a human sets GPUHOG_API_KEY, or pays by card")
        return await self._rental(needs, Rail.CREDITS)

    async def _rental(self, needs: RentNeeds, rail: Rail) -> dict[str, object]:
        rails = self.parts.policy.payment.rails
        if rail not in rails:
            raise NotDone(f"the policy's payment.rails has no {rail.value}: a human changes it, or use the other rail")
        gpu = _listed(await self.parts.market.gpus(), needs.gpu)
        answer = await self._submitted(needs, gpu, needs.hours)
        order = ", then ".join(one.words for one in rails)
        return answer | {"payment": f"tried {order}; a human who is shown the offer may choose another way"}

    async def stop_pod(self, asked: OneRun) -> dict[str, object]:
        """Stop a run's pod (GPU Hog's /stop), the safe way: the job is stopped, its outputs are brought home and
        checked, and the pod is ended. A pod is kept, stopped, only where its outputs can't be fetched. Takes a run
        id.
        """
        return await self._cancelled(asked)

    async def terminate_pod(self, asked: OneRun) -> dict[str, object]:
        """End a run's pod (GPU Hog's /terminate), the safe way: the job is stopped, its outputs are brought home and
        checked first, then the pod is ended. Takes a run id; no order is ended by its own id.
        """
        return await self._cancelled(asked)

    async def cancel_run(self, asked: OneRun) -> dict[str, object]:
        """Cancel a run: the job is stopped, what is there is brought home, the pod ended; a run that has bought nothing
        just ends. What is paid stays paid.
        """
        return await self._cancelled(asked)

    async def start_pod(self, asked: OneRun) -> dict[str, object]:
        """Start a stopped pod again (GPU Hog's /start). It costs an hour's price, and no tool does it: the answer
        says what a human does instead.
        """
        run = self._run(asked.run_id)
        raise NotDone(
            f"starting a pod costs an hour's price, and only a human does it, on the provider's page; then "
            f"`swineherd resume {run.run_id}` brings home what its volume keeps, and ends it. "
            "A job that is to run again is a new request: submit_job"
        )

    async def _submitted(self, needs: JobNeeds, gpu: str | None, hours: float | None) -> dict[str, object]:
        return await self.submitted(await Written(self.parts, self.folder).job(needs, gpu, hours))

    async def submitted(self, read: ReadJob) -> dict[str, object]:
        """Write down a run of a job that was read already. Raises `BadJob` and `TransferFailed`."""
        check(self.parts, read.job)
        run = await self._prepared(read)
        if twin := self._twin(run):
            self._drop(run)
            return {
                "run_id": twin.run_id,
                "status": twin.status.value,
                "next": f"asked for already; {self._next(twin.run_id)}",
            }
        self.parts.log.add_run(run)
        note_understood(self.parts, run.run_id, read)
        return {
            "run_id": run.run_id,
            "next": f"asked for, and nothing is bought yet; {self._next(run.run_id)}",
        } | _read_as(read)

    async def _prepared(self, read: ReadJob) -> NewRun:
        """With a snapshot of the files, which takes a while: of a run that nobody waits for nothing is left."""
        given_up = threading.Event()

        def work() -> NewRun:
            run = prepare(self.parts, self.packer, read, ceiling=None, outputs=None)
            if given_up.is_set():
                self._drop(run)
            return run

        try:
            return await asyncio.to_thread(work)
        except asyncio.CancelledError:
            given_up.set()
            raise

    def _drop(self, run: NewRun) -> None:
        shutil.rmtree(self.parts.home.run(run.run_id).path)

    def _twin(self, new: NewRun) -> Run | None:
        """Models repeat their calls: the same job, with the same files, is asked for once at a time."""
        unfinished = self.parts.log.runs(unfinished=True)
        same = (run for run in unfinished if (run.job_sha256, run.job_json) == (new.job_sha256, new.job_json))
        return next(same, None)

    async def _cancelled(self, asked: OneRun) -> dict[str, object]:
        run = self._run(asked.run_id)
        if run.status in ENDED:
            return self._ended(run)
        heard = await obey(self.parts, self.packer, self.folder, Cancel(run.run_id), BY)
        driven = f"whoever drives it does that; where nobody does, `swineherd cancel {run.run_id}`"
        return {"run_id": run.run_id, "next": f"{heard.words}: {driven}"}

    def _ended(self, run: Run) -> dict[str, object]:
        left = self.parts.log.orders(run.run_id, open_only=True)
        words = "a pod of it is not proven gone: a human runs `swineherd sweep`" if left else "no pod of it is left"
        return {"run_id": run.run_id, "status": run.status.value, "next": f"it has ended already; {words}"}

    def _next(self, run_id: str) -> str:
        """Who takes the run up: without a worker nobody does by itself, and then nobody asks the human either."""
        log, unasked = self.parts.log, "what the policy does not pay unasked"
        if log.lease(run_id) is not None or somebody_works(self.parts, run_id):
            return f"it is driven, and {unasked} waits for a human, in a chat or by `swineherd approve {run_id}`"
        resume = f"a human runs `swineherd resume {run_id}`, and is asked there about {unasked}"
        return f"nobody drives it: {resume}; a worker that is kept running takes it up as well"

    def _run(self, run_id: str) -> Run:
        run = self.parts.log.run(run_id)
        if run is None:
            raise NotDone(f"there is no run {run_id}; list_runs names those there are")
        return run


def _read_as(read: ReadJob) -> dict[str, object]:
    """How a job was understood. Commands and values of a file are left out: people put secrets there too."""
    shown = _FIGURES if read.folder is None else (*_FIGURES, "run", "setup")
    fields = {name: value for name, value in job_fields(read.job).items() if value and name in shown}
    names = sorted(name for name, _ in (*read.job.envs, *read.job.secrets))
    return {"job": fields | {"variables": names}, "understood": dict(read.understood), "warnings": list(read.warnings)}


def _listed(listings: tuple[Listing, ...], wanted: str) -> str:
    """The name of a listing by its name or gpu_id. Raises `NotDone` where there is none."""
    asked = wanted.strip().casefold()
    found = next((one for one in listings if asked in (one.name.casefold(), one.gpu_id.casefold())), None)
    if found is None:
        names = ", ".join(one.name for one in listings[:MOST_NAMED])
        raise NotDone(f"no GPU of that name is listed now; there are: {names}")
    return found.name
