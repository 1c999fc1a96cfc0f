"""Ended orders are looked at again for a week: a provider that said "terminated" may not have meant it (law 7)."""

from dataclasses import dataclass
from datetime import timedelta

from agent.parts import Parts
from agent.pod_end import end_pod
from agent.wind_up import wind_up
from policies.order import phase, short_id
from policies.patience import GONE
from tools.errors import Malformed, MarketUnavailable, OfferGone, Refused
from tools.spend_log.rows import OrderRow

LOOKED_AT_FOR = timedelta(days=7)
BETWEEN_LOOKS = timedelta(hours=1)

AT_A_START = 20
"""Orders that a command looks at which was asked for something else; the others have their turn at the next one."""

UNANSWERED = 3
"""Looks without an answer, one after the other, after which it is the provider and no single order that is sick."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a second look showed.

    Attributes:
        alive: those that live again, as they are known now: `gone_at` is set once more where their end is proven.
        unseen: those that were due and could not be looked at; their turn is the next time.
    """

    alive: tuple[OrderRow, ...]
    unseen: tuple[OrderRow, ...]


async def look_again(parts: Parts, *, most: int | None = None) -> SecondLook:
    """Look at orders that said they were gone, each once an hour; one that lives again is told of, and wound up.

    Args:
        most: how many at most; None for all whose hour is over.
    """
    now = parts.clock.now()
    gone = parts.log.orders_gone(now - LOOKED_AT_FOR, now - BETWEEN_LOOKS)
    due = [order for order in gone if not parts.named_elsewhere(order)][:most]
    alive: list[OrderRow] = []
    unseen: list[OrderRow] = []
    unanswered = 0
    for number, order in enumerate(due):
        if unanswered == UNANSWERED:
            unseen += due[number:]
            break
        try:
            lives = await _lives(parts, order)
        except (MarketUnavailable, Refused, Malformed) as error:
            unanswered = unanswered + 1 if isinstance(error, MarketUnavailable) else 0
            unseen.append(order)
            continue
        unanswered = 0
        parts.log.looked_again(order.order_id, parts.clock.now())
        if lives:
            await _wind_up_until_proven(parts, order)
            alive.append(parts.log.order(order.order_id) or order)
    return SecondLook(tuple(alive), tuple(unseen))


async def _lives(parts: Parts, order: OrderRow) -> bool:
    """One that the provider does not know any more is gone.

    Raises:
        MarketUnavailable, Refused, Malformed: it could not be seen.
    """
    try:
        view = await parts.look(order)
    except OfferGone:
        return False
    if phase(view.status) == "gone":
        return False
    words = f"the provider had said that {short_id(order.order_id)} was gone, and now it is {view.status}"
    parts.face.tell(order.run_id, f"WARNING: {words}: it is ended once more, results first")
    return True


async def _wind_up_until_proven(parts: Parts, order: OrderRow) -> None:
    """Results first, as ever; then ask until the order itself says that it is gone, or stopped with what only it has.

    Ever more rarely, `terminate_alarm_tries` times at most.
    """
    for number in range(parts.policy.recovery.terminate_alarm_tries):
        if number:
            await parts.clock.sleep(GONE[min(number, len(GONE)) - 1])
        known = parts.log.order(order.order_id) or order
        if await (end_pod if _was_done_over(parts, known) else wind_up)(parts, known):
            return


def _was_done_over(parts: Parts, order: OrderRow) -> bool:
    """Whether a later pod of the run has the job now, or has done it: what is on this one must not overwrite that."""
    later = [one for one in parts.log.orders(order.run_id) if one.attempt > order.attempt and one.job_started]
    return any(one.collected or one.gone_at is None for one in later)
