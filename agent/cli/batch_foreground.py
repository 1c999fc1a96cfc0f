"""A batch in the foreground: the driver drives, this shows it, tells what waits for a human, and heeds the signals."""

import asyncio
import shutil
import signal
from contextlib import suppress

from rich.live import Live

from agent.batch.drive import BatchDriver, at_work, latest, to_do
from agent.cli.batch_face import BatchFace, live_table, watched
from agent.cli.batch_question import Question
from agent.cli.foreground import let_go
from agent.cli.terminal import Keyboard
from agent.herd import Herd
from agent.result import link_to_pay
from policies.money import usd
from tools.errors import StoreBusy, StoreUnusable
from tools.spend_log.batch_rows import Batch
from tools.spend_log.rows import ENDED, Awaited, Parked

LOOK_SECONDS = 0.3


class BatchForeground:
    """Drives one batch with a person (perhaps) watching."""

    def __init__(self, herd: Herd, face: BatchFace, batch: Batch, driver: BatchDriver, *, table: bool) -> None:
        self._herd = herd
        self._face = face
        self._batch_id = batch.batch_id
        self._driver = driver
        self._table = table
        self._live: Live | None = None
        self._keyboard = Keyboard()
        self._question = Question(herd.parts, face, batch, self._keyboard)
        self._shown: set[str] = set()
        self._ended = {run.run_id for run in latest(herd.parts, batch.batch_id) if run.status in ENDED}
        self._interrupts = 0
        self.leaving = False

    async def drive(self, *, wait: bool) -> None:
        """Take the batch as far as it goes, or to where its human leaves it.

        Raises:
            StoreUnusable: the spend log can't be written.
            MarketUnavailable, Refused, Malformed: what has bought nothing yet can't be begun.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        loop.add_signal_handler(signal.SIGTERM, self._cancel, "SIGTERM")
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # a closed terminal leaves no pod without its agent
        runs = to_do(self._herd.parts, self._batch_id)
        self._driver.hold(runs)
        driving = asyncio.create_task(self._drive(runs, wait=wait))
        try:
            while not driving.done():
                await asyncio.wait({driving}, timeout=LOOK_SECONDS)
                with suppress(StoreBusy):  # the next look sees what this one did not
                    self._show()
                if self.leaving and not driving.cancelling():
                    driving.cancel()
            with suppress(asyncio.CancelledError):
                await driving
        finally:
            await let_go(driving)
            self._stop_table()
            self._keyboard.close()
            with suppress(StoreUnusable):
                self._driver.let_go(runs)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def _drive(self, runs: list[str], *, wait: bool) -> None:
        """What has bought is driven at once, beside the question about what has not."""
        going = at_work(self._herd.parts, runs)
        others = [run_id for run_id in runs if run_id not in going]
        outcomes = await asyncio.gather(
            self._driver.drive(going, wait=wait, in_turn=False), self._begin(others, wait=wait), return_exceptions=True
        )
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _begin(self, runs: list[str], *, wait: bool) -> None:
        if runs:
            await self._driver.drive(await self._question.consented(runs, wait=wait), wait=wait)

    def _start_table(self) -> None:
        """A new one each time: an old one would erase what a human typed below it."""
        self._live = self._face.above = live_table()
        self._live.start()

    def _stop_table(self) -> None:
        live, self._live = self._live, None
        self._face.above = None
        if live is not None:
            with suppress(OSError):
                live.stop()

    def _show(self) -> None:
        for parked in self._herd.parts.log.parked():
            if parked.interrupt_id not in self._shown and parked.run_id in self._face.labels:
                self._tell_question(parked)
        self._tell_ended()
        if self._table and not self._interrupts and not self._question.stands:
            self._refresh()

    def _tell_ended(self) -> None:
        """A line for each run that ended; where there is a table, that shows it."""
        for run in latest(self._herd.parts, self._batch_id):
            if run.status in ENDED and run.run_id not in self._ended:
                self._ended.add(run.run_id)
                spent = usd(self._herd.parts.log.totals(run.run_id).spent)
                why = f" ({run.reason})" if run.reason else ""
                self._face.tell(run.run_id, f"{run.status}{why}: spent ${spent}")

    def _refresh(self) -> None:
        height = shutil.get_terminal_size().lines
        table = watched(self._herd.parts, self._face, self._batch_id, height=height)
        try:
            if self._live is None:
                self._start_table()
            if self._live is not None:
                self._live.update(table, refresh=True)
        except OSError:  # a terminal that is gone must not end the runs under their pods
            self._table = False

    def _tell_question(self, parked: Parked) -> None:
        """Once for each: what a grant does not cover is asked by itself."""
        label, parts = self._face.labels[parked.run_id], self._herd.parts
        if parked.awaited is Awaited.HUMAN:
            self._shown.add(parked.interrupt_id)
            self._face.say(f"[{label}] asks for approval: swineherd approve {parked.run_id}")
        elif parked.awaited is Awaited.PAYMENT:
            self._shown.add(parked.interrupt_id)
            link = link_to_pay(parts.log, parts.run(parked.run_id), parts.clock.now())
            if link:
                self._face.say(f"[{label}] pay here, the run goes on by itself: {link.url}")

    def _interrupted(self) -> None:
        self._interrupts += 1
        if not self._keyboard.is_there or self._interrupts > 1:
            self._cancel("SIGINT")
            return
        self._stop_table()
        self._keyboard.ask(self._choose)
        self._face.say("[Enter] go on · [c] cancel all and collect · [l] leave it for a later `batch --resume`")

    def _choose(self, text: str) -> None:
        self._interrupts = 0
        match text.lower()[:1]:
            case "c":
                self._cancel("the terminal")
            case "l":
                self.leaving = True
            case _:
                self._face.say("going on")
                self._question.show()

    def _cancel(self, by: str) -> None:
        self._face.say("cancelling: jobs are stopped, what is there is fetched, pods are ended")
        unended = to_do(self._herd.parts, self._batch_id)
        self._driver.cancel(unended, by)
