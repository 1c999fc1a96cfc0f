"""What became of a question that some channel still shows."""

import json
from collections.abc import Sequence
from datetime import datetime

from agent.questions import question_of
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Event
from tools.spend_log.schedule_rows import StandingGrant


def why_not(log: SpendLog, subject: str, question_id: str, now: datetime) -> str:
    """Why a question can't be answered any more; "" where it is the one that stands."""
    standing = question_of(log, subject, now)
    if standing is not None and standing.question_id == question_id:
        return ""
    if log.run(subject) is not None:
        return _of_run(log, subject, question_id)
    grant = log.grant(question_id) or log.standing_grant(question_id)
    return "nothing like this was ever asked" if grant is None else _of_grant(grant, now)


def said_to_offer(events: Sequence[Event], attempt: int) -> str:
    """What a human said to an offer, as in `approved by web:ann … at …`; "" where nobody did."""
    for event in reversed(events):
        if event.kind == "decided" and (body := json.loads(event.body))["attempt"] == attempt:
            return said(body["decision"], body["by"], event.at)
    return ""


def said(decision: str, by: str, at: datetime) -> str:
    """In words."""
    return f"{decision} by {by} at {at:%Y-%m-%d %H:%M:%S} UTC"


def _of_run(log: SpendLog, run_id: str, question_id: str) -> str:
    attempts = {f"{run_id}/{one.offer.attempt}": one for one in log.attempts(run_id)}
    asked = attempts.get(question_id)
    if asked is None:
        return "nothing like this was ever asked"
    if answer := said_to_offer(log.events(run_id), asked.offer.attempt):
        return f"already {answer}"
    if asked.outcome:
        return f"this offer is over: {asked.outcome}"
    approval = log.approval(run_id)
    if approval is not None and approval.decision is None:
        return f"the offer expired at {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return "nothing is asked about this run now"


def _of_grant(grant: Grant | StandingGrant, now: datetime) -> str:
    if grant.decision is not None and grant.decided_at is not None:
        return f"already {said(grant.decision, grant.decided_by, grant.decided_at)}"
    if now >= grant.expires_at:
        return f"the question expired at {grant.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    return "this question is over: another one was asked, or what it was about has ended"
