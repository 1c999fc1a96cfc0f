"""What channels say in the log is kept for the tests, not printed; and a Slack and a Telegram of one's own."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.agent.chat.booth import IN_TELEGRAM, Booth, booth_of
from tests.agent.conftest import MakeWorld
from tests.fakes.slack import FakeSlack
from tests.fakes.telegram import FakeTelegram


@pytest.fixture(autouse=True)
def said() -> Iterator[list[EventDict]]:
    """Every line of the log."""
    with capture_logs() as lines:
        yield lines
    structlog.reset_defaults()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    """On loopback."""
    async with FakeSlack().serving() as serving:
        yield serving


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """On loopback."""
    async with FakeTelegram().serving() as serving:
        yield serving


@pytest.fixture
async def booth(make_world: MakeWorld, telegram: FakeTelegram) -> AsyncIterator[Booth]:
    """A world that asks in that Telegram about every order."""
    async with booth_of(make_world(IN_TELEGRAM), telegram) as booth:
        yield booth
