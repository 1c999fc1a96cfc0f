"""Over real sockets: what only a network can show."""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from policies.answers import Answer
from tests.tools.gpuhog.conftest import KEY, ORDER, Connect
from tools.errors import Malformed, MarketUnavailable, NothingSent, OutcomeUnknown, Refused


class Provider:
    """A raw server: answers every connection with the same bytes and hangs up when told to."""

    def __init__(self, answer: bytes, *, keep_alive: bool = False) -> None:
        self.answer, self.keep_alive = answer, keep_alive
        self.heads: list[bytes] = []
        self.connections = 0
        self.base_url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) is not None:
                self.heads.append(head)
                writer.write(self.answer)
                await writer.drain()
                if not self.keep_alive:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(provider: Provider) -> AsyncIterator[Provider]:
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
    async with server:
        yield provider


def http(status: str, body: bytes, *headers: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
    return head.encode() + b"\r\n" + body


async def test_spending_calls_share_no_connection(connect: Connect) -> None:
    """Two starts are two connections although the provider would keep one alive; two reads are one."""
    async with serving(Provider(http("200 OK", b'{"status": "starting"}'), keep_alive=True)) as provider:
        hog = connect(base_url=provider.base_url)
        await hog.start(ORDER)
        await hog.start(ORDER)
        assert provider.connections == 2
        await hog.stop(ORDER)
        await hog.stop(ORDER)
        assert provider.connections == 3
        await hog.aclose()


async def test_a_dead_kept_connection_does_not_touch_spending(connect: Connect) -> None:
    """After a read whose connection the provider dropped, a start is sent once and answered."""
    async with serving(Provider(http("200 OK", b'{"status": "starting"}'))) as provider:
        hog = connect(base_url=provider.base_url)
        await hog.stop(ORDER)
        assert (await hog.start(ORDER)).status == 200
        assert len(provider.heads) == 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", http("200 OK", b"{}")[:-1]])
async def test_a_provider_that_hangs_up_is_asked_once(answer: bytes, connect: Connect) -> None:
    """No pool and no transport sends a spending call again."""
    async with serving(Provider(answer)) as provider:
        with pytest.raises(OutcomeUnknown):
            await connect(base_url=provider.base_url).rent_with_credits("RTX 4090", 1)
        assert provider.connections == len(provider.heads) == 1


async def test_a_closed_port_proves_that_nothing_left(connect: Connect) -> None:
    """Connection refused: `NothingSent` for spending, `MarketUnavailable` for a read."""
    async with serving(Provider(b"")) as provider:
        pass
    hog = connect(base_url=provider.base_url)
    with pytest.raises(NothingSent):
        await hog.rent_with_credits("RTX 4090", 1)
    with pytest.raises(MarketUnavailable):
        await hog.gpus()


async def test_a_failed_tls_handshake_proves_that_nothing_left(connect: Connect) -> None:
    """A server that does not speak TLS saw no byte of the request."""
    provider = Provider(http("200 OK", b"{}"))

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(provider.answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NothingSent):
            await connect(base_url=f"https://127.0.0.1:{port}/api").rent_with_credits("RTX 4090", 1)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_takes_the_key_nowhere(status: str, connect: Connect) -> None:
    """The other server hears nothing, from a read and from a spending call alike."""
    async with serving(Provider(http("200 OK", b"{}"))) as thief:
        redirect = http(status, b"", f"Location: {thief.base_url}/credits/balance")
        async with serving(Provider(redirect)) as provider:
            hog = connect(base_url=provider.base_url)
            with pytest.raises(Refused):
                await hog.balance()
            assert (await hog.rent_with_credits("RTX 4090", 1)).status == int(status[:3])
            assert all(KEY.encode() in head for head in provider.heads)
        assert thief.connections == 0


async def test_a_compressed_answer_is_not_expanded(connect: Connect) -> None:
    """It breaks its form as it is: a bomb stays as small as it came."""
    packed = zlib.compress(b'{"gpus": []}')
    async with serving(Provider(http("200 OK", packed, "Content-Encoding: deflate"))) as provider:
        hog = connect(base_url=provider.base_url)
        with pytest.raises(Malformed):
            await hog.gpus()
        assert await hog.rent("RTX 4090", 1) == Answer(200, packed)


async def test_a_slow_read_is_bounded(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that never comes to its end is given up, three times."""
    monkeypatch.setattr("tools.gpuhog.channel.READ_SECONDS", 0.05)
    async with serving(Provider(http("200 OK", b'{"gpus": []}')[:-3], keep_alive=True)) as provider:
        hog = connect(base_url=provider.base_url)
        with pytest.raises(MarketUnavailable, match="TimeoutError"):
            await hog.gpus()
        assert len(provider.heads) == 3
        await hog.aclose()


async def test_no_log_holds_the_key_or_a_whole_order_id(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Not at DEBUG either, httpx and httpcore included: a key is money and an order id ends a pod."""
    caplog.set_level(logging.DEBUG)
    body = b'{"status": "stopped", "credits_balance": 1, "total_purchased": 1, "total_spent": 0}'
    async with serving(Provider(http("200 OK", body))) as provider:
        hog = connect(base_url=provider.base_url)
        await hog.balance()
        await hog.stop(ORDER)
        await hog.start(ORDER)
    async with serving(Provider(http("401 Unauthorized", b""))) as provider:
        await connect(base_url=provider.base_url).start(ORDER)
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "asyncio")
    assert "HTTP Request: POST" in ours
    assert KEY not in ours
    assert ORDER not in ours
