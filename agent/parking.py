"""Parking: a node looks once and interrupts with what it waits for; the watcher wakes the run."""

from datetime import datetime
from typing import Literal, TypedDict, cast

from langgraph.types import interrupt

from tools.spend_log.rows import Awaited

Cause = Literal["changed", "deadline", "cancelled", "fresh"]
"""Why a parked run is woken. A cause decides nothing about money: the node reads the spend log again.

changed: what was awaited moved · deadline: its time is over · cancelled: somebody wants the run to end ·
fresh: a human asks for a new offer in place of one that expired
"""


class Ticket(TypedDict):
    """What an interrupt carries, as plain JSON: never a code, an order id or a secret."""

    awaited: str
    until: str


class Wake(TypedDict):
    """What a parked run is resumed with."""

    cause: Cause


def park(awaited: Awaited, until: datetime, more: dict[str, object] | None = None) -> Cause:
    """Park the run here, or return why it was woken.

    Args:
        awaited: what for; which order that is, the spend log knows.
        until: when the waiting ends.
        more: further plain values for whoever shows the interrupt.
    """
    ticket: Ticket = {"awaited": awaited.value, "until": until.isoformat()}
    wake = interrupt({**ticket, **(more or {})})
    return cast("Wake", wake)["cause"]
