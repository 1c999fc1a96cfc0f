"""The one way money is promised: every check and the reservation itself in the caller's one transaction (law 3)."""

from datetime import datetime

from policies.budget import CapHit, Caps, first_cap_broken
from policies.charge import ChargeState
from policies.money import usd
from policies.offer import Offer, Rail
from policies.order import short_id
from tools.errors import IntentAlreadyOpen
from tools.spend_log import approvals, freezing, grants, money, run_grants, runs
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.chain import append
from tools.spend_log.codec import decode
from tools.spend_log.database import one
from tools.spend_log.outcomes import Frozen, NotApproved
from tools.spend_log.rows import Approval, Charge, Decision, Kind
from tools.spend_log.sql import Database
from tools.spend_log.usage import usage

_OPEN_ORDER = "SELECT order_id, status FROM orders WHERE run_id = ? AND gone_at IS NULL AND unpaid = 0"
_ORPHANED = "SELECT charge_id FROM charges WHERE run_id = ? AND kind = 'rent' AND state = 'orphaned'"
_OF_ATTEMPT = "SELECT charge_id FROM charges WHERE run_id = ? AND attempt = ? AND kind = 'rent'"


def reserve(
    db: Database, charge_id: str, offer: Offer, caps: Caps, now: datetime, approval_id: str | None
) -> Charge | CapHit | Frozen | NotApproved:
    """Reserve `offer.amount` and consume the approval, or what a grant has room for; or say what stands against it.

    Raises:
        IntentAlreadyOpen: the run has a charge that is not final, or an order not proven gone.
    """
    frozen = freezing.reason(db)
    if frozen is not None:
        return Frozen(frozen)
    _refuse_second_intent(db, charge_id, offer.run_id)
    refusal = _not_wanted(db, offer) or (approval_id and _not_approved(db, approval_id, offer, now))
    if refusal:
        return NotApproved(refusal)
    grant = run_grants.answering(db, offer) if approval_id else None
    spent = grant and run_grants.against(db, grant, offer, now)
    if spent:
        return NotApproved(spent)
    # Paying a checkout link is the approval: the limits for paying without a human are not for that rail.
    auto = approval_id is None and offer.rail is not Rail.STRIPE
    used = usage(db, offer.run_id, now)
    hit = first_cap_broken(offer.amount, used, caps, auto=auto)
    ahead = covering(db, offer, now) if hit is not None and hit.needs_a_human else None
    if ahead is not None:
        auto, hit = False, first_cap_broken(offer.amount, used, caps, auto=False)
    return hit or _hold(db, _charge(charge_id, offer, now, auto=auto), approval_id, grant or ahead)


def covering(db: Database, offer: Offer, now: datetime) -> Grant | RunGrant | None:
    """A yes given ahead, to the run or to its batch, that has room for an offer now."""
    return grants.covering(db, offer, now) or run_grants.covering(db, offer, now)


def _refuse_second_intent(db: Database, charge_id: str, run_id: str) -> None:
    if money.find(db, charge_id) is not None:
        raise IntentAlreadyOpen(f"charge {charge_id} was reserved before")
    charge = money.open_purchase(db, run_id)
    if charge is not None:
        raise IntentAlreadyOpen(f"charge {charge['charge_id']} of this run is {charge['state']}")
    order = one(db, _OPEN_ORDER, run_id)
    if order is not None:
        status = order["status"] or "not looked at yet"
        raise IntentAlreadyOpen(f"order {short_id(order['order_id'])} of this run is not proven gone ({status})")


def _not_wanted(db: Database, offer: Offer) -> str | None:
    """A replayed or edited offer, an old checkpoint, a run that is over: none of them buys anything."""
    run = runs.need(db, offer.run_id)
    if run.ended_at is not None:
        return f"the run ended as {run.status}"
    if run.cancel_requested:
        return "the run is being cancelled"
    current = approvals.current_attempt(db, offer.run_id)
    if current is None or current.offer != offer:
        return "the offer is not the run's current one"
    orphaned = one(db, _ORPHANED, offer.run_id)
    if orphaned is not None:
        return f"charge {orphaned['charge_id']} was taken without an order: no second rental follows by itself"
    bought = one(db, _OF_ATTEMPT, offer.run_id, offer.attempt)
    if bought is not None:
        return f"charge {bought['charge_id']} was for this offer; another purchase needs a new one"
    return None


def _not_approved(db: Database, approval_id: str, offer: Offer, now: datetime) -> str | None:
    row = one(db, "SELECT * FROM approvals WHERE approval_id = ?", approval_id)
    if row is None:
        return "there is no such approval"
    approval = decode(Approval, row)
    if approval.offer != offer:
        return "the approval is for another offer"
    if approval.decision is not Decision.APPROVED:
        return f"the offer is {approval.decision or 'not answered yet'}"
    if approval.expires_at <= now:
        return f"the approval expired at {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return None


def _hold(db: Database, charge: Charge, approval_id: str | None, grant: Grant | RunGrant | None) -> Charge:
    money.add(db, charge)
    match grant:
        case Grant():
            grants.use(db, grant, charge.charge_id)
        case RunGrant():
            run_grants.use(db, grant, charge.charge_id)
        case None:
            pass
    if approval_id is not None:
        change = "UPDATE approvals SET charge_id = ? WHERE approval_id = ?"
        db.execute(change, [charge.charge_id, approval_id])
    body = {"to": charge.state, "usd": usd(charge.amount), "gpu": charge.gpu_id, "hours": charge.hours}
    how = {"rail": charge.rail, "auto": charge.auto, "attempt": charge.attempt, "approval": approval_id or ""}
    how |= {"grant": grant.grant_id} if grant else {}
    append(db, charge.created_at, "charge", body | how, run_id=charge.run_id, charge_id=charge.charge_id)
    return charge


def _charge(charge_id: str, offer: Offer, now: datetime, *, auto: bool) -> Charge:
    return Charge(
        charge_id=charge_id,
        run_id=offer.run_id,
        attempt=offer.attempt,
        kind=Kind.RENT,
        rail=offer.rail,
        gpu_id=offer.gpu_id,
        hours=offer.hours,
        amount=offer.amount,
        state=ChargeState.HELD,
        account=offer.account,
        base_url=offer.base_url,
        auto=auto,
        order_id="",
        balance_before=None,
        total_spent_before=None,
        late=False,
        note="",
        created_at=now,
        submitted_at=None,
        settled_at=None,
    )
