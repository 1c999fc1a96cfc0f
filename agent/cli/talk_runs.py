"""The runs that a conversation drives: submitted in it, or approved and driven by nobody else."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from agent.at_work import somebody_works
from agent.chat.cards import lines_of
from agent.cli.foreground import LOOK_SECONDS, let_go
from agent.cli.output import PROVIDER
from agent.cli.runs import exit_code, last_line
from agent.errors import LeaseHeld
from agent.herd import Herd
from agent.questions import Question
from agent.result import link_to_pay
from agent.talk.typed import card_of
from agent.undriven import driver_of
from tools.errors import StoreUnusable, SwineherdError
from tools.spend_log.rows import Awaited, Run


class Herding:
    """Drives each in a task of its own, and asks where one parks for a human.

    Args:
        at_terminal: a human reads what is said; else it may end in a log, where no code belongs.
    """

    def __init__(self, herd: Herd, say: Callable[[str], None], *, at_terminal: bool) -> None:
        self._herd = herd
        self._say = say
        self._at_terminal = at_terminal
        self._driving: dict[str, asyncio.Task[Run]] = {}
        self._shown: dict[str, str] = {}
        self.code = 0
        """The worst exit code of those that ended, or that were left waiting."""

    @property
    def busy(self) -> list[str]:
        """Runs that are driven here now."""
        return sorted(self._driving)

    def undriven(self) -> list[str]:
        """Runs that were begun, and that nobody drives; what waits for its turn in a batch is left to that."""
        parts = self._herd.parts
        begun = [run.run_id for run in parts.log.runs(unfinished=True) if run.started_at]
        return [
            run_id
            for run_id in begun
            if parts.at_home(run_id) and not driver_of(parts, run_id) and not somebody_works(parts, run_id)
        ]

    def drive(self, run_id: str) -> None:
        """Take a run up, unless somebody else does."""
        if run_id in self._driving:
            return
        if driver_of(self._herd.parts, run_id) or somebody_works(self._herd.parts, run_id):
            self._say(f"{run_id} is driven by another process")
            return
        self._driving[run_id] = asyncio.create_task(self._herd.drive(run_id, fresh=True))

    async def watch(self) -> None:
        """Until it is cancelled: show what a run asks, and how it ended."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._look()

    def _look(self) -> None:
        for run_id, task in [*self._driving.items()]:
            if task.done():
                del self._driving[run_id]
                with self._store_at_fault(run_id):
                    self._ended(run_id, task)
            else:
                with suppress(StoreUnusable):  # the next look sees what this one did not; whoever drives says more
                    self._ask_if_parked(run_id)

    async def idle(self) -> None:
        """Wait until nothing is driven any more."""
        while driving := [*self._driving.values()]:
            await asyncio.wait(driving)
            self._look()

    async def until_asked(self) -> None:
        """Wait until nothing goes on without a human."""
        while moving := [task for run_id, task in self._driving.items() if not self._waits_for_a_human(run_id)]:
            await asyncio.wait(moving, timeout=LOOK_SECONDS)
            self._look()

    def cancel(self, by: str) -> None:
        """All of them: jobs are stopped, what is there is fetched, pods are ended."""
        for run_id in self._driving:
            with self._store_at_fault(run_id):
                self._herd.parts.log.request_cancel(run_id, self._herd.parts.clock.now(), by)

    async def leave(self) -> None:
        """All of them as they are, for a later `resume`."""
        for run_id, task in [*self._driving.items()]:
            await let_go(task)
            self._say(f"{run_id} is left as it is; go on with `swineherd resume {run_id}`")
            with self._store_at_fault(run_id):
                self.code = max(self.code, exit_code(self._herd.parts.run(run_id)))
        self._driving.clear()

    @contextmanager
    def _store_at_fault(self, run_id: str) -> Iterator[None]:
        """A store that fails under one run keeps nobody from looking after the others."""
        try:
            yield
        except StoreUnusable as error:
            self._say(f"{run_id}: {error}")
            self.code = max(self.code, PROVIDER)

    def _ended(self, run_id: str, task: asyncio.Task[Run]) -> None:
        match task.exception():
            case None:
                self._say(f"{run_id}: {last_line(self._herd, task.result())}")
            case LeaseHeld():
                self._say(f"{run_id} is driven by another process")
                return
            case SwineherdError() as error:
                self._say(f"{run_id} is left as it is: {error}")
            case error:
                self._say(f"{run_id} is left as it is: {error!r} (a defect of ours)")
        self.code = max(self.code, exit_code(self._herd.parts.run(run_id)))

    def _waits_for_a_human(self, run_id: str) -> bool:
        try:
            parked = self._herd.parts.log.parked(run_id)
        except StoreUnusable:
            return False
        return bool(parked) and parked[0].awaited in {Awaited.HUMAN, Awaited.PAYMENT}

    def _card(self, question: Question) -> list[str]:
        if self._at_terminal:
            return card_of(self._herd.parts, question)
        run_id = question.subject
        how = f"waiting for `swineherd approve {run_id}`; `swineherd show {run_id}` prints the code"
        return [*lines_of(self._herd.parts, question), how]

    def _ask_if_parked(self, run_id: str) -> None:
        """Show each question once."""
        parts = self._herd.parts
        parked = parts.log.parked(run_id)
        if not parked or parked[0].interrupt_id == self._shown.get(run_id):
            return
        if parked[0].awaited is Awaited.HUMAN:
            self._shown[run_id] = parked[0].interrupt_id
            asked = parts.log.approval(run_id)
            if asked is not None and asked.decision is None:
                for line in self._card(Question.of(asked)):
                    self._say(line)
        elif parked[0].awaited is Awaited.PAYMENT:
            self._shown[run_id] = parked[0].interrupt_id
            link = link_to_pay(parts.log, parts.run(run_id), parts.clock.now())
            if link is not None:
                self._say(f"pay here until {link.expires_at:%H:%M} UTC, the run goes on by itself: {link.url}")
