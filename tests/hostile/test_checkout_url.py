"""The checkout link and its end: shown only when it leads to the listed host by https, for a while that makes sense."""

from dataclasses import dataclass

import pytest

from policies.charge import ChargeState
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CHECKOUT, Hostile
from tests.hostile.provider import payment_is, text
from tools.spend_log.rows import Run, RunStatus


@dataclass(frozen=True, slots=True)
class Link:
    """One `checkout_url`, and the words it is refused with."""

    attack: str
    url: str
    says: str


@dataclass(frozen=True, slots=True)
class Literal:
    """One field of `payment` as a piece of JSON (None: left out), and the words it is refused with."""

    attack: str
    literal: str | None
    says: str


NOT_LISTED = "which is not in checkout_hosts"
STRANGE = "a checkout link with user info, strange characters, or no http(s) address"

LINKS = (
    Link("another-host", "https://evil.test/c/pay/1", f"a checkout link to evil.test, {NOT_LISTED}"),
    Link("listed-host-as-a-subdomain", "https://checkout.stripe.com.evil.test/c", NOT_LISTED),
    Link("listed-host-as-a-suffix", "https://xcheckout.stripe.com/c", NOT_LISTED),
    Link("parent-domain", "https://stripe.com/c", NOT_LISTED),
    Link("listed-host-in-the-path", "https://evil.test/checkout.stripe.com/c", NOT_LISTED),
    Link("listed-host-in-the-query", "https://evil.test?next=https://checkout.stripe.com/", NOT_LISTED),
    Link("listed-host-in-the-fragment", "https://evil.test#https://checkout.stripe.com/", NOT_LISTED),
    Link("listed-host-as-the-user", "https://checkout.stripe.com@evil.test/c", STRANGE),
    Link("listed-host-as-user-and-password", "https://checkout.stripe.com:443@evil.test/c", STRANGE),
    Link("a-user-before-the-listed-host", "https://you@checkout.stripe.com/c", STRANGE),
    Link("percent-encoded-at", "https://checkout.stripe.com%40evil.test/c", STRANGE),
    Link("percent-encoded-slash", "https://checkout.stripe.com%2f.evil.test/c", STRANGE),
    Link("cyrillic-homoglyph", "https://checkоut.stripe.com/c", STRANGE),
    Link("fullwidth-letters", "https://ｃheckout.stripe.com/c", STRANGE),
    Link("ideographic-full-stop", "https://checkout。stripe。com/c", STRANGE),
    Link("punycode", "https://xn--checkut-jof.stripe.com/c", NOT_LISTED),
    Link("trailing-dot", "https://checkout.stripe.com./c", NOT_LISTED),
    Link("upper-case-host", "https://CHECKOUT.stripe.com/c", STRANGE),
    Link("upper-case-scheme", "HTTPS://checkout.stripe.com/c", STRANGE),
    Link("plain-http", "http://checkout.stripe.com/c", NOT_LISTED),
    Link("plain-http-at-443", "http://checkout.stripe.com:443/c", NOT_LISTED),
    Link("another-port", "https://checkout.stripe.com:8443/c", f"checkout.stripe.com:8443, {NOT_LISTED}"),
    Link("port-with-a-zero-before-it", "https://checkout.stripe.com:0443/c", NOT_LISTED),
    Link("port-out-of-range", "https://checkout.stripe.com:65979/c", NOT_LISTED),
    Link("empty-port", "https://checkout.stripe.com:/c", STRANGE),
    Link("arabic-indic-port", "https://checkout.stripe.com:٤٤٣/c", STRANGE),
    Link("backslash-before-at", "https://evil.test\\@checkout.stripe.com/c", STRANGE),
    Link("backslash-after-the-host", "https://checkout.stripe.com\\.evil.test/c", STRANGE),
    Link("backslashes-for-slashes", "https:\\\\checkout.stripe.com\\c", STRANGE),
    Link("one-slash", "https:/checkout.stripe.com/c", STRANGE),
    Link("three-slashes", "https:///checkout.stripe.com/c", STRANGE),
    Link("no-scheme", "//checkout.stripe.com/c", STRANGE),
    Link("javascript", "javascript://checkout.stripe.com/%0aalert(1)", STRANGE),
    Link("data", "data:text/html,https://checkout.stripe.com/", STRANGE),
    Link("file", "file://checkout.stripe.com/etc/passwd", STRANGE),
    Link("blank-before", " https://checkout.stripe.com/c", STRANGE),
    Link("blank-inside", "https://checkout.stripe.com/c https://evil.test/", STRANGE),
    Link("newline-inside", "https://checkout.stripe.com/c\nhttps://evil.test/", STRANGE),
    Link("newline-in-the-host", "https://checkout.stripe.com\n.evil.test/c", STRANGE),
    Link("tab-in-the-scheme", "ht\ttps://checkout.stripe.com/c", STRANGE),
    Link("nul", "https://checkout.stripe.com/\x00c", STRANGE),
    Link("terminal-hyperlink", "https://checkout.stripe.com/\x1b]8;;https://evil.test\x07c", STRANGE),
    Link("bidi-override", "https://checkout.stripe.com/\u202emoc.live", STRANGE),
    Link("zero-width-space", "https://checkout.stripe\u200b.com/c", STRANGE),
    Link("markup", 'https://checkout.stripe.com/"><a href=x', STRANGE),
    Link("loopback", "https://127.0.0.1/c", NOT_LISTED),
    Link("loopback-ipv6", "https://[::1]/c", NOT_LISTED),
    Link("metadata-service", "http://169.254.169.254/latest/meta-data", NOT_LISTED),
    Link("decimal-address", "https://2130706433/c", NOT_LISTED),
    Link("overlong", "https://checkout.stripe.com/" + "a" * 5000, STRANGE),
    Link("overlong-host", "https://" + "a" * 4000 + ".test/", "a checkout link to aaaaaaaa"),
    Link("empty", "", STRANGE),
)

LITERALS = (
    Literal("missing", None, "payment.checkout_url: Field required"),
    Literal("null", "null", "payment.checkout_url: Input should be a valid string"),
    Literal("list", '["https://checkout.stripe.com/c"]', "payment.checkout_url: Input should be a valid string"),
    Literal(
        "duplicate-key",
        '"https://checkout.stripe.com/c", "checkout_url": "https://evil.test/"',
        "a key is there twice in one object",
    ),
)

NO_TIME = "expires_at is not a zoned ISO 8601 time"
NOT_SOON = "expires_at is past or absurdly far ahead"

ENDS = (
    Literal("missing", None, "payment.expires_at: Field required"),
    Literal("null", "null", "payment.expires_at: Input should be a valid string"),
    Literal("number", "1774873800", "payment.expires_at: Input should be a valid string"),
    Literal("boolean", "true", "payment.expires_at: Input should be a valid string"),
    Literal("empty", '""', NO_TIME),
    Literal("naive", '"2026-03-30T12:30:00"', NO_TIME),
    Literal("date-only", '"2026-03-30"', NO_TIME),
    Literal("blank-for-t", '"2026-03-30 12:30:00+00:00"', NO_TIME),
    Literal("zone-by-name", '"2026-03-30T12:30:00 UTC"', NO_TIME),
    Literal("zone-without-a-colon", '"2026-03-30T12:30:00+0000"', NO_TIME),
    Literal("zone-with-seconds", '"2026-03-30T12:30:00+00:00:01"', NO_TIME),
    Literal("zone-out-of-range", '"2026-03-30T12:30:00+99:99"', "offset must be"),
    Literal("week-date", '"2026-W14-1T12:30:00Z"', NO_TIME),
    Literal("arabic-indic-digits", text("٢٠٢٦-03-30T12:30:00Z"), NO_TIME),
    Literal("newline", '"2026-03-30T12:30:00Z\\n"', NO_TIME),
    Literal("terminal-escape", '"\\u001b[2J2026-03-30T12:30:00Z"', NO_TIME),
    Literal("a-link", '"https://evil.test/"', NO_TIME),
    Literal("no-such-day", '"2026-02-30T12:30:00Z"', "day is out of range"),
    Literal("leap-second", '"2026-03-30T12:59:60Z"', "second must be in"),
    Literal("year-zero", '"0000-03-30T12:30:00Z"', "year 0 is out of range"),
    Literal("past", '"2026-03-30T11:59:59Z"', NOT_SOON),
    Literal("past-by-its-zone", '"2026-03-30T12:30:00+14:00"', NOT_SOON),
    Literal("this-very-moment", '"2026-03-30T12:00:00Z"', NOT_SOON),
    Literal("first-year", '"0001-01-01T00:00:00+23:59"', NOT_SOON),
    Literal("eight-days", '"2026-04-07T12:00:01Z"', NOT_SOON),
    Literal("last-year-there-is", '"9999-12-31T23:59:59-23:59"', NOT_SOON),
)

TABLES = (LINKS, LITERALS, ENDS)


def attack(row: Link | Literal) -> str:
    """For pytest's ids."""
    return row.attack


def assert_never_shown(hostile: Hostile, run: Run, says: str) -> None:
    """Refused in words, asked for once, the money free again, the order watched and not paid for."""
    hostile.assert_ended(run, RunStatus.REFUSED, 3, says)
    assert "no link was shown" in run.reason
    assert hostile.world.charge(run.run_id).state is ChargeState.RELEASED
    assert hostile.provider.asked("rent") == 1
    assert len(hostile.world.log.orders(run.run_id)) == 1
    hostile.assert_nothing_spent(run)


@pytest.mark.parametrize("row", LINKS, ids=attack)
async def test_a_link_that_leads_elsewhere_is_never_shown(make_hostile: MakeHostile, row: Link) -> None:
    """Whatever it is made to look like."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("rent", payment_is("checkout_url", text(row.url)))
    assert_never_shown(hostile, await hostile.world.run(), row.says)


@pytest.mark.parametrize("row", LITERALS, ids=attack)
async def test_a_link_that_is_no_text_is_never_shown(make_hostile: MakeHostile, row: Literal) -> None:
    """Or that two readers could read differently."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("rent", payment_is("checkout_url", row.literal))
    assert_never_shown(hostile, await hostile.world.run(), row.says)


@pytest.mark.parametrize("row", ENDS, ids=attack)
async def test_a_link_without_an_end_that_makes_sense_is_never_shown(make_hostile: MakeHostile, row: Literal) -> None:
    """Nobody could say until when it may be paid, and be watched."""
    hostile = make_hostile(CHECKOUT)
    hostile.lie("rent", payment_is("expires_at", row.literal))
    assert_never_shown(hostile, await hostile.world.run(), row.says)
