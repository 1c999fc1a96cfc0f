"""The answers of spending calls: believed whole, or kept for the order id in them."""

from datetime import UTC, datetime, timedelta

import pytest

from policies.answers import Answer, Checkout, Declined, Garbled, Receipt
from policies.money import Cents
from tests.tools.gpuhog.bodies import with_field
from tests.tools.gpuhog.conftest import ORDER
from tests.tools.gpuhog.endpoints import CHECKOUT, RECEIPT
from tools.gpuhog import find_order_id, read_checkout, read_receipt

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
HOSTS = ("checkout.stripe.com",)
LINK = "https://checkout.stripe.com/c/pay/cs_live_a1#fidkdWxOYHwnPyd1"


def receipt(name: str, literal: str | None, status: int = 200) -> Receipt | Garbled | Declined:
    return read_receipt(Answer(status, with_field(RECEIPT, name, literal).encode()))


def checkout(name: str, literal: str | None, status: int = 402) -> Checkout | Garbled | Declined:
    body = with_field(CHECKOUT, name, literal).encode()
    return read_checkout(Answer(status, body), NOW, HOSTS, allow_private=False)


def paying(url: str = f'"{LINK}"', expires_at: str = '"2026-03-30T12:30:00+00:00"') -> Checkout | Garbled | Declined:
    payment = f'{{"method": "stripe_checkout", "checkout_url": {url}, "expires_at": {expires_at}}}'
    return checkout("payment", payment)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_the_documented_receipt_is_read(status: int) -> None:
    """Any 2xx; keys that are not documented are ignored."""
    read = receipt("unheard_of", "{}", status)
    assert read == Receipt(ORDER, "RTX 4090", Cents(147), "deploying", Cents(853), "abc123xyz")


@pytest.mark.parametrize(("name", "attribute", "value"), [("balance", "balance", None), ("pod_id", "pod_id", "")])
@pytest.mark.parametrize("literal", [None, "null"])
def test_a_receipt_may_lack_what_money_does_not_need(
    name: str, attribute: str, value: object, literal: str | None
) -> None:
    """The balance and the pod's id."""
    assert getattr(receipt(name, literal), attribute) == value


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        *[
            ("credits_spent", spent)
            for spent in (None, "null", "true", "false", '"147"', "147.0", "1.47", "1e2", "-147", "10000001", "[147]")
        ],
        *[("gpu", gpu) for gpu in (None, "null", '""', "4090", '"\\u200b"')],
        *[("status", status) for status in (None, "null", '""', "200")],
        *[("balance", balance) for balance in ("true", '"853"', "-1", "8.53")],
        ("pod_id", "7"),
        ("credits_spent", '147, "credits_spent": 1'),
    ],
)
def test_a_broken_receipt_is_garbled_and_keeps_its_order(name: str, literal: str | None) -> None:
    """Not an exception: the caller must be able to watch and end that order."""
    read = receipt(name, literal)
    assert isinstance(read, Garbled)
    assert read.order_id == ORDER
    assert read.reason.isprintable()


@pytest.mark.parametrize("literal", [None, "null", '""', '"HOG/1"', f'"{"a" * 65}"', "1"])
def test_a_receipt_that_names_no_order_is_garbled(literal: str | None) -> None:
    """There is nothing to poll."""
    read = receipt("order_id", literal)
    assert isinstance(read, Garbled)
    assert read.order_id is None


def test_free_is_not_broken() -> None:
    """The real figure is booked, whatever it is."""
    read = receipt("credits_spent", "0")
    assert isinstance(read, Receipt)
    assert read.credits_spent == 0


@pytest.mark.parametrize("status", [199, 300, 302, 400, 401, 402, 403, 404, 409, 422, 429, 500, 503])
def test_only_the_status_says_no(status: int) -> None:
    """A body that looks like a receipt changes nothing, but an order id in it is kept."""
    assert receipt("status", '"deploying"', status) == Declined(status, ORDER)
    assert read_receipt(Answer(status, b"<html>")) == Declined(status)


def test_the_documented_checkout_is_read() -> None:
    """The 402 is the yes."""
    assert checkout("unheard_of", "{}") == Checkout(
        ORDER, "RTX 4090", 24, 2, Cents(98), LINK, NOW + timedelta(minutes=30)
    )


@pytest.mark.parametrize("literal", [None, "null"])
def test_a_checkout_may_lack_the_memory(literal: str | None) -> None:
    """It is shown, not paid for."""
    read = checkout("vram", literal)
    assert isinstance(read, Checkout)
    assert read.vram_gb is None


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_2xx_from_rent_is_garbled(status: int) -> None:
    """Something may have been charged without a link."""
    read = checkout("status", "200", status)
    assert isinstance(read, Garbled)
    assert str(status) in read.reason
    assert read.order_id == ORDER


@pytest.mark.parametrize("status", [301, 400, 401, 404, 422, 429, 500])
def test_another_status_from_rent_is_a_no(status: int) -> None:
    """An order id in it is kept."""
    assert checkout("status", "402", status) == Declined(status, ORDER)


@pytest.mark.parametrize(
    ("name", "literal"),
    [
        *[
            ("total_usd", total)
            for total in (
                None, "null", "0.98", "1", "true", '""', '"0"', '"0.00"', '"-0.98"', '"+0.98"', '"0.980"', '"9.8e-1"',
                '"1,00"', '"$0.98"', '" 0.98"', '"0.98\\n"', '"٠.٩٨"', '"NaN"', '"Infinity"', '"100000.01"', '"00.98"',
            )
        ],
        *[("hours", hours) for hours in (None, "null", "true", "0", "-2", "721", "2.0", '"2"')],
        *[("gpu", gpu) for gpu in (None, "null", '""', '"https://evil.test"')],
        *[("vram", vram) for vram in ('"N/A"', "24", '"0 GB"')],
        *[("payment", payment) for payment in (None, "null", "{}", "[]", '"https://checkout.stripe.com/x"')],
    ],
)  # fmt: skip
def test_a_broken_checkout_is_garbled_and_keeps_its_order(name: str, literal: str | None) -> None:
    """No link of it is ever shown."""
    read = checkout(name, literal)
    assert isinstance(read, Garbled)
    assert read.order_id == ORDER
    assert "://" not in read.reason


@pytest.mark.parametrize(
    "url",
    [
        "null",
        "7",
        '""',
        '"https://evil.test/pay"',
        '"http://checkout.stripe.com/c/pay"',
        '"https://checkout.stripe.com.evil.test/"',
        '"https://user@checkout.stripe.com/"',
        f'"{LINK}\\n"',
    ],
)
def test_a_link_that_may_not_be_shown_garbles_the_checkout(url: str) -> None:
    """The rules are those of `check_checkout_url`."""
    read = paying(url=url)
    assert isinstance(read, Garbled)
    assert read.order_id == ORDER


@pytest.mark.parametrize(
    "expires_at",
    [
        "null",
        "1774873800",
        '""',
        '"2026-03-30T12:30:00"',
        '"2026-03-30T12:30+00:00"',
        '"2026-03-30"',
        '"20260330T123000Z"',
        '"2026-03-30 12:30:00+00:00"',
        '"2026-03-30T12:00:00+00:00"',
        '"2026-03-30T11:59:59Z"',
        '"2026-03-30T12:30:00+01:00"',
        '"2026-04-06T12:00:01+00:00"',
        '"9999-12-31T23:59:59-23:59"',
        '"0001-01-01T00:00:00+23:59"',
        '"2026-02-30T12:30:00Z"',
        '"2026-03-30T25:30:00Z"',
        '"2026-03-30T12:30:00+99:99"',
        '"٢٠٢٦-03-30T12:30:00Z"',
        '"2026-03-30T12:30:00Z "',
        '"in half an hour"',
    ],
)
def test_a_time_that_is_past_unzoned_or_absurd_garbles_the_checkout(expires_at: str) -> None:
    """A link that can't be watched to its end is not shown."""
    assert isinstance(paying(expires_at=expires_at), Garbled)


@pytest.mark.parametrize(
    ("expires_at", "after"),
    [
        ('"2026-03-30T12:00:01Z"', timedelta(seconds=1)),
        ('"2026-03-30T12:00:00.5+00:00"', timedelta(seconds=0.5)),
        ('"2026-03-30T14:30:00+02:00"', timedelta(minutes=30)),
        ('"2026-04-06T12:00:00Z"', timedelta(days=7)),
    ],
)
def test_any_zone_is_understood(expires_at: str, after: timedelta) -> None:
    """And comes back as UTC."""
    read = paying(expires_at=expires_at)
    assert isinstance(read, Checkout)
    assert read.expires_at == NOW + after
    assert read.expires_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", None),
        (b"{}", None),
        (b"\xff\xfe", None),
        (b'{"order_id": "HOG-a1b2c3d4e5f6"}', "HOG-a1b2c3d4e5f6"),
        (b'{"order_id": "other-1", "see": "HOG-aaaaaaaa"}', "other-1"),
        (b'{"see": "HOG-aaaaaaaa", "order_id": "other-1"', "other-1"),
        (b'{"see": "HOG-aaaaaaaa", "order_id": "oth', "HOG-aaaaaaaa"),
        (b'{"order": {"order_id": "other-1"}}', "other-1"),
        (b'{"order_id": "HOG-1", "order_id": "HOG-2"}', "HOG-1"),
        (b'{"order_id": "\\u0048OG-a1b2c3d4"}', "HOG-a1b2c3d4"),
        (b'{"order_id": null, "error": "HOG-a1b2c3d4 failed"}', "HOG-a1b2c3d4"),
        (b'{"order_id": 7}', None),
        (b'{"order_id": ""}', None),
        (b"<p>Order HOG-a1b2c3d4e5f6.</p>", "HOG-a1b2c3d4e5f6"),
        (b"\xff\x00 HOG-a1b2c3d4e5f6 \xff", "HOG-a1b2c3d4e5f6"),
        (b"HOG-a1b2c3d4e5f6", "HOG-a1b2c3d4e5f6"),
        (b"HOG-abc", None),
        (b"HOG-" + b"a" * 41, None),
        (b"HEDGEHOG-a1b2c3d4", None),
        (b"HOG-a1b2c3d4-evil", None),
        (b"[" * 5000 + b'"HOG-a1b2c3d4"', "HOG-a1b2c3d4"),
    ],
)
def test_an_order_id_is_found_in_anything(body: bytes, found: str | None) -> None:
    """A lost order id is a machine nobody can stop."""
    assert find_order_id(body) == found


@pytest.mark.parametrize("allow_private", [True, False])
def test_a_link_to_loopback_needs_the_policys_leave(*, allow_private: bool) -> None:
    """`network.allow_private_hosts`, as the sandbox overlays it."""
    payment = '{"checkout_url": "http://127.0.0.1:4242/x", "expires_at": "2026-03-30T12:30:00Z"}'
    answer = Answer(402, with_field(CHECKOUT, "payment", payment).encode())
    read = read_checkout(answer, NOW, ("127.0.0.1:4242",), allow_private=allow_private)
    assert isinstance(read, Checkout if allow_private else Garbled)
