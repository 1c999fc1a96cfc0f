"""What a run wants of a human now, or what came of it: the one card at the top of its page."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from agent.card import OfferCard, offer_card
from agent.chat.fate import answered, of_wish
from agent.chat.had import outputs_of
from agent.checkout import watch_until
from agent.parts import Parts
from agent.questions import Question
from agent.result import Payable, link_to_pay
from agent.wanted import another_is_wanted
from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Offer, Rail
from tools.spend_log.rows import ENDED, Approval, Decision, Run, RunStatus


@dataclass(frozen=True, slots=True)
class Offered:
    """A question that may be answered now."""

    template: ClassVar[str] = "card_offered.html"
    waits: ClassVar[bool] = True
    shown: OfferCard
    question: Question
    by_card: bool
    """Paying by card may be asked for instead."""
    most_hours: int
    most_pods: int

    @property
    def until(self) -> datetime | None:
        """When it looks otherwise."""
        return self.question.expires_at


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was answered, and nothing came of it yet."""

    template: ClassVar[str] = "card_answered.html"
    waits: ClassVar[bool] = False
    offer: Offer
    words: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question whose time is over."""

    template: ClassVar[str] = "card_unanswered.html"
    waits: ClassVar[bool] = True
    question_id: str
    offer: Offer
    expired_at: datetime
    said: str
    """A yes that came too late to be acted upon; else ""."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToPay:
    """A checkout link that stands."""

    template: ClassVar[str] = "card_to_pay.html"
    waits: ClassVar[bool] = True
    offer: Offer
    link: Payable
    watched_until: datetime
    """When a link that nobody paid is surely dead."""

    @property
    def until(self) -> datetime | None:
        """When it is shown no more."""
        return self.link.expires_at


@dataclass(frozen=True, slots=True)
class NotPaid:
    """A checkout link whose time is over, and that may have been paid in its last moment."""

    template: ClassVar[str] = "card_not_paid.html"
    waits: ClassVar[bool] = False
    offer: Offer
    amount: Cents
    watched_until: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Needed:
    """Something else only a human can do."""

    template: ClassVar[str] = "card_needed.html"
    waits: ClassVar[bool] = True
    run_id: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """The last word on a run."""

    template: ClassVar[str] = "card_over.html"
    waits: ClassVar[bool] = False
    run: Run
    spent: Cents
    outputs: str
    until: datetime | None = None


_LINKED = frozenset({ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED})

Standing = Offered | Answered | Unanswered | ToPay | NotPaid | Needed | Over


def standing_of(parts: Parts, run: Run, now: datetime) -> Standing | None:
    """None while it needs nobody."""
    if run.status in ENDED:
        return Over(run, parts.log.totals(run.run_id).spent, outputs_of(parts, run))
    if (link := link_to_pay(parts.log, run, now)) is not None:
        return ToPay(parts.attempt(run.run_id).offer, link, watch_until(parts, link.order))
    if (not_paid := _not_paid(parts, run)) is not None:
        return not_paid
    approval = parts.log.approval(run.run_id)
    if approval is not None and not approval.charge_id and not run.cancel_requested:
        return _of_question(parts, approval, now)
    if another_is_wanted(parts.log, run.run_id):
        return Answered(parts.attempt(run.run_id).offer, of_wish(parts.log, run.run_id))
    return Needed(run.run_id, run.reason) if run.status is RunStatus.WAITING_FOR_HUMAN else None


def _not_paid(parts: Parts, run: Run) -> NotPaid | None:
    """None of a run that is being cancelled: it waits for nothing."""
    charge = parts.open_charge(run.run_id)
    if run.cancel_requested or charge is None or charge.state not in _LINKED:
        return None
    order = parts.log.order(charge.order_id)
    return None if order is None else NotPaid(parts.attempt(run.run_id).offer, charge.amount, watch_until(parts, order))


def _of_question(parts: Parts, approval: Approval, now: datetime) -> Offered | Answered | Unanswered:
    """A yes counts while its offer stands: one that nobody acted upon until then is no answer any more."""
    said = ""
    if approval.decision is not None and approval.decided_at is not None:
        said = answered(approval.decision, approval.decided_by, approval.decided_at)
    expired = now >= approval.expires_at
    if expired and approval.decision in {None, Decision.APPROVED}:
        return Unanswered(approval.approval_id, approval.offer, approval.expires_at, said)
    return Answered(approval.offer, said) if said else _offered(parts, approval)


def _offered(parts: Parts, approval: Approval) -> Offered:
    by_card = approval.offer.rail is not Rail.STRIPE and Rail.STRIPE in parts.policy.payment.rails
    hours, pods = parts.policy.time.max_hours, parts.policy.recovery.max_pods_per_run
    return Offered(offer_card(parts, approval), Question.of(approval), by_card, hours, pods)
