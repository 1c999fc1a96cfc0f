"""Driving runs: the lease, the legs between two parking places, and the way from submit to the end."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Interrupt, StateSnapshot

from agent.discreet import Discreet
from agent.errors import BadSettings, LeaseHeld
from agent.graph import Road
from agent.over import drop_checkpoints
from agent.parking import Cause, Wake
from agent.parts import LEASE_SECONDS, Parts
from agent.state import State, Ticket
from agent.variables import MissingVariable, missing_variables, secret_literals, secrets_of
from agent.watcher import Watcher, waits
from policies.charge import ChargeState
from policies.patience import next_look
from tools.errors import StoreUnusable
from tools.spend_log.rows import ENDED, Awaited, Parked, Run, RunStatus
from tools.tracing.port import RUN_ID, spanning

HEARTBEAT_SECONDS = 15

WAITING_CODE = 4

LEFT = "left"
"""The event of a run that its driver was told to leave as it is."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Drives runs in this process, one lease a run."""

    parts: Parts
    graph: Road
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    discreet: Discreet = field(default_factory=Discreet)

    async def drive(self, run_id: str, *, wait: bool, fresh: bool = False) -> Run:
        """Take a run as far as it goes: to its end, or to a question that nobody answers in time.

        Args:
            wait: wait for a human; without it the run is left parked at once (exit code 4).
            fresh: a human asks for a new offer in place of one whose time is over.

        Raises:
            BadSettings: the run has a pod at another provider, or its files are on another machine.
            LeaseHeld: another process drives it, from the start or since this one lost its lease.
            MissingVariable: the job asks for one that is not set here, and nothing was spent yet.
            StoreUnusable: the spend log can't be written.
        """
        async with self.lease(run_id):
            left = self.left_as_it_is(run_id)
            if left is not None:
                return left
            parked = await self.leg(run_id, "fresh" if fresh else None)
            while parked is not None:
                cause = await self._next_cause(parked, wait=wait)
                if cause is None:
                    return self.leave(parked)
                parked = await self.leg(run_id, cause)
            return self.parts.run(run_id)

    async def leg(self, run_id: str, cause: Cause | None) -> Parked | None:
        """From where the run stands to its next parking place, or to its end (None).

        A parked run moves only with a cause; `fresh` moves only one that waits for a human whose time is over. A run
        that has not ended and that no checkpoint leads on from begins anew: its money is in the spend log. One that has
        ended goes nowhere but through its report, wherever an old checkpoint stands; one that is over keeps none.
        """
        config = RunnableConfig(configurable={"thread_id": run_id}, recursion_limit=10_000)
        snapshot = await self.graph.aget_state(config)
        if self.parts.run(run_id).status in ENDED and snapshot.next != ("report",):
            await drop_checkpoints(self.parts, self.graph, run_id)
            return None
        parked = self._parked(run_id, snapshot)
        if parked is not None and (cause is None or not self._may_wake(parked, cause)):
            return parked
        step: State | Command[Any] | None = None
        if not _leads_on(snapshot, run_id):
            step = State(run_id=run_id)
        elif parked is not None:
            step = Command(resume={parked.interrupt_id: Wake(cause=cast("Cause", cause))})
        if parked is not None:
            self.parts.log.unpark(run_id)
        self._set_active(run_id)
        with self.discreet.telling(lambda: self._secrets(run_id)):
            await self.graph.ainvoke(step, config, context=self.parts, durability="sync")
        now_parked = self._parked(run_id, await self.graph.aget_state(config), before=parked)
        if now_parked is None:
            await drop_checkpoints(self.parts, self.graph, run_id)
        return now_parked

    def _secrets(self, run_id: str) -> Iterable[str]:
        """Of the job; one whose secrets are not all set here is not begun here."""
        run = self.parts.run(run_id)
        with suppress(MissingVariable):
            return secrets_of(self.parts.job(run_id), self.parts.variables, secret_literals(run.job_path)).values()
        return ()

    def left_as_it_is(self, run_id: str) -> Run | None:
        """The run, where a human has to set a variable before it may go on; None where it may.

        Raises:
            BadSettings: the run has a pod at another provider, or its files on another machine.
            MissingVariable: as above, and nothing was spent yet.
        """
        self._refuse_other_provider(run_id)
        self._refuse_other_machine(run_id)
        missing = self._missing(run_id)
        return self._ask_for(run_id, missing) if missing else None

    def _refuse_other_provider(self, run_id: str) -> None:
        for order in self.parts.log.orders(run_id, open_only=True):
            provider = self.parts.named_elsewhere(order)
            if provider:
                raise BadSettings(f"{run_id} has a pod at {provider}, not at {self.parts.base_url}")

    def _refuse_other_machine(self, run_id: str) -> None:
        """Machines may share a spend log, not a disk: a pod paid for from here would lack what is to be uploaded."""
        if self._may_start_a_job(run_id) and not self.parts.home.run(run_id).path.is_dir():
            raise BadSettings(f"{run_id} was submitted on another machine, and its files are there: resume it there")

    def _missing(self, run_id: str) -> list[str]:
        """Variables that this process lacks; a job that runs, and a run that is to end, need none."""
        if not self._may_start_a_job(run_id):
            return []
        job_path = self.parts.run(run_id).job_path
        return missing_variables(self.parts.job(run_id), self.parts.variables, secret_literals(job_path))

    def _may_start_a_job(self, run_id: str) -> bool:
        run = self.parts.run(run_id)
        pod = self.parts.pod(run_id)
        if run.status in ENDED or run.cancel_requested or (pod is not None and pod.job_started):
            return False
        return self.parts.spends  # a sweep starts no job

    def _ask_for(self, run_id: str, missing: list[str]) -> Run:
        """An error before money; afterwards a question to the human, with everything left as it is."""
        reason = (
            f"not set in the environment: {', '.join(missing)}; set it, and `swineherd resume {run_id}` there goes on"
        )
        if not self.parts.log.charges(run_id):
            raise MissingVariable(reason)
        now = self.parts.clock.now()
        self.parts.log.set_status(run_id, RunStatus.WAITING_FOR_HUMAN, now, reason=reason, code=WAITING_CODE)
        return self.parts.run(run_id)

    def _set_active(self, run_id: str) -> None:
        run = self.parts.run(run_id)
        if run.status is RunStatus.WAITING_FOR_HUMAN:
            self.parts.log.set_status(run_id, RunStatus.ACTIVE, self.parts.clock.now(), reason="", code=None)

    def _may_wake(self, parked: Parked, cause: Cause) -> bool:
        if cause != "fresh":
            return True
        return parked.awaited is Awaited.HUMAN and self.parts.clock.now() >= parked.until

    def _parked(self, run_id: str, snapshot: StateSnapshot, before: Parked | None = None) -> Parked | None:
        """Where the run is parked, noted in the spend log for the watcher; None where it is not."""
        if not snapshot.interrupts:
            return None
        interrupt: Interrupt = snapshot.interrupts[0]
        noted = self.parts.log.parked(run_id)
        if noted and noted[0].interrupt_id == interrupt.id:
            return noted[0]
        parked = self._new_parked(run_id, interrupt, before)
        self.parts.log.park(parked)
        return parked

    def _new_parked(self, run_id: str, interrupt: Interrupt, before: Parked | None) -> Parked:
        """A run that parks again for what it had been waiting for goes on with the same, ever rarer looks."""
        ticket = cast("Ticket", interrupt.value)
        now = self.parts.clock.now()
        awaited = Awaited(ticket["awaited"])
        until = datetime.fromisoformat(ticket["until"])
        order = self.parts.pod(run_id)
        what, seen = (order.order_id, order.status) if order else ("", "")
        again = before is not None and (before.awaited, before.what, before.seen) == (awaited, what, seen)
        looks = before.looks + 1 if before is not None and again else 0
        return Parked(
            run_id=run_id,
            awaited=awaited,
            what=what,
            seen=seen,
            interrupt_id=interrupt.id,
            parked_at=now,
            until=until,
            next_look=next_look(waits(awaited, self.parts.policy), looks, now, until),
            looks=looks,
        )

    async def _next_cause(self, parked: Parked, *, wait: bool) -> Cause | None:
        """Wait for a cause to go on; None leaves a run that waits for a human to a later `resume`."""
        watcher = Watcher(self.parts)
        for_human = parked.awaited in {Awaited.HUMAN, Awaited.PAYMENT}
        if for_human and (not wait or self._given_up(parked)):
            cause = await watcher.look(parked, at_once=True)  # whoever resumes it may just have paid
        else:
            cause = (await watcher.wait([parked.run_id])).cause
        return None if cause == "deadline" and parked.awaited is Awaited.HUMAN else cause

    def _given_up(self, parked: Parked) -> bool:
        """The question or the link is past its time; an expired link is only watched."""
        expired = any(charge.state is ChargeState.EXPIRED for charge in self.parts.log.charges(parked.run_id))
        return expired or (parked.awaited is Awaited.HUMAN and self.parts.clock.now() >= parked.until)

    def leave(self, parked: Parked) -> Run:
        """Leave a run waiting for a human."""
        reason = waiting_reason(parked, expired=self._given_up(parked))
        now = self.parts.clock.now()
        self.parts.log.set_status(parked.run_id, RunStatus.WAITING_FOR_HUMAN, now, reason=reason, code=WAITING_CODE)
        return self.parts.run(parked.run_id)

    @asynccontextmanager
    async def lease(self, run_id: str) -> AsyncIterator[None]:
        """Hold the right to drive a run, with a heartbeat; what is done meanwhile is one span."""
        now = self.parts.clock.now()
        if self.parts.log.take_lease(run_id, self.parts.holder, now, LEASE_SECONDS, self.parts.alive) is None:
            held = self.parts.log.lease(run_id)
            who = f"process {held.holder.pid} on {held.holder.host}" if held else "another process"
            raise LeaseHeld(f"{run_id} is driven by {who}")
        with spanning(self.parts.tracer, "drive", {RUN_ID: run_id}):
            async with self._held(run_id):
                yield

    @asynccontextmanager
    async def _held(self, run_id: str) -> AsyncIterator[None]:
        """The lease, renewed as long as the block lasts."""
        driving = asyncio.current_task()
        beating = asyncio.create_task(self._heartbeat(run_id, driving))
        try:
            yield
        except asyncio.CancelledError:
            if driving is not None and beating.done():
                driving.uncancel()
                raise LeaseHeld(f"the lease on {run_id} was lost, so that another process may drive it") from None
            with suppress(StoreUnusable):
                self.parts.log.note(run_id, LEFT, {}, self.parts.clock.now())
            raise
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
            self.parts.log.release_lease(run_id, self.parts.holder)

    async def _heartbeat(self, run_id: str, driving: "asyncio.Task[Any] | None") -> None:
        """Renew the lease; when it is lost, stop driving at once: somebody else does."""
        while True:
            await asyncio.sleep(self.heartbeat_seconds)
            if not self._renewed(run_id):
                if driving is not None:
                    driving.cancel("the lease was lost")
                return

    def _renewed(self, run_id: str) -> bool:
        """A store that does not answer has given the lease to nobody: on this machine a living holder keeps it."""
        try:
            return self.parts.log.renew_lease(run_id, self.parts.holder, self.parts.clock.now(), LEASE_SECONDS)
        except StoreUnusable:
            return True


def waiting_reason(parked: Parked, *, expired: bool) -> str:
    """What a run that waits for a human waits for. Which command goes on is said where there is a terminal."""
    match parked.awaited, expired:
        case Awaited.PAYMENT, False:
            return "waiting for the checkout to be paid"
        case Awaited.PAYMENT, True:
            return "nobody paid the checkout in time"
        case _, True:
            return "nobody answered in time"
        case _:
            return "waiting for an approval"


def _leads_on(snapshot: StateSnapshot, run_id: str) -> bool:
    """Whether the graph can go on from a checkpoint, as this very run: somebody may have edited it.

    Not `next`, which leaves out a step that is over and has no checkpoint after it yet.
    """
    return bool(snapshot.tasks) and snapshot.values.get("run_id") == run_id
