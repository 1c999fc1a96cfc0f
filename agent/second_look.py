"""Ended orders are looked at again for a week: a provider that said "terminated" may not have meant it (law 7)."""

from datetime import timedelta

from agent.parts import Parts
from agent.pod_end import end_pod
from policies.order import phase, short_id
from policies.patience import GONE
from tools.errors import Malformed, MarketUnavailable, OfferGone, Refused
from tools.spend_log.rows import OrderRow

LOOKED_AT_FOR = timedelta(days=7)
BETWEEN_LOOKS = timedelta(hours=1)

AT_A_START = 20
"""Orders that a command looks at which was asked for something else; the others have their turn at the next one."""


async def look_again(parts: Parts, *, most: int | None = None) -> list[OrderRow]:
    """Look at orders that said they were gone, each once an hour; one that lives again is told of, and ended.

    Args:
        most: how many at most; None for all whose hour is over.

    Returns:
        Those that live again, as they are known now: `gone_at` is set once more where their end is proven.
    """
    now = parts.clock.now()
    due = parts.log.orders_gone(now - LOOKED_AT_FOR, now - BETWEEN_LOOKS)
    alive: list[OrderRow] = []
    for order in [one for one in due if not parts.named_elsewhere(one)][:most]:
        try:
            lives = await _lives(parts, order)
        except MarketUnavailable:
            break
        except (Refused, Malformed):
            continue
        parts.log.looked_again(order.order_id, parts.clock.now())
        if lives:
            await end_until_proven(parts, order)
            alive.append(parts.log.order(order.order_id) or order)
    return alive


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
    parts.face.tell(order.run_id, f"WARNING: {words}: it is ended once more")
    return True


async def end_until_proven(parts: Parts, order: OrderRow) -> bool:
    """Ask until the order itself says that it is gone, ever more rarely, `terminate_alarm_tries` times at most."""
    for number in range(parts.policy.recovery.terminate_alarm_tries):
        if number:
            await parts.clock.sleep(GONE[min(number, len(GONE)) - 1])
        if await end_pod(parts, order):
            return True
    return False
