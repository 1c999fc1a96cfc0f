"""Answers as a whole: bounded in size, time and depth, read as strict JSON or not at all, and never followed."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import cache

import pytest

from tests.agent.world import CHECKOUT, PRICE
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CREDITS
from tests.hostile.provider import Lie, Reply
from tools.gpuhog import channel
from tools.spend_log.rows import RunStatus

EVIL = ("Location", "https://evil.test/api/credits/balance")

SHORT = 0.1
"""Seconds that an answer may take in these tests."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What becomes of one answer on the wire, and the words that are told of it."""

    attack: str
    lie: Lie
    says: str


def body_is(body: bytes, *headers: tuple[str, str]) -> Lie:
    return lambda honest: replace(honest, body=body, headers=headers)


def status_is(status: int, *headers: tuple[str, str]) -> Lie:
    return lambda honest: replace(honest, status=status, headers=headers)


def around(before: bytes, after: bytes = b"") -> Lie:
    return lambda honest: replace(honest, body=before + honest.body + after)


def compressed(honest: Reply) -> Reply:
    return replace(honest, body=_bomb(), headers=(("Content-Encoding", "gzip"),))


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(bytes(16 << 20)) + packer.flush()


def cut(honest: Reply) -> Reply:
    return replace(honest, body=honest.body[:-2])


def endless(honest: Reply) -> Reply:
    """A byte now and then, for ever."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.005)
            yield b" "

    return replace(honest, body=honest.body[:-1], drip=drip)


def endless_without_a_beginning(honest: Reply) -> Reply:
    return replace(endless(honest), body=b"{")


def flood(honest: Reply) -> Reply:
    """As much as the line takes, for ever."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    return replace(honest, body=honest.body[:-1], drip=drip)


NO_JSON = "Expecting value"
NOT_UTF8 = "codec can't decode byte"
TOO_LONG = "an answer of more than 1048576 bytes"
HTML = b"<html><a href=https://evil.test/pay>pay here</a></html>"

BROKEN_BODIES = (
    Wire("empty", body_is(b""), NO_JSON),
    Wire("html", body_is(HTML, ("Content-Type", "text/html")), NO_JSON),
    Wire("html-said-to-be-json", body_is(HTML, ("Content-Type", "application/json")), NO_JSON),
    Wire("byte-order-mark", around(b"\xef\xbb\xbf"), "Unexpected UTF-8 BOM"),
    Wire("invalid-utf8", body_is(b'{"gpus": [], "x": "\xff"}'), NOT_UTF8),
    Wire("overlong-utf8", body_is(b'{"gpus": [], "x": "\xc0\xaf"}'), NOT_UTF8),
    Wire("utf16", lambda honest: replace(honest, body=honest.body.decode().encode("utf-16")), NOT_UTF8),
    Wire("cut-off", cut, "Unterminated string"),
    Wire("second-document", around(b"", b"{}"), "Extra data"),
    Wire("comment", around(b"/* https://evil.test */"), NO_JSON),
    Wire("list-for-the-object", around(b"[", b"]"), "expected a JSON object"),
    Wire("deep-nesting", body_is(b'{"gpus": ' + b"[" * 100_000), "nested deeper than 16"),
    Wire("deep-nesting-closed", body_is(b'{"a":' * 50 + b"1" + b"}" * 50), "nested deeper than 16"),
    Wire("a-key-twice", body_is(b'{"gpus": [], "gpus": []}'), "a key is there twice in one object"),
    Wire("long-number", body_is(b'{"gpus": [], "x": ' + b"9" * 100_000 + b"}"), "an integer of 100000 digits"),
    Wire("compressed-bomb", compressed, NOT_UTF8),
    Wire("two-megabytes", around(b" " * (2 << 20)), TOO_LONG),
    Wire("endless-flood", flood, TOO_LONG),
)

REFUSALS = (
    Wire("moved-301", status_is(301, EVIL), "refused with 301"),
    Wire("found-302", status_is(302, EVIL), "refused with 302"),
    Wire("see-other-303", status_is(303, EVIL), "refused with 303"),
    Wire("temporary-307", status_is(307, EVIL), "refused with 307"),
    Wire("permanent-308", status_is(308, EVIL), "refused with 308"),
    Wire("redirect-to-no-url", status_is(302, ("Location", "https://[::1/\x7f")), "refused with 302"),
    Wire("redirect-by-refresh", status_is(418, ("Refresh", "0; url=https://evil.test/")), "refused with 418"),
    Wire("not-modified", status_is(304), "refused with 304"),
    Wire("no-such-status", status_is(799), "status 799, 3 tries"),
    Wire("cookies", status_is(500, ("Set-Cookie", "a=b; Domain=evil.test")), "status 500, 3 tries"),
    Wire("wait-for-years", status_is(429, ("Retry-After", "999999999")), "status 429, 3 tries"),
    Wire("wait-for-no-number", status_is(429, ("Retry-After", "٩٩")), "status 429, 3 tries"),
    Wire("wait-in-no-zone", status_is(503, ("Retry-After", f"1 Jan 2020 00:00:00 +{'9' * 20}")), "status 503, 3 tries"),
    Wire("wait-in-no-year", status_is(503, ("Retry-After", f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT")), "status 503"),
    Wire("endless-drip", endless, "TimeoutError, 3 tries"),
)

BROKEN_RECEIPTS = (
    Wire("html", body_is(HTML), NO_JSON),
    Wire("empty", body_is(b""), NO_JSON),
    Wire("byte-order-mark", around(b"\xef\xbb\xbf"), "Unexpected UTF-8 BOM"),
    Wire("list-for-the-object", around(b"[", b"]"), "expected a JSON object"),
    Wire("deep-nesting", body_is(b"[" * 30_000), "nested deeper than 16"),
    Wire("compressed-bomb", compressed, NOT_UTF8),
    Wire("more-than-is-kept", around(b" " * (1 << 20)), NO_JSON),
    Wire("found-302", status_is(302, EVIL), "answered 302, which does not prove that nothing was charged"),
    Wire("temporary-307", status_is(307, EVIL), "answered 307, which does not prove that nothing was charged"),
    Wire("a-no-that-was-a-yes", status_is(402), "answered 402, which does not prove that nothing was charged"),
    Wire("endless-drip", endless, "the answer is broken"),
    Wire("endless-drip-without-an-order", endless_without_a_beginning, "no answer came back"),
    Wire("endless-flood", flood, "the answer is broken"),
)

BROKEN_CHECKOUTS = (
    Wire("html", body_is(HTML), NO_JSON),
    Wire("empty", body_is(b""), NO_JSON),
    Wire("byte-order-mark", around(b"\xef\xbb\xbf"), "Unexpected UTF-8 BOM"),
    Wire("second-document", around(b"", b"{}"), "Extra data"),
    Wire("list-for-the-object", around(b"[", b"]"), "expected a JSON object"),
    Wire("deep-nesting", body_is(b"[" * 30_000), "nested deeper than 16"),
    Wire("compressed-bomb", compressed, NOT_UTF8),
    Wire("more-than-is-kept", around(b" " * (1 << 20)), NO_JSON),
    Wire("endless-drip", endless, "the answer is broken"),
)

BROKEN_ENDINGS = (
    Wire("html", body_is(HTML), NO_JSON),
    Wire("found-302", status_is(302, EVIL), "refused with 302"),
    Wire("temporary-307", status_is(307, EVIL), "refused with 307"),
    Wire("status-is-a-link", body_is(b'{"status": "https://evil.test/"}'), "status: a name with a link in it"),
    Wire("wait-in-no-zone", status_is(503, ("Retry-After", f"1 Jan 2020 00:00:00 +{'9' * 20}")), "status 503, 3 tries"),
    Wire("endless-flood", flood, TOO_LONG),
)

TABLES = (BROKEN_BODIES, REFUSALS, BROKEN_RECEIPTS, BROKEN_CHECKOUTS, BROKEN_ENDINGS)


def attack(row: Wire) -> str:
    """For pytest's ids."""
    return row.attack


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "READ_SECONDS", SHORT)
    monkeypatch.setattr(channel, "SPEND_SECONDS", SHORT)


@pytest.mark.parametrize("row", [*BROKEN_BODIES, *REFUSALS], ids=attack)
async def test_a_list_that_cannot_be_read_buys_nothing(make_hostile: MakeHostile, row: Wire) -> None:
    """Given up within its bounds, followed nowhere, and nothing is bought."""
    hostile = make_hostile(CREDITS)
    hostile.lie("gpus", row.lie)
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.FAILED, 5, row.says)
    assert "the list of GPUs can't be read" in run.reason
    hostile.assert_nothing_spent(run)
    hostile.assert_not_asked_to_spend()


@pytest.mark.parametrize("row", REFUSALS, ids=attack)
async def test_a_balance_that_is_not_given_buys_nothing(make_hostile: MakeHostile, row: Wire) -> None:
    """The one read that carries the key: it goes nowhere else, and credits are not spent in the dark."""
    hostile = make_hostile(CREDITS)
    hostile.lie("balance", row.lie)
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, "the credit balance could not be read")
    hostile.assert_nothing_spent(run)
    hostile.assert_not_asked_to_spend()


@pytest.mark.parametrize("row", BROKEN_RECEIPTS, ids=attack)
async def test_a_receipt_that_cannot_be_read_is_in_doubt(make_hostile: MakeHostile, row: Wire) -> None:
    """The credits may be gone: they count, nothing is sent a second time, and the key follows no redirect."""
    hostile = make_hostile(CREDITS)
    hostile.lie("rent_with_credits", row.lie)
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.IN_DOUBT, 7, row.says)
    assert hostile.provider.asked("rent_with_credits") == 1
    totals = hostile.world.log.totals()
    assert totals.spent + totals.in_doubt == PRICE
    hostile.assert_no_link(run)
    hostile.assert_nothing_executed()
    named = {order.order_id for order in hostile.world.log.orders(run.run_id)}
    assert named.isdisjoint(hostile.world.pods_left)


@pytest.mark.parametrize("row", BROKEN_CHECKOUTS, ids=attack)
async def test_a_checkout_that_cannot_be_read_is_never_shown(make_hostile: MakeHostile, row: Wire) -> None:
    """Nobody can pay a link that was never shown, so the money is free again."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("rent", row.lie)
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.REFUSED, 3, row.says)
    assert hostile.provider.asked("rent") == 1
    hostile.assert_nothing_spent(run)


@pytest.mark.parametrize("row", BROKEN_ENDINGS, ids=attack)
async def test_a_terminate_that_cannot_be_read_ends_the_pod(make_hostile: MakeHostile, row: Wire) -> None:
    """What it answers is said and proves nothing; the order itself is looked at, and the run is a success."""
    hostile = make_hostile(CREDITS)
    hostile.lie("terminate", row.lie)
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.SUCCEEDED, 0, row.says)
    hostile.world.check()
