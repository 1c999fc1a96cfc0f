"""The wire: one message a line, whatever a client sends or does."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from mcp.server import Server
from mcp.types import PARSE_ERROR

from agent.mcp import stdio
from agent.threads import on_a_thread

PING = b'{"jsonrpc": "2.0", "id": 7, "method": "ping"}\n'
SECONDS = 10


class Wire:
    """Both ends of a client's, and the task that serves it."""

    def __init__(self) -> None:
        (self.source, self.to_server), (self.from_server, self.sink) = os.pipe(), os.pipe()
        self._begun = b""
        self.serving = asyncio.create_task(stdio.speak(Server("test"), self.source, self.sink))

    def send(self, data: bytes) -> None:
        os.write(self.to_server, data)

    async def answer(self) -> Any:
        """The next line, as JSON."""
        while b"\n" not in self._begun:
            read = await asyncio.wait_for(on_a_thread(lambda: os.read(self.from_server, 4096)), SECONDS)
            assert read, "the server has hung up"
            self._begun += read
        line, _, self._begun = self._begun.partition(b"\n")
        return json.loads(line)

    async def ended(self) -> None:
        """The server's end, which is no error."""
        await asyncio.wait_for(asyncio.shield(self.serving), SECONDS)


@asynccontextmanager
async def wired() -> AsyncIterator[Wire]:
    wire = Wire()
    try:
        yield wire
    finally:
        with suppress(OSError):
            os.close(wire.to_server)
        with suppress(OSError):
            os.close(wire.from_server)
        with suppress(asyncio.CancelledError):
            wire.serving.cancel()
            await wire.serving
        await asyncio.sleep(0.01)  # whoever still reads sees the end
        os.close(wire.source)
        os.close(wire.sink)


async def test_a_message_in_pieces_and_two_at_once() -> None:
    """Lines are lines, however they come; empty ones are nothing."""
    async with wired() as wire:
        wire.send(PING[:20])
        await asyncio.sleep(0.02)
        wire.send(PING[20:] + b"\n \r\n" + PING)
        assert [await wire.answer(), await wire.answer()] == [{"jsonrpc": "2.0", "id": 7, "result": {}}] * 2


@pytest.mark.parametrize(
    "line",
    [b"hello", b"{", b"[]", b'"x"', b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', b"\xff\xfe", b"[" * 5000],
    ids=range(7),
)
async def test_what_is_no_message_is_answered_and_passed_over(line: bytes) -> None:
    """By the error of JSON-RPC, which repeats nothing of it."""
    async with wired() as wire:
        wire.send(line + b"\n" + PING)
        error = await wire.answer()
        assert (error["id"], error["error"]["code"]) == (None, PARSE_ERROR)
        assert "hello" not in str(error)
        assert (await wire.answer())["id"] == 7


async def test_a_line_without_an_end_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beginning is no message; what comes after it is."""
    monkeypatch.setattr(stdio, "MOST_LINE", 100)
    async with wired() as wire:
        wire.send(b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "' + b"y" * 300)
        await asyncio.sleep(0.02)
        wire.send(b'"}}\n' + PING)
        assert (await wire.answer())["error"]["code"] == PARSE_ERROR
        assert (await wire.answer())["id"] == 7


async def test_the_end_of_stdin_is_the_end() -> None:
    """A last line without its end is heard before that."""
    async with wired() as wire:
        wire.send(b"x")
        os.close(wire.to_server)
        assert (await wire.answer())["error"]["code"] == PARSE_ERROR
        await wire.ended()


async def test_a_client_that_does_not_read_any_more() -> None:
    """Is no error: there is nobody left to serve."""
    async with wired() as wire:
        os.close(wire.from_server)
        wire.send(PING)
        await wire.ended()


async def test_it_ends_while_nothing_comes() -> None:
    """A read that hangs, as it does when a signal comes, keeps nobody."""
    async with wired() as wire:
        wire.send(PING)
        await wire.answer()
        wire.serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wire.ended()
