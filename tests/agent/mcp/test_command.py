"""The command, where what it needs is not there."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from agent.cli.mcp import keep_awake, mcp
from tests.agent.world import World
from tools.errors import MarketUnavailable


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, and nothing on stdout."""
    monkeypatch.setattr("agent.extras.find_spec", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        mcp(sandbox=False, folder=None)
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert "`pip install '.[mcp]'` in the checkout" in printed.err


async def test_the_sandbox_is_kept_awake(world: World) -> None:
    """Asked well within its ten idle minutes, and again after it did not answer."""
    asked: list[float] = []

    async def gpus() -> Any:
        asked.append(world.clock.monotonic())
        if len(asked) == 3:
            raise asyncio.CancelledError
        raise MarketUnavailable("no answer")

    world.market.gpus = gpus  # type: ignore[method-assign]
    begun = world.clock.monotonic()
    with suppress(asyncio.CancelledError):
        await keep_awake(world.parts)
    assert len(asked) == 3
    assert all(later - before < 600 for before, later in zip([begun, *asked], asked, strict=False))
