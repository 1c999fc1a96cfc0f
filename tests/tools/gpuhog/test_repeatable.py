"""Reads, `stop` and `terminate`: what is tried again, and what each status becomes."""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.tools.gpuhog.conftest import KEY, ORDER, Connect, Script
from tests.tools.gpuhog.endpoints import EVERY, REPEATABLE, Endpoint, name_of
from tools.errors import BadCredentials, Malformed, MarketUnavailable, OfferGone, Refused
from tools.gpuhog.channel import READ_BYTES
from tools.gpuhog.client import TRIES

each_repeatable = pytest.mark.parametrize("endpoint", REPEATABLE, ids=name_of)
each = pytest.mark.parametrize("endpoint", EVERY, ids=name_of)

TRANSPORT_ERRORS = (
    httpx.ConnectError("x"),
    httpx.ConnectTimeout("x"),
    httpx.ReadError("x"),
    httpx.ReadTimeout("x"),
    httpx.WriteError("x"),
    httpx.WriteTimeout("x"),
    httpx.PoolTimeout("x"),
    httpx.RemoteProtocolError("x"),
    TimeoutError(),
    ConnectionResetError(),
)


@each
async def test_the_request_is_the_documented_one(endpoint: Endpoint, connect: Connect) -> None:
    """Method, path and JSON are those of the documentation, and the documented answer is understood."""
    script = Script(httpx.Response(200, content=endpoint.body))
    await endpoint.call(connect(script))
    (request,) = script.requests
    assert (request.method, str(request.url)) == (endpoint.method, f"https://gpuhog.test/api{endpoint.path}")
    if endpoint.payload is not None:
        assert httpx.Response(200, content=request.content).json() == endpoint.payload


@each
async def test_the_key_goes_to_the_credits_endpoints_only(endpoint: Endpoint, connect: Connect) -> None:
    """Nine of the eleven requests carry no key."""
    script = Script(httpx.Response(200, content=endpoint.body))
    await endpoint.call(connect(script))
    assert script.keys_sent == [KEY if endpoint.keyed else None]


@each
async def test_no_compression_is_asked_for_and_no_cookie_comes_back(endpoint: Endpoint, connect: Connect) -> None:
    """`Accept-Encoding: identity`; a cookie the provider sets is not kept."""
    script = Script(httpx.Response(200, content=endpoint.body, headers={"Set-Cookie": "a=b"}))
    hog = connect(script)
    await endpoint.call(hog)
    await endpoint.call(hog)
    assert {request.headers["Accept-Encoding"] for request in script.requests} == {"identity"}
    assert not any("Cookie" in request.headers for request in script.requests)


@each_repeatable
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 520])
async def test_an_overloaded_provider_is_asked_three_times(status: int, endpoint: Endpoint, connect: Connect) -> None:
    """429 and 5xx are tried again, then the market is unavailable."""
    script = Script(httpx.Response(status))
    with pytest.raises(MarketUnavailable, match=str(status)):
        await endpoint.call(connect(script))
    assert len(script.requests) == TRIES == 3


@each_repeatable
@pytest.mark.parametrize("error", TRANSPORT_ERRORS, ids=lambda error: type(error).__name__)
async def test_silence_is_asked_three_times(error: Exception, endpoint: Endpoint, connect: Connect) -> None:
    """Transport errors and timeouts are tried again, then the market is unavailable."""
    script = Script(error)
    with pytest.raises(MarketUnavailable, match=type(error).__name__):
        await endpoint.call(connect(script))
    assert len(script.requests) == 3


@each_repeatable
async def test_a_try_that_succeeds_ends_the_trying(endpoint: Endpoint, connect: Connect) -> None:
    """The second try's answer is the answer."""
    script = Script(httpx.Response(503), httpx.Response(200, content=endpoint.body))
    await endpoint.call(connect(script))
    assert len(script.requests) == 2


@each_repeatable
@pytest.mark.parametrize("status", [400, 402, 405, 409, 410, 413, 415, 418, 422])
async def test_another_4xx_is_a_refusal_asked_once(status: int, endpoint: Endpoint, connect: Connect) -> None:
    """`Refused` carries the status."""
    script = Script(httpx.Response(status, content=endpoint.body))
    with pytest.raises(Refused) as caught:
        await endpoint.call(connect(script))
    assert type(caught.value) is Refused
    assert caught.value.status == status
    assert len(script.requests) == 1


@each_repeatable
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_refusal_and_not_followed(status: int, endpoint: Endpoint, connect: Connect) -> None:
    """The key would travel with it."""
    script = Script(httpx.Response(status, headers={"Location": "https://evil.test/"}))
    with pytest.raises(Refused) as caught:
        await endpoint.call(connect(script))
    assert caught.value.status == status
    assert [request.url.host for request in script.requests] == ["gpuhog.test"]


@each
@pytest.mark.parametrize("location", ["https://:99999999/", "https://[::1", "x:", "http://", "\x7f", "a" * 70_000])
async def test_a_broken_redirect_is_only_a_redirect(location: str, endpoint: Endpoint, connect: Connect) -> None:
    """Nobody parses where it leads."""
    script = Script(httpx.Response(302, headers={"Location": location}))
    try:
        answer = await endpoint.call(connect(script))
    except Refused as exc:
        answer = exc
    assert answer.status == 302
    assert len(script.requests) == 1


@each_repeatable
@pytest.mark.parametrize(("status", "error"), [(404, OfferGone), (400, Refused), (503, MarketUnavailable)])
async def test_the_body_of_an_error_is_not_read(
    status: int, error: type[Exception], endpoint: Endpoint, connect: Connect
) -> None:
    """It may be endless: only the status decides."""
    with pytest.raises(error):
        await endpoint.call(connect(Script(httpx.Response(status, content=b" " * (READ_BYTES + 1)))))


@each_repeatable
async def test_a_404_means_gone(endpoint: Endpoint, connect: Connect) -> None:
    """`OfferGone`, asked once."""
    script = Script(httpx.Response(404))
    with pytest.raises(OfferGone):
        await endpoint.call(connect(script))
    assert len(script.requests) == 1


@each_repeatable
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{", b'{"a": 1, "a": 2}', b"\xff"])
async def test_a_2xx_that_is_no_json_object_is_malformed(body: bytes, endpoint: Endpoint, connect: Connect) -> None:
    """Asked once: the provider would say the same again."""
    script = Script(httpx.Response(200, content=body))
    with pytest.raises(Malformed):
        await endpoint.call(connect(script))
    assert len(script.requests) == 1


@each_repeatable
async def test_an_overlong_answer_is_malformed(endpoint: Endpoint, connect: Connect) -> None:
    """One byte over the bound, though blanks at its end would make valid JSON."""
    filled = endpoint.body + b" " * (READ_BYTES - len(endpoint.body))
    await endpoint.call(connect(Script(httpx.Response(200, content=filled))))
    with pytest.raises(Malformed, match="more than"):
        await endpoint.call(connect(Script(httpx.Response(200, content=filled + b" "))))


@each_repeatable
@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_told(status: int, endpoint: Endpoint, connect: Connect) -> None:
    """`BadCredentials`, after one repetition with the key where the key was not sent at first."""
    script = Script(httpx.Response(status))
    with pytest.raises(BadCredentials):
        await endpoint.call(connect(script))
    assert script.keys_sent == ([KEY] if endpoint.keyed else [None, KEY])


@pytest.mark.parametrize("endpoint", [one for one in EVERY if not one.keyed], ids=name_of)
async def test_an_endpoint_that_turns_out_to_need_the_key_gets_it(
    endpoint: Endpoint, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, at the same origin, and it is reported without an order's whole id."""
    script = Script(httpx.Response(401), httpx.Response(200, content=endpoint.body))
    await endpoint.call(connect(script))
    assert script.keys_sent == [None, KEY]
    assert {request.url.host for request in script.requests} == {"gpuhog.test"}
    assert "asks for the API key" in caplog.text
    assert ORDER not in caplog.text


@pytest.mark.parametrize("endpoint", [one for one in REPEATABLE if not one.keyed], ids=name_of)
async def test_without_a_key_nothing_is_repeated_on_401(endpoint: Endpoint, connect: Connect) -> None:
    """There is nothing to repeat it with."""
    script = Script(httpx.Response(401))
    with pytest.raises(BadCredentials):
        await endpoint.call(connect(script, key=None))
    assert script.keys_sent == [None]


async def test_without_a_key_the_balance_is_not_asked(connect: Connect) -> None:
    """`BadCredentials` before any request."""
    script = Script(httpx.Response(200))
    with pytest.raises(BadCredentials, match="no API key"):
        await connect(script, key=None).balance()
    assert script.requests == []


async def test_retry_after_is_obeyed_and_capped(connect: Connect, clock: FakeClock) -> None:
    """Seven seconds are waited as asked, an hour is not."""
    script = Script(
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(503, headers={"Retry-After": "3600"}),
        httpx.Response(200, content=b'{"gpus": []}'),
    )
    await connect(script).gpus()
    assert clock.monotonic() == pytest.approx(7 + 30)


async def test_retry_after_may_be_a_date(connect: Connect, clock: FakeClock) -> None:
    """An HTTP date twelve seconds ahead is waited for."""
    when = format_datetime(clock.now() + timedelta(seconds=12), usegmt=True)
    script = Script(httpx.Response(503, headers={"Retry-After": when}), httpx.Response(200, content=b'{"gpus": []}'))
    await connect(script).gpus()
    assert clock.monotonic() == pytest.approx(12)


@pytest.mark.parametrize("order_id", ["", "HOG-1/../../x", "HOG 1", "HOG-é", "a" * 65, "HOG-1\n", "HOG-1?x", "%2e"])
async def test_an_order_id_that_is_none_goes_into_no_path(order_id: str, connect: Connect) -> None:
    """Refused before any request."""
    script = Script(httpx.Response(200, content=b"{}"))
    hog = connect(script)
    for call in (hog.order, hog.stop, hog.terminate):
        with pytest.raises(Malformed):
            await call(order_id)
    assert script.requests == []


@pytest.mark.parametrize("message", ["", "o" * 501])
async def test_a_message_the_pig_would_not_take_is_not_sent(message: str, connect: Connect) -> None:
    """1 to 500 characters."""
    script = Script(httpx.Response(200, content=b'{"reply": "x"}'))
    with pytest.raises(Malformed):
        await connect(script).pig_chat(message)
    assert script.requests == []
    assert await connect(script).pig_chat("o" * 500) == "x"


async def test_dropped_listings_are_logged_cleaned(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """One line, without what could forge another."""
    body = b'{"gpus": [{"gpu_id": "x\\u001b[2J\\nERROR forged"}]}'
    assert await connect(Script(httpx.Response(200, content=body))).gpus() == ()
    (record,) = [one for one in caplog.records if one.name == "swineherd.gpuhog"]
    assert "1 listings dropped" in record.getMessage()
    assert record.getMessage().isprintable()
