"""Why spending is frozen: every reason since the last time it was not, and the purchases that did not match."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from agent.result import timestamp
from policies.charge import ChargeState
from policies.money import usd
from policies.order import short_id
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Event

_LOOKED_BACK = (1_000, 100_000, 10_000_000)
"""Events; nearly always the freezing is among the last few."""


@dataclass(frozen=True, slots=True)
class Causes:
    """What an `unfreeze` clears.

    Attributes:
        since: None where the history no longer tells it.
        reasons: the first one froze, the others came while it was frozen.
        last: the event that froze last, for `unfreeze` to clear no other; None where the history no longer tells it.
        mismatches: purchases since then of which the provider took more, or gave something else, than was offered.
    """

    since: datetime | None
    reasons: tuple[str, ...]
    mismatches: tuple[str, ...]
    last: int | None

    def text(self) -> str:
        """All of it in one line."""
        when = f" since {timestamp(self.since)}" if self.since else ""
        return f"spending is frozen{when}: {'; '.join((*self.reasons, *self.mismatches))}"


def why_frozen(log: SpendLog) -> Causes | None:
    """None while nothing is frozen."""
    reason = log.frozen()
    if reason is None:
        return None
    events = _since_last_thaw(log)
    told = [str(json.loads(event.body).get("reason", "")) for event in events]
    since = events[0].at if events else None
    last = events[-1].seq if events else None
    return Causes(since, tuple(dict.fromkeys([reason, *told])), tuple(_mismatches(log, since)), last)


def _since_last_thaw(log: SpendLog) -> list[Event]:
    """The `frozen` events that still hold, oldest first."""
    frozen: list[Event] = []
    for limit in _LOOKED_BACK:
        events = log.events(limit=limit)
        thaws = [number for number, event in enumerate(events) if event.kind == "unfrozen"]
        frozen = [event for event in events[thaws[-1] + 1 if thaws else 0 :] if event.kind == "frozen"]
        if thaws or len(events) < limit:
            break
    return frozen


def _mismatches(log: SpendLog, since: datetime | None) -> Iterator[str]:
    for charge in log.charges(states=[ChargeState.MISMATCH]):
        if since is None or (charge.settled_at is not None and charge.settled_at >= since):
            yield _mismatch(log, charge)


def _mismatch(log: SpendLog, charge: Charge) -> str:
    offers = [one.offer for one in log.attempts(charge.run_id) if one.offer.attempt == charge.attempt]
    offered = "".join(f", ${usd(offer.amount)} was offered for {offer.hours} h of {offer.gpu_name}" for offer in offers)
    order = f" (order {short_id(charge.order_id)})" if charge.order_id else ""
    taken = f"${usd(charge.amount)} counts as taken"
    return f"charge {charge.charge_id} of {charge.run_id}{order}: {charge.note}{offered}, {taken}"
