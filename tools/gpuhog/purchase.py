"""What the raw answer of a spending call says: a receipt, a checkout, a no, or something broken."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from policies.answers import Answer, Checkout, Declined, Garbled, Receipt
from tools.gpuhog.checkout_url import check_checkout_url
from tools.gpuhog.parse import complaint
from tools.gpuhog.strict_json import load, load_object
from tools.gpuhog.wire import CheckoutEntry, ReceiptEntry, checked_order_id

MAX_LINK_LIFE = timedelta(days=7)
"""A link that says it lives longer is not believed; a Stripe checkout session lives 24 hours at most."""

_ORDER_FIELD = re.compile(rb'"order_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
_ORDER_ID = re.compile(rb"(?<![A-Za-z0-9_-])HOG-[A-Za-z0-9]{4,40}(?![A-Za-z0-9_-])")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


def read_receipt(answer: Answer) -> Receipt | Garbled | Declined:
    """What `rent-with-credits` answered. Only the status says no; a 402 is a no as well."""
    if not 200 <= answer.status <= 299:
        return Declined(answer.status, find_order_id(answer.body))
    try:
        entry = ReceiptEntry.model_validate(load_object(answer.body))
    except ValueError as exc:
        return Garbled(complaint(exc), find_order_id(answer.body))
    return Receipt(entry.order_id, entry.gpu, entry.credits_spent, entry.status, entry.balance, entry.pod_id or "")


def read_checkout(
    answer: Answer, now: datetime, checkout_hosts: Collection[str], *, allow_private: bool
) -> Checkout | Garbled | Declined:
    """What `rent` answered: the 402 is the yes. Whether it is for the offer made is not judged here.

    Args:
        now: zoned; the link must expire after it, and within `MAX_LINK_LIFE`.
        checkout_hosts: `payment.checkout_hosts` of the policy.
        allow_private: `network.allow_private_hosts` of the policy: loopback and private hosts on the list, and plain
            http to loopback.
    """
    if 200 <= answer.status <= 299:
        return Garbled(f"a {answer.status} from rent, where only a 402 is expected", find_order_id(answer.body))
    if answer.status != 402:
        return Declined(answer.status, find_order_id(answer.body))
    try:
        entry = CheckoutEntry.model_validate(load_object(answer.body))
        check_checkout_url(entry.payment.checkout_url, checkout_hosts, allow_private=allow_private)
        expires_at = _expiry(entry.payment.expires_at, now)
    except ValueError as exc:
        return Garbled(complaint(exc), find_order_id(answer.body))
    return Checkout(
        order_id=entry.order_id,
        gpu=entry.gpu,
        vram_gb=entry.vram,
        hours=entry.hours,
        total=entry.total_usd,
        url=entry.payment.checkout_url,
        expires_at=expires_at,
    )


def find_order_id(body: bytes) -> str | None:
    """An order id anywhere in `body`, JSON or not, whole or cut off: a lost one is a machine nobody can stop.

    The field `order_id` is preferred; else the first text of the form `HOG-…`.
    """
    named = _named_order(body)
    if named is not None:
        return named
    if (field := _ORDER_FIELD.search(body)) is not None:
        return field[1].decode("ascii")
    found = _ORDER_ID.search(body)
    return found[0].decode("ascii") if found else None


def _named_order(body: bytes) -> str | None:
    try:
        value = load(body)
        named = value.get("order_id") if isinstance(value, dict) else None
        return checked_order_id(named) if isinstance(named, str) else None
    except ValueError:
        return None


def _expiry(text: str, now: datetime) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError("expires_at is not a zoned ISO 8601 time")
    moment = datetime.fromisoformat(text)
    if not now < moment <= now + MAX_LINK_LIFE:
        raise ValueError("expires_at is past or absurdly far ahead")
    return moment.astimezone(UTC)
