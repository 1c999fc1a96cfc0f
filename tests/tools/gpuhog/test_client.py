"""What a client can be made with, and what it never shows."""

import httpx
import pytest
from pydantic import SecretStr

from tests.fakes.clock import FakeClock
from tests.tools.gpuhog.conftest import KEY, Connect, Script
from tools.errors import Malformed, MarketUnavailable, OutcomeUnknown
from tools.gpuhog import GpuHog
from tools.ports import Market


def client(base_url: str, key: SecretStr | str | None = KEY, *, loopback: bool = False) -> GpuHog:
    transport = httpx.MockTransport(Script(httpx.Response(200, json={"gpus": []})))
    return GpuHog(base_url, key, FakeClock(), transport=transport, allow_plain_http_loopback=loopback)


@pytest.mark.parametrize("base_url", ["https://gpuhog.com/api", "https://gpuhog.com/api/", "https://gpuhog.test:8443"])
async def test_https_is_taken(base_url: str) -> None:
    """A slash at the end makes no difference."""
    await client(base_url).gpus()


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:80/api", "http://localhost:1/api", "http://[::1]:1/api"])
async def test_plain_http_is_for_loopback_where_allowed(base_url: str) -> None:
    """And nowhere else."""
    await client(base_url, loopback=True).gpus()
    with pytest.raises(Malformed, match="must be https"):
        client(base_url)


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "gpuhog.com/api",
        "http://gpuhog.com/api",
        "http://10.0.0.1/api",
        "http://localhost.evil.test/api",
        "ftp://gpuhog.com",
        "https://",
        "https:///api",
        "https://user@gpuhog.com/api",
        "https://user:pw@gpuhog.com/api",
        "https://gpuhog.com/api?x=1",
        "https://gpuhog.com/api#x",
        "https://gpuhog.com:99999/api",
        "https://gpuhog.com:x/api",
        "https://[::1/api",
        "https://gpuhog.com/a\napi",
        "https://gpuhög.com/api",
    ],
)
def test_any_other_base_url_is_refused(base_url: str) -> None:
    """The key would go there."""
    with pytest.raises(Malformed, match="base URL"):
        client(base_url, loopback=True)


@pytest.mark.parametrize("key", ["", " ", "a b", "ghk_\n", "ghk_é", "x" * 257, "a\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    """Without being shown."""
    with pytest.raises(Malformed) as caught:
        client("https://gpuhog.com/api", key)
    assert not key.strip() or key not in str(caught.value)


async def test_a_secret_key_is_taken_as_well() -> None:
    """As the settings keep it."""
    script = Script(httpx.Response(200, json={"credits_balance": 1, "total_purchased": 1, "total_spent": 0}))
    transport = httpx.MockTransport(script)
    await GpuHog("https://gpuhog.test", SecretStr(KEY), FakeClock(), transport=transport).balance()
    assert script.keys_sent == [KEY]


async def test_the_key_is_in_no_text_of_the_client_or_its_errors(connect: Connect) -> None:
    """Not in its repr, its attributes, nor an error or what caused it."""
    hog = connect(Script(httpx.ReadTimeout("x")))
    assert KEY not in f"{hog!r} {hog} {vars(hog)!r}"
    for call in (hog.balance(), hog.rent_with_credits("RTX 4090", 1)):
        with pytest.raises((MarketUnavailable, OutcomeUnknown)) as caught:
            await call
        error: BaseException | None = caught.value
        while error is not None:
            assert KEY not in f"{error!r} {error}"
            error = error.__cause__


async def test_whoever_asks_is_told_which_endpoint_needs_the_key() -> None:
    """Instead of the warning."""
    told: list[str] = []
    script = Script(httpx.Response(401), httpx.Response(200, json={"gpus": []}))
    transport = httpx.MockTransport(script)
    await GpuHog("https://gpuhog.test", KEY, FakeClock(), transport=transport, on_key_needed=told.append).gpus()
    assert told == ["GET /gpus"]


def test_it_is_a_market(connect: Connect) -> None:
    """Mypy checks the protocol here."""
    market: Market = connect(Script(httpx.Response(200)))
    assert isinstance(market, GpuHog)
