"""A run in the foreground: the graph drives, this asks the human and heeds the signals."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from agent.card import card
from agent.cli.replies import record, typed
from agent.cli.terminal import Keyboard
from agent.herd import Herd
from agent.result import link_to_pay
from policies.order import short_id
from tools.errors import StoreBusy, StoreUnusable
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Approval, Awaited, Run

LOOK_SECONDS = 0.3

T = TypeVar("T")


async def interruptible(work: Coroutine[Any, Any, T]) -> T | None:
    """Do `work`; None when SIGINT or SIGTERM ended it, with everything left for a later `resume`."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def let_go(driving: asyncio.Task[Any]) -> None:
    """End the driving, whatever ended the watching: a purchase under way has its answer before the store closes."""
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)


class Foreground:
    """Drives one run with a person (perhaps) watching."""

    def __init__(self, herd: Herd, run_id: str, say: Callable[[str], None]) -> None:
        self._herd = herd
        self._run_id = run_id
        self._say = say
        self._keyboard = Keyboard()
        self._shown = ""
        self._leaving = False
        self._interrupts = 0

    async def drive(self, *, wait: bool, fresh: bool = False) -> Run:
        """Take the run to its end, to a question nobody answers in time, or to where the human leaves it."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        loop.add_signal_handler(signal.SIGTERM, self._cancel, "SIGTERM")
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # a closed terminal leaves no pod without its agent
        driving = asyncio.create_task(self._herd.drive(self._run_id, wait=wait, fresh=fresh))
        try:
            while not driving.done():
                await asyncio.wait({driving}, timeout=LOOK_SECONDS)
                with suppress(StoreBusy):  # the next look sees what this one did not
                    self._ask_if_parked(wait=wait)
                if self._leaving and not driving.cancelling():
                    driving.cancel()
            return await driving
        except StoreUnusable:
            self._name_pods()
            raise
        except asyncio.CancelledError:
            return self._herd.parts.run(self._run_id)
        finally:
            await let_go(driving)
            self._keyboard.close()
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)
            loop.remove_signal_handler(signal.SIGHUP)

    @property
    def left(self) -> bool:
        """Whether the human chose to leave it running."""
        return self._leaving

    def _name_pods(self) -> None:
        """The store fails under a run: say what may be running, as far as it can still be read."""
        with suppress(StoreUnusable):
            for order in self._herd.parts.log.orders(self._run_id, open_only=True):
                self._say(
                    f"{short_id(order.order_id)} may be running: `swineherd resume {self._run_id}` when it works again"
                )

    def _ask_if_parked(self, *, wait: bool) -> None:
        """Show each question once: when the run parks for a human or for a payment."""
        parked = self._herd.parts.log.parked(self._run_id)
        if not wait or not parked or parked[0].interrupt_id == self._shown:
            return
        if parked[0].awaited is Awaited.HUMAN:
            self._shown = parked[0].interrupt_id
            self._show_card()
        elif parked[0].awaited is Awaited.PAYMENT:
            self._shown = parked[0].interrupt_id
            self._show_link()

    def _show_card(self) -> None:
        approval = self._herd.parts.log.approval(self._run_id)
        if approval is None or approval.decision is not None:
            return
        for line in card(self._herd.parts, approval):
            self._say(line)
        if self._keyboard.is_there:
            self._keyboard.ask(partial(self._answered, approval))
            self._say(f"Approve? [y/N] (or from another terminal: swineherd approve {self._run_id})")
            self._say("or another offer: c to pay by card, a number for so many hours")
        else:
            self._say(
                f"waiting for `swineherd approve {self._run_id}`; `swineherd show {self._run_id}` prints the code"
            )

    def _show_link(self) -> None:
        parts = self._herd.parts
        link = link_to_pay(parts.log, parts.run(self._run_id), parts.clock.now())
        if link:
            self._say(f"pay here until {link.expires_at:%H:%M} UTC, the run goes on by itself: {link.url}")

    def _answered(self, approval: Approval, text: str) -> None:
        """The answer is to the offer that was shown, by its code: to no other that may stand by now."""
        reply, amount = typed(text), approval.offer.amount
        said = record(self._herd.parts, self._run_id, reply, code=approval.code, amount=amount, by="terminal")
        if isinstance(said, NotRecorded):
            self._say(said.reason)
            self._shown = ""

    def _interrupted(self) -> None:
        self._interrupts += 1
        if not self._keyboard.is_there or self._interrupts > 1:
            self._cancel("SIGINT")
            return
        self._keyboard.ask(self._choose)
        self._say("[Enter] go on · [c] cancel and collect · [l] leave it running for a later `swineherd resume`")

    def _choose(self, text: str) -> None:
        self._interrupts = 0
        match text.lower()[:1]:
            case "c":
                self._cancel("the terminal")
            case "l":
                self._leaving = True
            case _:
                self._say("going on")
                self._shown = ""

    def _cancel(self, by: str) -> None:
        parts = self._herd.parts
        self._say("cancelling: the job is stopped, what is there is fetched, the pod is ended")
        parts.log.request_cancel(self._run_id, parts.clock.now(), by)
