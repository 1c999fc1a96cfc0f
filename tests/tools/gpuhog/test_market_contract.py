"""The shared suite of the `Market` port, on the fake and on the client against a sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from policies.answers import Checkout
from tests.fakes.clock import FakeClock
from tests.fakes.hasty_clock import HastyClock
from tests.fakes.market import FakeMarket
from tests.market_contract import MarketContract, World
from tools.gpuhog import GpuHog
from tools.sandbox.server import Options, serving


@asynccontextmanager
async def sandbox_world(home: Path) -> AsyncIterator[World]:
    clock = HastyClock()
    async with serving(Options(home, deploy_seconds=0.2)) as sandbox:
        endpoint = sandbox.endpoint
        hog = GpuHog(
            endpoint.base_url,
            endpoint.api_key,
            clock,
            max_requests_per_second=1000,
            allow_plain_http_loopback=True,
        )

        async def pay(checkout: Checkout) -> None:
            async with httpx.AsyncClient(trust_env=False) as browser:
                assert (await browser.post(f"{checkout.url}/pay")).status_code == 303

        yield World(hog, clock, pay, (endpoint.checkout_host,), allow_private=True, step=1)
        await hog.aclose()


class TestFakeMarket(MarketContract):
    """In memory, in virtual time."""

    @pytest.fixture
    def world(self) -> World:
        clock = FakeClock()
        market = FakeMarket(clock)

        async def pay(checkout: Checkout) -> None:
            market.pay(checkout.order_id)

        return World(market, clock, pay, ("checkout.stripe.com",), allow_private=False, step=7)


class TestGpuHogOnSandbox(MarketContract):
    """Over HTTP, in real time."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        async with sandbox_world(tmp_path) as world:
            yield world
