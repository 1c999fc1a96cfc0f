"""`rent`, `rent_with_credits` and `start`: sent once, and honest about what is not known."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from policies.answers import Answer
from tests.tools.gpuhog.conftest import KEY, ORDER, Connect, Script
from tests.tools.gpuhog.endpoints import SPENDING, Endpoint, name_of
from tools.errors import NothingSent, OutcomeUnknown
from tools.gpuhog.channel import SPEND_BYTES

each = pytest.mark.parametrize("endpoint", SPENDING, ids=name_of)
each_open = pytest.mark.parametrize("endpoint", [one for one in SPENDING if not one.keyed], ids=name_of)

NEVER_LEFT = (
    httpx.ConnectError("x"),
    httpx.ConnectTimeout("x"),
    httpx.PoolTimeout("x"),
    httpx.UnsupportedProtocol("x"),
    httpx.LocalProtocolError("x"),
)
MAY_HAVE_LEFT = (
    httpx.ReadError("x"),
    httpx.ReadTimeout("x"),
    httpx.WriteError("x"),
    httpx.WriteTimeout("x"),
    httpx.CloseError("x"),
    httpx.RemoteProtocolError("x"),
    httpx.ProxyError("x"),
    httpx.DecodingError("x"),
    httpx.TooManyRedirects("x"),
    TimeoutError(),
    ConnectionResetError(),
    BrokenPipeError(),
)


class Breaks(httpx.AsyncByteStream):
    """A body that arrives in part."""

    def __init__(self, *chunks: bytes, error: BaseException) -> None:
        self.chunks, self.error = chunks, error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        raise self.error


class OneAnswer(httpx.AsyncBaseTransport):
    """A transport that gives one prepared response and counts."""

    def __init__(self, status: int, stream: httpx.AsyncByteStream) -> None:
        self.status, self.stream, self.sent = status, stream, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        return httpx.Response(self.status, stream=self.stream)


@each
@pytest.mark.parametrize(
    "status", [200, 201, 204, 301, 302, 307, 308, 400, 402, 404, 405, 409, 413, 422, 429, 500, 502, 503, 504]
)
async def test_any_status_is_an_answer_and_sent_once(status: int, endpoint: Endpoint, connect: Connect) -> None:
    """The raw answer comes back for the caller to store; redirects and overload are answers like any other."""
    script = Script(httpx.Response(status, content=b"raw \xff", headers={"Location": "/x", "Retry-After": "0"}))
    assert await endpoint.call(connect(script)) == Answer(status, b"raw \xff")
    assert len(script.requests) == 1


@each
@pytest.mark.parametrize("error", NEVER_LEFT, ids=lambda error: type(error).__name__)
async def test_what_surely_never_left_says_so(error: Exception, endpoint: Endpoint, connect: Connect) -> None:
    """`NothingSent`, after one try."""
    script = Script(error)
    with pytest.raises(NothingSent):
        await endpoint.call(connect(script))
    assert len(script.requests) == 1


@each
@pytest.mark.parametrize("error", MAY_HAVE_LEFT, ids=lambda error: type(error).__name__)
async def test_what_may_have_left_is_unknown_and_sent_once(
    error: Exception, endpoint: Endpoint, connect: Connect
) -> None:
    """`OutcomeUnknown`, after one try."""
    script = Script(error)
    with pytest.raises(OutcomeUnknown):
        await endpoint.call(connect(script))
    assert len(script.requests) == 1


@each
async def test_cancelling_passes_through(endpoint: Endpoint, connect: Connect) -> None:
    """The caller sees the cancellation itself and counts the outcome as unknown."""
    waiting = OneAnswer(200, Breaks(error=asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        await endpoint.call(connect(waiting))
    assert waiting.sent == 1


@each
async def test_a_call_takes_no_longer_than_its_bound(
    endpoint: Endpoint, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that never answers leaves the outcome unknown."""

    class Never(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr("tools.gpuhog.channel.SPEND_SECONDS", 0.01)
    with pytest.raises(OutcomeUnknown, match="TimeoutError"):
        await endpoint.call(connect(Never()))


@each
async def test_an_answer_that_breaks_off_after_its_order_id_is_kept(endpoint: Endpoint, connect: Connect) -> None:
    """Law 1: an order id found even in a broken answer is kept."""
    half = OneAnswer(200, Breaks(b'{"order_id": "HOG-a1b2c3d4e5f6", "stat', error=httpx.ReadError("x")))
    answer = await endpoint.call(connect(half))
    assert answer == Answer(200, b'{"order_id": "HOG-a1b2c3d4e5f6", "')
    assert half.sent == 1


@each
async def test_half_an_order_id_is_no_order_id(endpoint: Endpoint, connect: Connect) -> None:
    """It would be another order's; the outcome is unknown."""
    half = OneAnswer(200, Breaks(b'{"order_id": "HOG-a1b2c3', error=httpx.ReadError("x")))
    with pytest.raises(OutcomeUnknown):
        await endpoint.call(connect(half))


@each
async def test_an_overlong_answer_is_kept_up_to_the_bound(endpoint: Endpoint, connect: Connect) -> None:
    """The first 64 KiB come back; the word cut in two at the bound does not."""
    body = b'{"order_id": "HOG-a1b2c3d4e5f6", "more": "' + b" " * SPEND_BYTES
    cut = b" " * (SPEND_BYTES - 6) + b"HOG-a1b2c3"
    assert await endpoint.call(connect(Script(httpx.Response(200, content=body)))) == Answer(200, body[:SPEND_BYTES])
    answer = await endpoint.call(connect(Script(httpx.Response(200, content=cut))))
    assert answer == Answer(200, b" " * (SPEND_BYTES - 6))


@each
async def test_every_call_asks_for_a_connection_of_its_own(endpoint: Endpoint, connect: Connect) -> None:
    """`Connection: close`."""
    script = Script(httpx.Response(200))
    await endpoint.call(connect(script))
    assert script.requests[0].headers["Connection"] == "close"


@each_open
async def test_a_401_that_names_an_order_is_not_repeated(endpoint: Endpoint, connect: Connect) -> None:
    """It is no proven refusal."""
    answer = Answer(401, b'{"order_id": "HOG-a1b2c3d4e5f6"}')
    script = Script(httpx.Response(401, content=answer.body))
    assert await endpoint.call(connect(script)) == answer
    assert script.keys_sent == [None]


@each_open
@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_for_want_of_the_key_is_repeated_once(
    status: int, endpoint: Endpoint, connect: Connect
) -> None:
    """The second answer is the answer, whatever it is."""
    script = Script(httpx.Response(status))
    assert await endpoint.call(connect(script)) == Answer(status, b"")
    assert script.keys_sent == [None, KEY]


@pytest.mark.parametrize("status", [401, 403])
async def test_credits_refused_with_the_key_are_not_repeated(status: int, connect: Connect) -> None:
    """The key was there the first time."""
    script = Script(httpx.Response(status))
    await connect(script).rent_with_credits("RTX 4090", 1)
    assert script.keys_sent == [KEY]


async def test_without_a_key_credits_are_not_asked_for(connect: Connect) -> None:
    """`NothingSent`, and no request."""
    script = Script(httpx.Response(200))
    with pytest.raises(NothingSent, match="no API key"):
        await connect(script, key=None).rent_with_credits("RTX 4090", 1)
    assert script.requests == []


@pytest.mark.parametrize(
    ("gpu_id", "hours"),
    [
        ("", 1),
        ("x" * 129, 1),
        ("RTX\n4090", 1),
        ("RTX\u202e4090", 1),
        (" RTX 4090", 1),
        ("RTX 4090", 0),
        ("RTX 4090", -1),
        ("RTX 4090", 721),
        ("RTX 4090", True),
    ],
)
async def test_what_can_not_be_rented_is_not_sent(gpu_id: str, hours: int, connect: Connect) -> None:
    """A gpu_id of 1 to 128 visible characters and 1 to 720 hours, or `NothingSent`."""
    script = Script(httpx.Response(402))
    hog = connect(script)
    for rent in (hog.rent, hog.rent_with_credits):
        with pytest.raises(NothingSent):
            await rent(gpu_id, hours)
    assert script.requests == []


async def test_an_order_id_that_is_none_is_not_started(connect: Connect) -> None:
    """`NothingSent`, and no request."""
    script = Script(httpx.Response(200))
    with pytest.raises(NothingSent):
        await connect(script).start(f"{ORDER}/../x")
    assert script.requests == []
