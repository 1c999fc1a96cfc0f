"""The spend log on the rules of its modules; what is left to each store is how it is opened, locked and audited."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from policies.answers import Answer, Balance
from policies.budget import CapHit, Caps, Usage
from policies.charge import ChargeEvent, ChargeState
from policies.money import Cents
from policies.offer import Offer
from tools.spend_log import approvals, chain, freezing, leases, money, orders, parking, runs
from tools.spend_log.codec import to_text
from tools.spend_log.database import readable_errors
from tools.spend_log.journal import Line
from tools.spend_log.log_account import AccountLog
from tools.spend_log.log_answers import AnswersLog
from tools.spend_log.log_batches import BatchesLog
from tools.spend_log.log_driving import DrivingLog
from tools.spend_log.log_peaks import PeaksLog
from tools.spend_log.log_schedules import SchedulesLog
from tools.spend_log.port import Frozen, NotApproved, NotRecorded, Recorded
from tools.spend_log.reserve import reserve
from tools.spend_log.rows import (
    Approval,
    Attempt,
    Charge,
    Decision,
    Event,
    Holder,
    Lease,
    NewRun,
    OrderRow,
    Parked,
    Run,
    RunStatus,
    Totals,
)
from tools.spend_log.usage import totals, usage


class StoredLog(AccountLog, AnswersLog, BatchesLog, DrivingLog, PeaksLog, SchedulesLog):
    """`SpendLog` but for how its store is opened and audited: the rules are the same in every store."""

    # runs
    def add_run(self, run: NewRun) -> None:
        with self._write() as db:
            runs.add(db, run)

    def run(self, run_id: str) -> Run | None:
        with self._read() as db:
            return runs.find(db, run_id)

    def runs(self, *, unfinished: bool = False, limit: int = 1000) -> list[Run]:
        with self._read() as db:
            return runs.listed(db, unfinished=unfinished, limit=limit)

    def enter_step(self, run_id: str, step: str, now: datetime) -> None:
        with self._write() as db:
            runs.enter_step(db, run_id, step, now)

    def set_status(
        self,
        run_id: str,
        status: RunStatus,
        now: datetime,
        *,
        reason: str,
        code: int | None,
        job_exit_code: int | None = None,
    ) -> None:
        with self._write() as db:
            runs.set_status(db, run_id, status, now, reason, (code, job_exit_code))

    def request_cancel(self, run_id: str, now: datetime, by: str) -> None:
        with self._write() as db:
            runs.request_cancel(db, run_id, now, by)

    # leases
    def take_lease(
        self, run_id: str, holder: Holder, now: datetime, ttl_seconds: int, alive: Callable[[Holder], bool]
    ) -> Lease | None:
        with self._write() as db:
            return leases.take(db, run_id, holder, now, timedelta(seconds=ttl_seconds), alive)

    def renew_lease(self, run_id: str, holder: Holder, now: datetime, ttl_seconds: int) -> bool:
        with self._write() as db:
            return leases.renew(db, run_id, holder, now, timedelta(seconds=ttl_seconds))

    def release_lease(self, run_id: str, holder: Holder) -> None:
        with self._write() as db:
            leases.release(db, run_id, holder)

    def lease(self, run_id: str) -> Lease | None:
        with self._read() as db:
            return leases.find(db, run_id)

    # offers and approvals
    def add_attempt(self, offer: Offer, reason: str, now: datetime) -> Attempt:
        with self._write() as db:
            return approvals.add_attempt(db, offer, reason, now)

    def attempts(self, run_id: str) -> list[Attempt]:
        with self._read() as db:
            return approvals.attempts(db, run_id)

    def end_attempt(self, run_id: str, number: int, outcome: str, now: datetime) -> None:
        with self._write() as db:
            approvals.end_attempt(db, run_id, number, outcome, now)

    def ask(self, offer: Offer, code: str, now: datetime, expires_at: datetime) -> Approval:
        with self._write() as db:
            return approvals.ask(db, offer, code, now, expires_at)

    def approval(self, run_id: str) -> Approval | None:
        with self._read() as db:
            return approvals.question(db, run_id)

    def decide(
        self, run_id: str, code: str, amount: Cents, decision: Decision, by: str, now: datetime
    ) -> Recorded | NotRecorded:
        with self._write() as db:
            return approvals.decide(db, run_id, code, amount, decision, by, now)

    # money
    def reserve(
        self, charge_id: str, offer: Offer, caps: Caps, now: datetime, approval_id: str | None
    ) -> Charge | CapHit | Frozen | NotApproved:
        with self._write() as db:
            return reserve(db, charge_id, offer, caps, now, approval_id)

    def submit(self, charge_id: str, now: datetime, balance: Balance | None, sender: Holder) -> Charge:
        with self._write() as db:
            return money.submit(db, charge_id, now, balance, sender, self._settle_seconds)

    def keep_answer(self, charge_id: str, status: int, body: bytes, now: datetime) -> None:
        with self._write() as db:
            money.keep_answer(db, charge_id, Answer(status, body), now)

    def kept_answer(self, charge_id: str) -> Answer | None:
        with self._read() as db:
            return money.kept_answer(db, charge_id)

    def settle(self, charge_id: str, event: ChargeEvent, now: datetime) -> Charge:
        with self._write() as db:
            committed = chain.head(db)
            charge = money.settle(db, charge_id, event, now)
            orders.add_named(db, self._journal, charge, event, now, committed)
            head = chain.head(db)
        with readable_errors(self._journal.path):
            self._journal.append(Line("", charge.run_id, charge_id, to_text(now), head))
        return charge

    def charge(self, charge_id: str) -> Charge | None:
        with self._read() as db:
            return money.find(db, charge_id)

    def charges(self, run_id: str | None = None, states: Sequence[ChargeState] | None = None) -> list[Charge]:
        with self._read() as db:
            return money.listed(db, run_id, states)

    def usage(self, run_id: str, now: datetime) -> Usage:
        with self._read() as db:
            return usage(db, run_id, now)

    def totals(self, run_id: str | None = None) -> Totals:
        with self._read() as db:
            return totals(db, run_id)

    def accrue(self, charge: Charge) -> None:
        with self._write() as db:
            money.accrue(db, charge)

    def book(self, charge: Charge) -> None:
        with self._write() as db:
            money.book(db, charge)

    # freezing
    def frozen(self) -> str | None:
        with self._read() as db:
            return freezing.reason(db)

    def freeze(self, reason: str, now: datetime) -> None:
        with self._write() as db:
            freezing.freeze(db, reason, now)

    def unfreeze(self, now: datetime, *, seen: int | None = None, by: str = "") -> bool:
        with self._write() as db:
            return freezing.unfreeze(db, now, seen, by)

    # orders
    def add_order(self, order: OrderRow) -> None:
        with self._write() as db:
            orders.add(db, self._journal, order)

    def order(self, order_id: str) -> OrderRow | None:
        with self._read() as db:
            return orders.find(db, order_id)

    def orders(self, run_id: str | None = None, *, open_only: bool = False) -> list[OrderRow]:
        with self._read() as db:
            return orders.listed(db, run_id, open_only=open_only)

    def see_order(self, order_id: str, status: str, now: datetime) -> OrderRow:
        with self._write() as db:
            return orders.see(db, order_id, status, now)

    def pin_host_key(self, order_id: str, host_key: str) -> None:
        with self._write() as db:
            orders.pin_host_key(db, order_id, host_key)

    def mark_order(
        self,
        order_id: str,
        *,
        on_volume: bool | None = None,
        job_started: bool | None = None,
        collected: bool | None = None,
        terminate_tried: bool = False,
        paid_from: datetime | None = None,
    ) -> None:
        marks = {
            "on_volume": on_volume,
            "job_started": job_started,
            "collected": collected,
            "paid_from": paid_from and to_text(paid_from),
        }
        with self._write() as db:
            orders.mark(db, order_id, marks, terminate_tried=terminate_tried)

    # parking
    def park(self, parked: Parked) -> None:
        with self._write() as db:
            parking.park(db, parked)

    def parked(self, run_id: str | None = None) -> list[Parked]:
        with self._read() as db:
            return parking.listed(db, run_id)

    def looked(self, run_id: str, seen: str, next_look: datetime) -> None:
        with self._write() as db:
            parking.looked(db, run_id, seen, next_look)

    def unpark(self, run_id: str) -> None:
        with self._write() as db:
            parking.unpark(db, run_id)

    # history
    def note(self, run_id: str, kind: str, body: dict[str, object], now: datetime, charge_id: str = "") -> None:
        with self._write() as db:
            chain.append(db, now, kind, body, run_id=run_id, charge_id=charge_id)

    def events(self, run_id: str | None = None, limit: int = 1000) -> list[Event]:
        with self._read() as db:
            return chain.listed(db, run_id, limit)

    def chain_head(self) -> str:
        with self._read() as db:
            return chain.head(db)

    def broken_chain(self) -> str | None:
        with self._read() as db:
            witnessed = {line.head: number for number, line in reversed(self._journal.lines())}
            return chain.broken(db, witnessed)
