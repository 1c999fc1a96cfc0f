"""Looking at a provider's API: reads alone, each compared with the documentation, and its clock with ours."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from policies.answers import Balance
from policies.money import Cents
from tests.fakes.clock import FakeClock
from tests.tools.gpuhog.conftest import KEY, ORDER
from tests.tools.gpuhog.endpoints import LISTING
from tests.tools.gpuhog.test_shape import ANSWERS
from tools.gpuhog.shape import Read
from tools.gpuhog.survey import Seen, Surveyor, clock_ahead

Change = Callable[[Read, httpx.Request], httpx.Response | None]


class Provider:
    """Answers as documented but for what a test changes; remembers what was asked."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.requests: list[httpx.Request] = []
        self.change: Change = lambda read, request: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/api")
        read = Read.ORDER if path.startswith("/order/") else Read(path)
        return self.change(read, request) or self.documented(read)

    def documented(self, read: Read, **headers: str) -> httpx.Response:
        date = {"Date": format_datetime(self.clock.now().astimezone(UTC), usegmt=True)}
        return httpx.Response(200, json=ANSWERS[read], headers=date | headers)


@pytest.fixture
def provider(clock: FakeClock) -> Provider:
    return Provider(clock)


@pytest.fixture
async def surveyor(provider: Provider, clock: FakeClock) -> AsyncIterator[Surveyor]:
    made = _surveyor(provider, clock, KEY)
    yield made
    await made.aclose()


def _surveyor(provider: Provider, clock: FakeClock, key: str | None) -> Surveyor:
    transport = httpx.MockTransport(provider)
    return Surveyor("https://gpuhog.test/api", SecretStr(key) if key else None, clock, transport=transport)


async def seen(surveyor: Surveyor, read: Read) -> Seen:
    """What a whole survey says of one endpoint."""
    survey = await surveyor.survey(ORDER)
    (found,) = (one for one in survey.seen if one.read is read)
    return found


def only(read: Read, answer: Callable[[], httpx.Response]) -> Change:
    """One endpoint answers otherwise."""
    return lambda asked, _: answer() if asked is read else None


async def test_every_read_is_asked_and_nothing_else(surveyor: Surveyor, provider: Provider) -> None:
    """Once each, by GET; the key goes to the balance alone."""
    survey = await surveyor.survey(ORDER)
    assert [one.read for one in survey.seen] == list(Read)
    assert {(request.method, request.url.path) for request in provider.requests} == {
        ("GET", f"/api{path}") for path in ("/gpus", "/docs", "/credits/packs", "/credits/balance", f"/order/{ORDER}")
    }
    assert len(provider.requests) == 5
    assert [request.url.path for request in provider.requests if "X-Api-Key" in request.headers] == [
        "/api/credits/balance"
    ]
    assert all(one.status == 200 and not one.failure and not one.differences for one in survey.seen)
    assert survey.balance == Balance(Cents(1847), Cents(2500), Cents(653))


async def test_without_a_key_and_an_order_fewer_are_asked(provider: Provider, clock: FakeClock) -> None:
    """Nobody asks for a balance that must be refused."""
    surveyor = _surveyor(provider, clock, None)
    survey = await surveyor.survey("")
    await surveyor.aclose()
    assert [one.read for one in survey.seen] == [Read.GPUS, Read.DOCS, Read.PACKS]
    assert survey.balance is None


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (401, "the API key is missing or refused (401)"),
        (404, "it is not there (404)"),
        (302, "it redirects (302), which is never followed"),
        (418, "an undocumented status code: 418"),
    ],
)
async def test_another_status_is_named(surveyor: Surveyor, provider: Provider, status: int, failure: str) -> None:
    """Whatever the body says; a redirect goes nowhere."""
    answer = httpx.Response(status, json=ANSWERS[Read.PACKS], headers={"Location": "https://evil.test/"})
    provider.change = only(Read.PACKS, lambda: answer)
    found = await seen(surveyor, Read.PACKS)
    assert (found.status, found.failure) == (status, failure)
    assert {request.url.host for request in provider.requests} == {"gpuhog.test"}


async def test_another_2xx_is_a_difference(surveyor: Surveyor, provider: Provider) -> None:
    """What is in it is read all the same."""
    provider.change = only(Read.DOCS, lambda: httpx.Response(203, json=ANSWERS[Read.DOCS]))
    found = await seen(surveyor, Read.DOCS)
    assert [str(one) for one in found.differences] == ["status: expected 200, found 203"]


@pytest.mark.parametrize(("kind", "told"), [("text/html; charset=utf-8", "'text/html'"), ("", "none")])
async def test_an_answer_that_does_not_say_it_is_json(
    surveyor: Surveyor, provider: Provider, kind: str, told: str
) -> None:
    """Named, and compared all the same."""
    body = json.dumps(ANSWERS[Read.GPUS]).encode()
    provider.change = only(
        Read.GPUS, lambda: httpx.Response(200, content=body, headers={"Content-Type": kind} if kind else {})
    )
    found = await seen(surveyor, Read.GPUS)
    assert [str(one) for one in found.differences] == [f"Content-Type: expected 'application/json', found {told}"]


async def test_a_charset_is_no_difference(surveyor: Surveyor, provider: Provider) -> None:
    """Nor are capital letters."""
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    provider.change = only(Read.GPUS, lambda: provider.documented(Read.GPUS, **headers))
    assert (await seen(surveyor, Read.GPUS)).differences == ()


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"<html>", "breaks its form"),
        (b'{"packs": [], "packs": []}', "a key is there twice"),
        (b'{"packs": [' + b" " * 1_100_000 + b"]}", "more than 1048576 bytes"),
        (b'{"note": "x"}', "packs: Field required"),
    ],
)
async def test_an_answer_that_the_client_can_not_use(
    surveyor: Surveyor, provider: Provider, body: bytes, failure: str
) -> None:
    """That is worse than a difference, and the other endpoints are looked at all the same."""
    headers = {"Content-Type": "application/json"}
    provider.change = only(Read.PACKS, lambda: httpx.Response(200, content=body, headers=headers))
    survey = await surveyor.survey("")
    assert [failure in one.failure for one in survey.seen] == [False, False, True, False]


async def test_a_listing_that_would_be_dropped_is_named(surveyor: Surveyor, provider: Provider) -> None:
    """With the reason the client gives."""
    answer = ANSWERS[Read.GPUS] | {"gpus": [LISTING, LISTING]}
    provider.change = only(Read.GPUS, lambda: httpx.Response(200, json=answer))
    found = await seen(surveyor, Read.GPUS)
    assert [str(one) for one in found.differences] == [
        f"gpus[]: {LISTING['gpu_id']!r} is not used: listed more than once"
    ]


async def test_an_endpoint_that_wants_the_key_is_named(surveyor: Surveyor, provider: Provider) -> None:
    """Documented as open: asked again with the key, as the client does, and told; of the others nothing is said."""

    def keyed(read: Read, request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(401) if read is Read.ORDER and "X-Api-Key" not in request.headers else None

    provider.change = keyed
    survey = await surveyor.survey(ORDER)
    told = {one.read: [str(difference) for difference in one.differences] for one in survey.seen if one.differences}
    assert told == {Read.ORDER: ["status: asks for the API key, which the documentation says it does not need"]}


async def test_no_answer_is_no_difference(surveyor: Surveyor, provider: Provider) -> None:
    """After the client's tries; each endpoint says so itself."""

    def down(_: Read, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    provider.change = down
    survey = await surveyor.survey("")
    assert [one.status for one in survey.seen] == [0, 0, 0, 0]
    assert all("ConnectError" in one.failure for one in survey.seen)
    assert survey.balance is None


@pytest.mark.parametrize("seconds", [-600, -31, 0, 31, 600])
async def test_the_clocks_are_compared(surveyor: Surveyor, provider: Provider, clock: FakeClock, seconds: int) -> None:
    """By the `Date` header, to within its whole second."""
    moment = clock.now() + timedelta(seconds=seconds)
    provider.change = lambda read, _: provider.documented(read, Date=format_datetime(moment, usegmt=True))
    ahead = (await seen(surveyor, Read.GPUS)).ahead
    assert ahead is not None
    assert abs(ahead - timedelta(seconds=seconds)) <= timedelta(seconds=2)


def at(seconds: float) -> datetime:
    return datetime(2026, 3, 15, 12, 0, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("told", "asked", "answered", "ahead"),
    [
        (0, 0.2, 0.9, 0),
        (10, 0.0, 20.0, 0),
        (100, 0.0, 20.0, 80),
        (0, 50.0, 60.0, -49),
    ],
)
def test_a_slow_answer_is_no_wrong_clock(told: float, asked: float, answered: float, ahead: float) -> None:
    """The header was written somewhere between asking and answer: only what is certain counts."""
    header = format_datetime(at(told), usegmt=True)
    assert clock_ahead(header, at(asked), at(answered)) == timedelta(seconds=ahead)


@pytest.mark.parametrize("header", ["", "soon", "Sun, 99 Mar 2026 12:00:00 GMT"])
def test_a_header_that_is_no_date_says_nothing(header: str) -> None:
    """Then nobody knows what time it is there."""
    assert clock_ahead(header, at(0), at(1)) is None


def test_a_survey_shows_no_key(provider: Provider, clock: FakeClock) -> None:
    """Not in its text either."""
    surveyor: Any = _surveyor(provider, clock, KEY)
    assert KEY not in f"{surveyor!r}{vars(surveyor)}"
