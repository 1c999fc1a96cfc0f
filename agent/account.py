"""Readings of the account's balance: each is kept, and what it shows that we did not know becomes a row of its own."""

from agent.parts import Parts
from policies.answers import Balance
from policies.charge import ChargeState
from policies.money import usd
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
