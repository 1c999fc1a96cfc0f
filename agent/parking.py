"""Parking: a step that has to wait goes back to itself with a ticket, and is interrupted before it does anything again.

The watcher wakes the run. What comes before an interrupt in a node runs twice, so nothing comes before it.
"""

from datetime import datetime
from typing import Literal, TypedDict, cast, get_args

from langgraph.types import interrupt

from agent.state import State, Ticket
from tools.spend_log.rows import Awaited

Cause = Literal["changed", "deadline", "cancelled", "fresh"]
"""Why a parked run is woken. A cause decides nothing about money: the node reads the spend log again.

changed: what was awaited moved · deadline: its time is over · cancelled: somebody wants the run to end ·
fresh: a human asks for a new offer in place of one that expired
"""


class Wake(TypedDict):
    """What a parked run is resumed with."""

    cause: Cause


def ticket(awaited: Awaited, until: datetime) -> Ticket:
    """What for (which order that is, the spend log knows), and when the waiting ends."""
    return {"awaited": awaited.value, "until": until.isoformat()}


def waiting(awaited: Awaited, until: datetime) -> State:
    """The update with which a step goes back to itself to wait."""
    return State(waiting=ticket(awaited, until))


def park(wanted: Ticket, more: dict[str, object] | None = None) -> Cause:
    """Park the run here, or return why it was woken.

    Args:
        more: further plain values for whoever shows the interrupt.
    """
    return _cause(interrupt({**wanted, **(more or {})}))


def _cause(resumed: object) -> Cause:
    """Whatever else it is resumed with, a graph client's `{"decisions": [{"type": "approve"}]}` say, is no more than a
    reason to read the spend log again.

    The value proves nothing: who may start the graph may write anything into it. A client that has a human's yes
    records it by `agent.approvals.answer_any`, with the code and the amount, and resumes then.
    """
    cause = resumed.get("cause") if isinstance(resumed, dict) else None
    return cast("Cause", cause) if cause in get_args(Cause) else "changed"
