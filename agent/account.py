"""The account's balance: what there is to pay with, and readings that are kept; money found by one is a new row."""

from agent.parts import Parts
from policies.answers import Balance
from policies.charge import ChargeState
from policies.money import usd
from policies.offer import Rail
from policies.payment import Means
from tools.errors import BadCredentials, Malformed, MarketUnavailable, Refused
from tools.spend_log.account_rows import Observed

FOUND_WORDS = {
    ChargeState.ORPHANED: "was taken from the account by no purchase that we know of; it counts as spent",
    ChargeState.REFUND: "was given back to the account",
    ChargeState.TOPUP: "of credits were bought; that frees no cap",
}


async def read_account(parts: Parts) -> tuple[Balance, Observed]:
    """One reading of the balance; money found by it is booked and told.

    Raises:
        MarketUnavailable, Malformed, Refused: it can't be read.
    """
    marked = parts.log.money_mark()
    balance = await parts.market.balance()
    observed = parts.log.observe(parts.account, parts.base_url, balance, marked, parts.clock.now())
    for charge in observed.booked:
        parts.face.tell("", f"${usd(charge.amount)} {FOUND_WORDS[charge.state]} ({charge.charge_id})")
    return balance, observed


async def means(parts: Parts) -> Means:
    """What there is to pay with. A wrong key is an error of the input and rises."""
    if not parts.account or Rail.CREDITS not in parts.policy.payment.rails:
        return Means(has_key=bool(parts.account), balance=None)
    try:
        balance = await parts.market.balance()
    except BadCredentials:
        raise
    except (MarketUnavailable, Malformed, Refused):
        return Means(has_key=True, balance=None)
    return Means(has_key=True, balance=balance.balance)
