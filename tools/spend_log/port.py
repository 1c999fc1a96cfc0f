"""The spend log as its users see it; SQLite implements it here, PostgreSQL may.

Every method is one transaction, durable when it returns. Any of them raises `StoreUnusable` when the disk is full,
read-only or corrupt.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from policies.answers import Answer, Balance
from policies.budget import CapHit, Caps, Usage
from policies.charge import ChargeEvent, ChargeState
from policies.money import Cents
from policies.offer import Offer
from tools.spend_log.account_rows import Observed, Reading, Sender
from tools.spend_log.outcomes import Frozen, NotApproved, NotRecorded, Recorded
from tools.spend_log.port_answers import AnswerLog
from tools.spend_log.port_batches import BatchLog
from tools.spend_log.port_driving import Driving
from tools.spend_log.port_peaks import PeakLog
from tools.spend_log.port_schedules import ScheduleLog
from tools.spend_log.rows import (
    Approval,
    Attempt,
    Charge,
    Decision,
    Event,
    Finding,
    Holder,
    Lease,
    NewRun,
    OrderRow,
    Parked,
    Run,
    RunStatus,
    Totals,
)

__all__ = ["Frozen", "NotApproved", "NotRecorded", "Recorded", "SpendLog"]


class SpendLog(AnswerLog, BatchLog, Driving, PeakLog, ScheduleLog, Protocol):
    """Everything durable about runs and money."""

    # runs
    def add_run(self, run: NewRun) -> None: ...
    def run(self, run_id: str) -> Run | None: ...
    def runs(self, *, unfinished: bool = False, limit: int = 1000) -> list[Run]: ...
    def enter_step(self, run_id: str, step: str, now: datetime) -> None:
        """Note the node a run is in; its first one also sets `started_at` and makes it `active`."""
        ...

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
        """A status in `ENDED` sets `ended_at` and is final: a later call for an ended run raises ValueError."""
        ...

    def request_cancel(self, run_id: str, now: datetime, by: str) -> None:
        """Noted once; a parked run that a cancel wakes is looked at before all others."""
        ...

    # leases
    def take_lease(
        self, run_id: str, holder: Holder, now: datetime, ttl_seconds: int, alive: Callable[[Holder], bool]
    ) -> Lease | None:
        """The lease, or None while a living other has it.

        A holder on this machine keeps it as long as `alive` confirms it, expired or not: it may only be suspended, in
        the middle of a purchase. One elsewhere, of which nothing can be known, loses it when it expires.
        """
        ...

    def renew_lease(self, run_id: str, holder: Holder, now: datetime, ttl_seconds: int) -> bool:
        """False when the lease was lost; the caller must stop driving."""
        ...

    def release_lease(self, run_id: str, holder: Holder) -> None: ...
    def lease(self, run_id: str) -> Lease | None: ...

    # offers and approvals
    def add_attempt(self, offer: Offer, reason: str, now: datetime) -> Attempt:
        """`offer.attempt` must be the next number of the run; any current attempt is ended as superseded, and its
        approval with it.
        """
        ...

    def attempts(self, run_id: str) -> list[Attempt]: ...
    def end_attempt(self, run_id: str, number: int, outcome: str, now: datetime) -> None: ...

    def ask(self, offer: Offer, code: str, now: datetime, expires_at: datetime) -> Approval:
        """Ask a human about the current attempt; asking again for the same attempt returns the question that stands.

        Raises `OfferPutAside` where `offer` is not the current attempt any more.
        """
        ...

    def approval(self, run_id: str) -> Approval | None:
        """The question about the run's current attempt, answered or not."""
        ...

    def decide(
        self, run_id: str, code: str, amount: Cents, decision: Decision, by: str, now: datetime
    ) -> Recorded | NotRecorded:
        """Record an answer. `code` is compared in constant time; ten wrong ones void the question.

        A run that is parked for it is looked at before all others.
        """
        ...

    # money
    def reserve(
        self, charge_id: str, offer: Offer, caps: Caps, now: datetime, approval_id: str | None
    ) -> Charge | CapHit | Frozen | NotApproved:
        """Check every cap and reserve in one transaction; consumes the approval there, or holds the auto-pay limits.

        The offer must be the run's current attempt, and an attempt pays for one charge ever: a replay is NotApproved.

        Raises:
            IntentAlreadyOpen: the run has a charge that is not final, or an order not proven gone.
        """
        ...

    def submit(self, charge_id: str, now: datetime, balance: Balance | None, sender: Holder) -> Charge:
        """`held` → `submitting`, fsynced: the call may leave within 5 seconds of this, from `sender` alone.

        Raises:
            IntentAlreadyOpen: another credits purchase on this account is `submitting`, or `in_doubt` and inside its
                settle window; or spending was frozen meanwhile.
            NotWanted: the run ended or is being cancelled, or the grant that was to pay was taken back or has ended.
        """
        ...

    def landed(self, charge_id: str, now: datetime) -> None:
        """The sender's call has returned, answered or not: nothing more is sent for this charge."""
        ...

    def sender(self, charge_id: str) -> Sender | None:
        """Who sent a charge; None where that was not written down."""
        ...

    def keep_answer(self, charge_id: str, status: int, body: bytes, now: datetime) -> None:
        """Store a raw answer (its first 64 KiB) before anybody parses it."""
        ...

    def kept_answer(self, charge_id: str) -> Answer | None:
        """The last raw answer stored for a charge: what a process that died had already heard."""
        ...

    def settle(self, charge_id: str, event: ChargeEvent, now: datetime) -> Charge:
        """Move a charge by `policies.charge.next_state`; a mismatch also freezes spending.

        An event that names an order keeps that order too, bare, in the same transaction; `add_order` fills in the rest,
        before or after.

        Raises:
            IllegalMove: the machine does not allow it.
        """
        ...

    def charge(self, charge_id: str) -> Charge | None: ...
    def charges(self, run_id: str | None = None, states: Sequence[ChargeState] | None = None) -> list[Charge]: ...
    def usage(self, run_id: str, now: datetime) -> Usage: ...
    def totals(self, run_id: str | None = None) -> Totals: ...
    def accrue(self, charge: Charge) -> None:
        """Open an `accruing` charge beyond the caps: the alternative is losing results. Again with more: raises it."""
        ...

    def book(self, charge: Charge) -> None:
        """Book money found later as a row of its own, born `orphaned`, `refund` or `topup` (no run: `""`)."""
        ...

    # accounts
    def money_mark(self) -> int:
        """To be taken before a balance is asked for, and given to `observe` with it."""
        ...

    def observe(self, payer: str, base_url: str, balance: Balance, marked: int, now: datetime) -> Observed:
        """Keep a reading of the balance, and book what it shows that we did not know: a late debit, a refund, a top-up.

        Nothing is booked, and no drift is told, while money moves on the account or did so within the settle window,
        while storage accrues, or where the figures do not add up; while a purchase is in doubt the drift is told and
        left to be judged, but for what exceeds everything in doubt.
        """
        ...

    def last_purchase(self, payer: str, base_url: str) -> datetime | None:
        """When money that we knew of was last taken from the account's credits, and settled."""
        ...

    def taken_since(self, payer: str, base_url: str, since: datetime) -> Cents:
        """What was taken from the account's credits by purchases of ours that settled after `since`."""
        ...

    def readings(self, payer: str, base_url: str, since: datetime) -> list[Reading]: ...

    # freezing
    def frozen(self) -> str | None: ...
    def freeze(self, reason: str, now: datetime) -> None: ...
    def unfreeze(self, now: datetime, *, seen: int | None = None, by: str = "") -> bool:
        """Allow spending again.

        Args:
            seen: the last `frozen` event that was read. Where another has come since all stays frozen: False.
        """
        ...

    # orders
    def add_order(self, order: OrderRow) -> None:
        """Keep an order id, here and in `orders.jsonl`: a lost order id is a machine nobody can stop."""
        ...

    def order(self, order_id: str) -> OrderRow | None: ...
    def orders(self, run_id: str | None = None, *, open_only: bool = False) -> list[OrderRow]:
        """Oldest first; open ones are all that are not proven gone, links that nobody paid included."""
        ...

    def see_order(self, order_id: str, status: str, now: datetime) -> OrderRow:
        """Note a status seen. `terminated` sets `gone_at`, another one later clears it; the first one ever seen becomes
        `first_status`.
        """
        ...

    def pin_host_key(self, order_id: str, host_key: str) -> None:
        """Only the first pin counts; another key for the same order raises ValueError."""
        ...

    def mark_order(
        self,
        order_id: str,
        *,
        on_volume: bool | None = None,
        job_started: bool | None = None,
        collected: bool | None = None,
        terminate_tried: bool = False,
        paid_from: datetime | None = None,
    ) -> None: ...

    def orders_gone(self, since: datetime, looked_before: datetime) -> list[OrderRow]:
        """Orders that said they were gone after `since`, and that nobody looked at again after `looked_before`."""
        ...

    def looked_again(self, order_id: str, now: datetime) -> None: ...

    # bad GPUs
    def remember_bad_gpu(self, gpu_id: str, reason: str, now: datetime, until: datetime) -> None: ...
    def bad_gpus(self, now: datetime) -> dict[str, str]:
        """gpu_id → why, of those whose time is not over."""
        ...

    # parking
    def park(self, parked: Parked) -> None: ...
    def parked(self, run_id: str | None = None) -> list[Parked]: ...
    def looked(self, run_id: str, seen: str, next_look: datetime) -> None: ...
    def unpark(self, run_id: str) -> None: ...

    # history
    def note(self, run_id: str, kind: str, body: dict[str, object], now: datetime, charge_id: str = "") -> None: ...
    def events(self, run_id: str | None = None, limit: int = 1000) -> list[Event]: ...
    def chain_head(self) -> str: ...
    def broken_chain(self) -> str | None:
        """What is wrong with the first bad row of the history, or None."""
        ...

    def audit(self) -> list[Finding]:
        """Everything that is wrong with the file, its rules, the history, the rows against it. Changes nothing."""
        ...

    def close(self) -> None: ...
