"""What a human may say to an offer at the command line, and what comes of it in words."""

import re
from dataclasses import dataclass
from typing import assert_never

from agent import approvals
from agent.cli import output
from agent.cli.amounts import some_dollars
from agent.cli.answers import VERBS
from agent.parts import Parts
from policies.money import Cents, usd
from policies.offer import Rail
from policies.text import counted
from policies.wish import Wish
from tools.spend_log.port import NotRecorded, Recorded
from tools.spend_log.rows import Approval, Decision


@dataclass(frozen=True, slots=True)
class Granting:
    """Yes to the offer, and to later ones of its run: so much in all, so many pods."""

    up_to: Cents
    pods: int


Reply = Decision | Wish | Granting


def reply_of(*, by_card: bool, by_credits: bool, hours: int | None, up_to: str | None, pods: int | None) -> Reply:
    """What the options of `approve` say; a yes where there are none. Ends the command where they don't go together."""
    wishes = by_card or by_credits or hours is not None
    if by_card and by_credits:
        output.fail("--by-card or --by-credits, not both", output.USAGE)
    if wishes and (up_to is not None or pods is not None):
        output.fail("--up-to approves, the others ask for another offer: one or the other", output.USAGE)
    if (up_to is None) != (pods is None):
        output.fail("--up-to N and --pods N go together", output.USAGE)
    if wishes:
        rail = Rail.STRIPE if by_card else Rail.CREDITS if by_credits else None
        return Wish(rail, hours)
    if up_to is None or pods is None:
        return Decision.APPROVED
    return Granting(some_dollars("--up-to", up_to), pods)


def typed(text: str) -> Reply:
    """What a line means that is typed under an offer; whatever is not understood is a no."""
    if text.lower() in {"y", "yes"}:
        return Decision.APPROVED
    if text.lower() == "c":
        return Wish(Rail.STRIPE, None)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return Wish(None, int(text))
    return Decision.DENIED


def verb(reply: Reply) -> str:
    """What is asked before it is recorded."""
    match reply:
        case Decision():
            return VERBS[reply]
        case Wish():
            return f"Put this offer aside, and ask for another one: {reply}"
        case Granting(up_to=up_to, pods=pods):
            return (
                f"Approve this offer and later ones of the run, up to ${usd(up_to)} and {counted(pods, 'pod')} in all"
            )
        case _:
            assert_never(reply)


def record(parts: Parts, run_id: str, reply: Reply, *, code: str, amount: Cents, by: str) -> Recorded | NotRecorded:
    """Record a reply by the way that every channel goes."""
    match reply:
        case Decision():
            return approvals.answer(parts, run_id, reply, code=code, amount=amount, by=by)
        case Wish():
            return approvals.instead(parts, run_id, reply, code=code, amount=amount, by=by)
        case Granting(up_to=up_to, pods=pods):
            return approvals.grant(parts, run_id, up_to=up_to, pods=pods, code=code, amount=amount, by=by)
        case _:
            assert_never(reply)


def outcome(reply: Reply, asked: Approval) -> str:
    """What happens now."""
    match reply:
        case Decision():
            return str(asked.decision)
        case Wish(rail=Rail.STRIPE):
            return f"another offer is made: {reply}; paying its link is the approval"
        case Wish():
            return f"another offer is made: {reply}; where your policy asks, it is asked about with a code of its own"
        case Granting(up_to=up_to, pods=pods):
            within = f"${usd(up_to)} and {counted(pods, 'pod')} in all"
            return f"approved, and later offers of this run within {within}; `swineherd grants` says what is left"
        case _:
            assert_never(reply)
