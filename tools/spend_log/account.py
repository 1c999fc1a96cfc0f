"""What the provider says of an account, against what we know was taken from it (MONEY.md, reconciled on `total_spent`).

`not_ours` is what the account had spent before us, or beside us: kept at the first reading, and moved only where our
own figures are known to be generous. Every function works inside the caller's transaction.
"""

from datetime import datetime, timedelta

from policies.answers import Balance
from policies.charge import FINAL, SPENT, ChargeState
from policies.money import Cents, usd
from policies.offer import Rail
from tools.spend_log import money
from tools.spend_log.account_rows import Observed, Reading
from tools.spend_log.chain import append
from tools.spend_log.codec import Row, decode, to_text
from tools.spend_log.database import insert, one
from tools.spend_log.rows import Charge, Kind
from tools.spend_log.sql import Database

_MARK = "SELECT seq FROM events WHERE kind IN ('charge', 'answer') ORDER BY seq DESC LIMIT 1"
_OPEN = (
    "SELECT charge_id, state, amount, total_spent_before, submitted_at FROM charges INDEXED BY charges_not_final"
    " WHERE settled_at IS NULL AND rail = 'credits' AND account = ? AND base_url = ? ORDER BY seq"
)
_TAKEN = ", ".join(f"'{state}'" for state in sorted(SPENT & FINAL))
_SETTLED = f"""
    SELECT settled_at FROM charges INDEXED BY charges_of_account WHERE account = ? AND base_url = ?
    AND rail = 'credits' AND kind <> 'found' AND state IN ({_TAKEN}) ORDER BY settled_at DESC LIMIT 1
"""  # noqa: S608 - made of constants
_KNOWN_THEN = f"""
    SELECT coalesce(sum(amount), 0) AS cents FROM charges INDEXED BY charges_of_account
    WHERE account = ? AND base_url = ? AND rail = 'credits' AND state IN ({_TAKEN}) AND settled_at <= ?
"""  # noqa: S608 - made of constants
_KNOWN_SINCE = _KNOWN_THEN.replace("settled_at <= ?", "kind <> 'found' AND settled_at > ?")
_BLOCKING = {
    ChargeState.SUBMITTING: "a purchase on this account is being sent",
    ChargeState.ACCRUING: "storage accrues on this account",
}

_INEXACT = "storage or a mismatch was settled meanwhile, and their figures are not exact"


def mark(db: Database) -> int:
    """A number that grows with every move of money: a reading is worth something only if none came meanwhile."""
    row = one(db, _MARK)
    return row["seq"] if row else 0


def observe(
    db: Database, account: str, base_url: str, balance: Balance, marked: int, now: datetime, window: timedelta
) -> Observed:
    """Keep a reading of the balance and book what it shows that we did not know.

    Args:
        marked: `mark` from before the balance was asked for.
        window: how far `total_spent` may lag behind a purchase of ours.
    """
    if mark(db) != marked:
        return Observed(None, "money moved while the balance was read", ())
    open_ = list(db.query(_OPEN, [account, base_url]))
    states = {ChargeState(row["state"]) for row in open_}
    _open_account(db, account, base_url, balance, open_, now)
    debits = one(db, "SELECT * FROM debits WHERE account = ? AND base_url = ?", account, base_url)
    generous = bool(debits and debits["generous"])
    why = _why_not_judged(balance, states) or _too_fresh(db, account, base_url, now - window)
    rise = balance.spent - _expected(db, account, base_url)
    inexact = _INEXACT if not why and generous and ChargeState.IN_DOUBT in states else ""
    drift = None if why or inexact else rise
    _keep(db, account, base_url, balance, drift, why or inexact, now)
    if why:
        return Observed(None, why, ())
    if ChargeState.IN_DOUBT in states:
        doubted = sum(row["amount"] for row in open_ if row["state"] == ChargeState.IN_DOUBT)
        # Where more was counted than taken the rise is too small, and says nothing of the doubt; the excess is taken.
        return Observed(drift, inexact, _book_excess(db, account, base_url, rise - doubted, now))
    booked = _book_drift(db, account, base_url, rise, generous=generous, now=now)
    return Observed(0, "", (*booked, *_book_topup(db, account, base_url, balance, now)))


def readings(db: Database, account: str, base_url: str, since: datetime) -> list[Reading]:
    """Oldest first; those before our last settled purchase were compared with other sums, and are left out."""
    settled = _last_settled(db, account, base_url)
    sql = "SELECT at, spent, drift FROM readings WHERE account = ? AND base_url = ? AND at >= ? ORDER BY seq"
    return [decode(Reading, row) for row in db.query(sql, [account, base_url, max(to_text(since), settled)])]


def taken_since(db: Database, account: str, base_url: str, since: datetime) -> Cents:
    """By purchases that settled after `since`; money found was taken beside them."""
    row = one(db, _KNOWN_SINCE, account, base_url, to_text(since))
    return Cents(row["cents"] if row else 0)


def last_purchase(db: Database, account: str, base_url: str) -> datetime | None:
    """When it settled."""
    settled = _last_settled(db, account, base_url)
    return datetime.fromisoformat(settled) if settled else None


def _last_settled(db: Database, account: str, base_url: str) -> str:
    """When money we knew of was last taken from the account; "" for never."""
    row = one(db, _SETTLED, account, base_url)
    return row["settled_at"] if row else ""


def _too_fresh(db: Database, account: str, base_url: str, since: datetime) -> str:
    fresh = _last_settled(db, account, base_url) > to_text(since)
    return "a purchase was settled moments ago, and total_spent may lag behind it" if fresh else ""


def _why_not_judged(balance: Balance, states: set[ChargeState]) -> str:
    if balance.balance != balance.purchased - balance.spent:
        return (
            f"the balance does not add up: ${usd(balance.balance)} is not"
            f" ${usd(balance.purchased)} purchased - ${usd(balance.spent)} spent"
        )
    for state, why in _BLOCKING.items():
        if state in states:
            return why
    return ""


def _open_account(db: Database, account: str, base_url: str, balance: Balance, open_: list[Row], now: datetime) -> None:
    """The first reading sets what is not ours; where a purchase is in doubt by then, its own reading before it does."""
    if one(db, "SELECT 1 FROM accounts WHERE account = ? AND base_url = ?", account, base_url) is not None:
        return
    doubt = next((row for row in open_ if row["total_spent_before"] is not None), None)
    if doubt is None:
        not_ours = balance.spent - _known(db, account, base_url)
    else:
        then = one(db, _KNOWN_THEN, account, base_url, doubt["submitted_at"])
        not_ours = doubt["total_spent_before"] - (then["cents"] if then else 0)
    row = {"account": account, "base_url": base_url, "not_ours": not_ours, "purchased": balance.purchased}
    insert(db, "accounts", row | {"at": to_text(now)})


def _known(db: Database, account: str, base_url: str) -> int:
    row = one(db, "SELECT cents FROM debits WHERE account = ? AND base_url = ?", account, base_url)
    return row["cents"] if row else 0


def _expected(db: Database, account: str, base_url: str) -> int:
    row = one(db, "SELECT not_ours FROM accounts WHERE account = ? AND base_url = ?", account, base_url)
    return (row["not_ours"] if row else 0) + _known(db, account, base_url)


def _keep(
    db: Database, account: str, base_url: str, balance: Balance, drift: int | None, why: str, now: datetime
) -> None:
    row = {"account": account, "base_url": base_url, "at": to_text(now), "drift": drift, "why": why}
    figures = {"balance": balance.balance, "purchased": balance.purchased, "spent": balance.spent}
    insert(db, "readings", row | figures)


def _book_excess(db: Database, account: str, base_url: str, excess: int, now: datetime) -> tuple[Charge, ...]:
    """What rose beyond all that is in doubt was taken for something else, whatever becomes of the doubts."""
    if excess <= 0:
        return ()
    why = "total_spent rose by more than our purchases, those in doubt included"
    return (_book(db, account, base_url, ChargeState.ORPHANED, excess, why, now),)


def _book_drift(
    db: Database, account: str, base_url: str, drift: int, *, generous: bool, now: datetime
) -> tuple[Charge, ...]:
    """A rise that no purchase of ours explains counts as spent; a fall is a refund, or our own generosity."""
    found: tuple[Charge, ...] = ()
    if drift > 0:
        why = "total_spent rose by more than our purchases: a debit that came late, or another user of this API key"
        found = (_book(db, account, base_url, ChargeState.ORPHANED, drift, why, now),)
    elif drift < 0 and not generous:
        found = (_book(db, account, base_url, ChargeState.REFUND, -drift, "total_spent fell", now),)
    elif drift < 0:
        sql = "UPDATE accounts SET not_ours = not_ours + ?, at = ? WHERE account = ? AND base_url = ?"
        db.execute(sql, [drift, to_text(now), account, base_url])
        append(db, now, "account", {"not_ours_by": drift, "why": "less was taken than we had counted"})
    db.execute("UPDATE debits SET generous = 0 WHERE account = ? AND base_url = ?", [account, base_url])
    return found


def _book_topup(db: Database, account: str, base_url: str, balance: Balance, now: datetime) -> tuple[Charge, ...]:
    row = one(db, "SELECT purchased FROM accounts WHERE account = ? AND base_url = ?", account, base_url)
    rise = balance.purchased - (row["purchased"] if row else balance.purchased)
    if rise == 0:
        return ()
    sql = "UPDATE accounts SET purchased = ?, at = ? WHERE account = ? AND base_url = ?"
    db.execute(sql, [balance.purchased, to_text(now), account, base_url])
    if rise < 0:
        append(db, now, "account", {"purchased_by": rise, "why": "the provider says that less was ever bought"})
        return ()
    return (_book(db, account, base_url, ChargeState.TOPUP, rise, "credits were bought", now),)


def _book(db: Database, account: str, base_url: str, state: ChargeState, cents: int, why: str, now: datetime) -> Charge:
    charge = Charge(
        charge_id=f"chg-found-{mark(db) + 1}",
        run_id="",
        attempt=0,
        kind=Kind.FOUND,
        rail=Rail.CREDITS,
        gpu_id="",
        hours=0,
        amount=Cents(cents),
        state=state,
        account=account,
        base_url=base_url,
        auto=False,
        order_id="",
        balance_before=None,
        total_spent_before=None,
        late=False,
        note=why,
        created_at=now,
        submitted_at=None,
        settled_at=now,
    )
    money.book(db, charge)
    return charge
