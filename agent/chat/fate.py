"""What became of a question or a link that is not to be answered any more, in words; from the spend log alone."""

import json
from datetime import datetime

from agent.questions import question_of
from policies.charge import SPENT, ChargeState
from policies.text import clean
from tools.spend_log.answer_rows import RENEWED
from tools.spend_log.codes import Asked
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision, Run

MOST_NAME_CHARS = 100


def why_not(log: SpendLog, subject: str, question_id: str, now: datetime) -> str:
    """Why a question that is still shown can't be answered: `already approved by web:ann at …`; "" where it stands."""
    standing = question_of(log, subject, now)
    if standing is not None and standing.question_id == question_id:
        return ""
    return f"already {of_question(log, subject, question_id, now)}"


def of_question(log: SpendLog, subject: str, question_id: str, now: datetime) -> str:
    """`approved by web:ann at 2026-03-30 12:00:05 UTC`, `expired at …`, `superseded by a new offer`."""
    run = log.run(subject)
    if run is not None:
        return _of_run(log, run, question_id, now)
    granted = log.grant(question_id) or log.standing_grant(question_id)
    return "over" if granted is None else _of_grant(granted, now)


def of_wish(log: SpendLog, run_id: str) -> str:
    """Who asked for the offer that is still to be made, and for what."""
    event = [one for one in log.events(run_id) if one.kind in {"instead", "renewed"}][-1]
    what = "a fresh offer" if event.kind == "renewed" else f"another offer ({log.wishes(run_id)[-1].wish})"
    return answered(f"{what} asked for", json.loads(event.body)["by"], event.at)


def of_link(log: SpendLog, charge_id: str) -> str:
    """Whether it was paid."""
    charge = log.charge(charge_id)
    if charge is None or charge.state not in {*SPENT, ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED}:
        return "not to be paid any more"
    if charge.state not in SPENT:
        return "expired"
    return "paid" if charge.settled_at is None else f"paid, seen at {_at(charge.settled_at)}"


def _of_run(log: SpendLog, run: Run, question_id: str, now: datetime) -> str:
    """By its history: the question itself is out of reach once another offer has taken its place."""
    told = [event for event in log.events(run.run_id) if event.kind in {"decided", "offer_ended"}]
    bodies = [(event, json.loads(event.body)) for event in told]
    of_it = [(event, body) for event, body in bodies if f"{run.run_id}/{body['attempt']}" == question_id]
    for event, body in of_it:
        if event.kind == "decided":
            return answered(body["decision"], body["by"], event.at)
    standing = log.approval(run.run_id)
    if standing is not None and standing.approval_id == question_id and standing.expires_at <= now:
        return f"expired at {_at(standing.expires_at)}"
    if any(body["outcome"] in {Decision.SUPERSEDED, RENEWED} for _, body in of_it):
        return "superseded by a new offer"
    return "over: the run is being cancelled" if run.cancel_requested else "over"


def _of_grant(granted: Asked, now: datetime) -> str:
    if granted.revoked_at is not None:
        return answered("taken back", granted.revoked_by, granted.revoked_at)
    if granted.decision is not None and granted.decided_at is not None:
        return answered(granted.decision, granted.decided_by, granted.decided_at)
    return f"expired at {_at(granted.expires_at)}" if granted.expires_at <= now else "over"


def answered(decision: str, by: str, at: datetime) -> str:
    """What was said, by whom and when, in words."""
    who = f" by {clean(by, MOST_NAME_CHARS)}" if by else ""
    return f"{decision}{who} at {_at(at)}"


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
