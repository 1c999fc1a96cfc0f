"""sweep: the money settled, every pod that nobody needs brought home; it buys nothing, whatever is approved (law 7)."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from agent.accrual import kept_until
from agent.drive import Driver
from agent.errors import LeaseHeld
from agent.kept import holds_results, kept_pods
from agent.leftovers import left_running, settle_links
from agent.parts import Parts
from agent.reconcile import reconcile
from agent.second_look import look_again
from agent.undriven import driver_of, look_at_undriven
from agent.wind_up import wind_up
from policies.charge import DOUBTED, ChargeState
from policies.order import phase, short_id
from policies.patience import GONE
from policies.sweeping import BringHome, Leave, WindUp, what_to_do
from policies.text import counted
from tools.errors import StoreUnusable, SwineherdError
from tools.spend_log.rows import ENDED, Charge, Kind, OrderRow, Run, RunStatus

CLEAN = 0
UNPROVEN = 5
DOUBTFUL = 7

ORPHANS_ALARM_FOR = timedelta(days=7)
"""Money that was taken, and whose order nobody knows, is alarming for as long as an ended order is looked at again."""

BY = "sweep"
"""Who cancels a run whose job was never started."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a sweep did, or left.

    Attributes:
        order_id: in its short form, or "".
        action: `brought home`, `collected and ended`, `ended`, `ended again`, `stopped`; "" for what was left.
        alarming: a human should hear of it.
    """

    run_id: str
    order_id: str
    action: str
    reason: str
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """What came of a sweep, with its exit code."""

    swept: tuple[Item, ...]
    left: tuple[Item, ...]
    code: int


@dataclass(slots=True)
class Sweep:
    """One sweep of one store.

    Attributes:
        at_work: what takes its time now, by run.
    """

    driver: Driver
    at_work: dict[str, str] = field(default_factory=dict)
    _swept: list[Item] = field(default_factory=list)
    _left: list[Item] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.driver = replace(self.driver, parts=replace(self.driver.parts, spends=False))

    @property
    def parts(self) -> Parts:
        """Those of a driver that buys nothing."""
        return self.driver.parts

    async def sweep(self) -> Swept:
        """Settle the money, look at what should be gone, bring home what nobody drives; one at fault stops no other.

        Raises:
            StoreUnusable: the spend log can't be read or written; whatever could be done without it is done.
        """
        self.at_work[""] = "the money"
        await reconcile(self.parts)
        await settle_links(self.parts)
        self.at_work[""] = "orders that are gone"
        looked = await look_again(self.parts)
        for order in looked.alive:
            self._lives_again(order)
        for order in looked.unseen:
            self._leave(order.run_id, "said that it was gone, and could not be looked at again", order)
        del self.at_work[""]
        runs = self.parts.log.runs(unfinished=True, limit=1_000_000)
        pods: dict[str, list[OrderRow]] = {}
        for order in {one.order_id: one for one in (*left_running(self.parts), *kept_pods(self.parts))}.values():
            pods.setdefault(order.run_id, []).append(order)
        work = {run.run_id: self._see_to_run(run) for run in runs}
        work |= {run_id: self._see_to_pods(run_id, of_run) for run_id, of_run in pods.items()}
        await self._do(work)
        return self._outcome()

    async def _do(self, work: dict[str, Coroutine[Any, Any, None]]) -> None:
        """All at once, each for itself."""
        outcomes = await asyncio.gather(*work.values(), return_exceptions=True)
        for run_id, outcome in zip(work, outcomes, strict=True):
            self.at_work.pop(run_id, None)
            if isinstance(outcome, BaseException):
                self._failed(run_id, outcome)
        for outcome in outcomes:
            if isinstance(outcome, StoreUnusable):
                raise outcome

    def _failed(self, run_id: str, error: BaseException) -> None:
        match error:
            case LeaseHeld():
                self._leave(run_id, str(error))
            case SwineherdError():
                self._leave(run_id, f"failed: {error}", alarming=True)
            case Exception():
                self._leave(run_id, f"failed: {error!r} (a defect of ours)", alarming=True)
            case _:
                raise error

    # unfinished runs

    async def _see_to_run(self, run: Run) -> None:
        driven = driver_of(self.parts, run.run_id)
        if driven is not None:
            self._leave(run.run_id, f"driven by process {driven.holder.pid} on {driven.holder.host}")
            return
        for order in self.parts.log.orders(run.run_id, open_only=True):
            if elsewhere := self.parts.named_elsewhere(order):
                self._leave(run.run_id, f"has a pod at {elsewhere}, not at {self.parts.base_url}", order, alarming=True)
                return
        self.at_work[run.run_id] = "a look"
        seen = await look_at_undriven(self.parts, run)
        match what_to_do(seen, self.parts.clock.now()):
            case Leave(why=why):
                goes_on = f"{why}; `swineherd resume {run.run_id}` goes on with it"
                waits = seen.pod is None and run.status is RunStatus.WAITING_FOR_HUMAN
                self._leave(run.run_id, run.reason if waits and run.reason else goes_on, self.parts.pod(run.run_id))
            case WindUp(why=why):
                async with self.driver.lease(run.run_id):
                    self.parts.log.request_cancel(run.run_id, self.parts.clock.now(), BY)
                await self._bring_home(run.run_id, why)
            case BringHome(why=why):
                await self._bring_home(run.run_id, why)

    async def _bring_home(self, run_id: str, why: str) -> None:
        self.at_work[run_id] = f"bringing it home: {why}"
        self.parts.face.tell(run_id, f"{run_id} is brought home: {why}")
        order = self.parts.pod(run_id)
        run = await self.driver.drive(run_id, wait=False)
        if run.status in ENDED:
            told = f": {run.reason}" if run.reason else ""
            self._swept.append(_item(run_id, order, "brought home", f"{why}; {run.status}{told}"))
        else:
            self._leave(run_id, run.reason or f"{why}; it is {run.status}", order)

    # ended runs

    async def _see_to_pods(self, run_id: str, orders: Sequence[OrderRow]) -> None:
        here = [order for order in orders if not self.parts.named_elsewhere(order)]
        for order in orders:
            if order not in here:
                self._leave(run_id, f"is at {self.parts.named_elsewhere(order)}: not proven gone", order, alarming=True)
        if here:
            async with self.driver.lease(run_id):
                for order in here:
                    self.at_work[run_id] = f"ending {short_id(order.order_id)}"
                    await self._see_to_pod(order)

    async def _see_to_pod(self, order: OrderRow) -> None:
        """Until it is gone, or stopped to keep what it has, or the tries of this sweep are over."""
        tries = self.parts.policy.recovery.terminate_alarm_tries
        for number in range(tries):
            if number:
                await self.parts.clock.sleep(GONE[min(number, len(GONE)) - 1])
            if await wind_up(self.parts, self.parts.log.order(order.order_id) or order):
                self._wound_up(order, self.parts.log.order(order.order_id) or order)
                return
        tried = counted(tries, "more try", "more tries")
        why = f"not proven gone after {tried}: it may go on billing; the next sweep goes on"
        self._leave(order.run_id, why, order, alarming=True)

    def _wound_up(self, before: OrderRow, now: OrderRow) -> None:
        if not holds_results(self.parts, now):
            collected = now.collected and not before.collected
            self._swept.append(
                _item(now.run_id, now, "collected and ended" if collected else "ended", "its run is over")
            )
            return
        until = f"its volume is kept until {kept_until(self.parts, now):%Y-%m-%d %H:%M} UTC"
        why = f"{until}; start it at the provider, and a sweep or `swineherd resume {now.run_id}` collects"
        if phase(before.status) == "stopped":
            self._leave(now.run_id, why, now)
        else:
            self._swept.append(_item(now.run_id, now, "stopped", why))

    # the outcome

    def _lives_again(self, order: OrderRow) -> None:
        why = "the provider had said that it was gone, and it was not"
        if order.gone_at is not None:
            self._swept.append(_item(order.run_id, order, "ended again", why, alarming=True))
        elif phase(order.status) == "stopped" and holds_results(self.parts, order):
            self._swept.append(_item(order.run_id, order, "stopped", f"{why}; what it holds is kept", alarming=True))
        else:
            self._leave(order.run_id, f"{why}; it does not end", order, alarming=True)

    def _leave(self, run_id: str, why: str, order: OrderRow | None = None, *, alarming: bool = False) -> None:
        self._left.append(_item(run_id, order, "", why, alarming=alarming))

    def _outcome(self) -> Swept:
        unproven = [order for order in left_running(self.parts) if not self._told_of(order)]
        for order in unproven:
            self._leave(order.run_id, "not proven gone: it may go on billing", order, alarming=True)
        code = UNPROVEN if any(item.alarming for item in self._left) else CLEAN
        if self._money_in_doubt():
            code = DOUBTFUL
        return Swept(tuple(self._swept), tuple(self._left), code)

    def _told_of(self, order: OrderRow) -> bool:
        return any((item.run_id, item.order_id) == (order.run_id, short_id(order.order_id)) for item in self._left)

    def _money_in_doubt(self) -> bool:
        """Adds a line for each charge in doubt, and for each that was taken while its order is not known.

        Money found on the account is told too, and is no doubt of ours: there is nothing that anybody could settle.
        """
        known = {order.charge_id for order in self.parts.log.orders()}
        doubtful = False
        for charge in self.parts.log.charges(states=[*DOUBTED, ChargeState.ORPHANED]):
            if self._is_explained(charge, known):
                continue
            ours = charge.kind is not Kind.FOUND
            where = "see `swineherd spend`" + (" and `swineherd settle`" if ours else "")
            why = f"charge {charge.charge_id} is {charge.state}: {where}"
            self._left.append(Item(charge.run_id, "", "", why, alarming=ours))
            doubtful = doubtful or ours
        return doubtful

    def _is_explained(self, charge: Charge, known: set[str]) -> bool:
        match charge.state:
            case ChargeState.SUBMITTING:
                return driver_of(self.parts, charge.run_id) is not None
            case ChargeState.ORPHANED:
                age = self.parts.clock.now() - (charge.settled_at or charge.created_at)
                return charge.charge_id in known or age >= ORPHANS_ALARM_FOR or self._was_settled_by_hand(charge)
            case _:
                return False

    def _was_settled_by_hand(self, charge: Charge) -> bool:
        """Whoever said that the money came back has nothing more to say."""
        of_run = self.parts.log.events(charge.run_id, limit=1_000_000)
        return any((one.kind, one.charge_id) == ("settled_by_hand", charge.charge_id) for one in of_run)


def _item(run_id: str, order: OrderRow | None, action: str, reason: str, *, alarming: bool = False) -> Item:
    return Item(run_id, short_id(order.order_id) if order else "", action, reason, alarming)
