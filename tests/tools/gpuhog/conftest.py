"""A scripted provider behind httpx's transport seam."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.fakes.clock import FakeClock
from tests.tools.gpuhog.tape import CASSETTES, tape
from tools.gpuhog import GpuHog

pytest.register_assert_rewrite("tests.market_contract")

KEY = "ghk_0123456789_very_secret"
ORDER = "HOG-a1b2c3d4e5f6"

Step = httpx.Response | BaseException


class Script:
    """Answers each request with the next step, the last one again and again; remembers what was asked."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, BaseException):
            raise step
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)

    @property
    def keys_sent(self) -> list[str | None]:
        """The X-Api-Key of every request."""
        return [request.headers.get("X-Api-Key") for request in self.requests]


Connect = Callable[..., GpuHog]


@contextmanager
def playing(name: str) -> Iterator[None]:
    """Play a cassette: a request that is not on it fails, and so does a request on it that is never made."""
    with tape("none").use_cassette(str(CASSETTES / f"{name}.yaml")) as cassette:
        yield
    assert cassette.all_played, f"{name}: only {cassette.play_count} of {len(cassette)} answers were played"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def connect(clock: FakeClock) -> AsyncIterator[Connect]:
    """Makes clients over a script, a transport, or the network, and closes them."""
    made: list[GpuHog] = []

    def make(
        over: Script | httpx.AsyncBaseTransport | None = None,
        *,
        base_url: str = "https://gpuhog.test/api",
        key: str | None = KEY,
    ) -> GpuHog:
        transport = httpx.MockTransport(over) if isinstance(over, Script) else over
        hog = GpuHog(base_url, key, clock, transport=transport, allow_plain_http_loopback=True)
        made.append(hog)
        return hog

    yield make
    for hog in made:
        await hog.aclose()
