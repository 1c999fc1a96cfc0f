"""The wire of an MCP server: a JSON-RPC message a line, in by stdin, out by stdout, where nothing else may be.

The SDK's own transport reads on a thread that no signal ends, and drops a line that is no message without an answer.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server import Server
from mcp.shared.message import SessionMessage
from mcp.types import PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCMessage, jsonrpc_message_adapter
from pydantic import ValidationError

from agent.threads import on_a_thread

MOST_LINE = 1 << 20
"""Bytes of one message; the longest that a tool takes is a tenth of that."""

CHUNK = 1 << 16

NO_MESSAGE = JSONRPCError(
    jsonrpc="2.0",
    id=None,
    error=ErrorData(code=PARSE_ERROR, message=f"a line is to be one JSON-RPC message of at most {MOST_LINE} bytes"),
)


@contextmanager
def wire() -> Iterator[tuple[int, int]]:
    """Take stdin and stdout for the protocol: what else reads there sees the end, what else prints goes to stderr.

    Yields the descriptors to read from and to write to.
    """
    source, sink, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        yield source, sink
    finally:
        os.dup2(source, 0)
        os.dup2(sink, 1)
        os.close(nothing)  # the other two stay: a thread may still read there


async def speak(server: Server[Any], source: int, sink: int) -> None:
    """Serve one client until it closes its end. To be cancelled at any moment."""
    async with _streams(source, sink) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


Incoming = MemoryObjectReceiveStream[SessionMessage | Exception]
Outgoing = MemoryObjectSendStream[SessionMessage]


@asynccontextmanager
async def _streams(source: int, sink: int) -> AsyncIterator[tuple[Incoming, Outgoing]]:
    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception]()
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_listen, source, to_server, outgoing.clone())
        tasks.start_soon(_tell, sink, from_server, tasks.cancel_scope)
        yield incoming, outgoing
        await outgoing.aclose()  # what was answered is told before the end


async def _listen(
    source: int, to_server: MemoryObjectSendStream[SessionMessage | Exception], outgoing: Outgoing
) -> None:
    async with to_server, outgoing:
        async for line in _lines(source):
            message = _message(line)
            if message is None:
                await outgoing.send(SessionMessage(NO_MESSAGE))
            else:
                await to_server.send(SessionMessage(message))


async def _lines(source: int) -> AsyncIterator[bytes]:
    """Lines without their ends; of one that is too long its beginning, which is no message."""
    begun = b""
    while chunk := await on_a_thread(partial(os.read, source, CHUNK)):
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            if (line := (begun + part)[:MOST_LINE]).strip():
                yield line
            begun = b""
        begun = (begun + rest)[:MOST_LINE]
    if begun.strip():
        yield begun


def _message(line: bytes) -> JSONRPCMessage | None:
    try:
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        return None


async def _tell(
    sink: int, from_server: MemoryObjectReceiveStream[SessionMessage], everything: anyio.CancelScope
) -> None:
    """Until the client does not read any more: then there is nothing left to do here."""
    async with from_server:
        async for message in from_server:
            line = message.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
            try:
                await on_a_thread(partial(_write, sink, line.encode()))
            except BrokenPipeError:
                everything.cancel()


def _write(sink: int, data: bytes) -> None:
    while data:
        data = data[os.write(sink, data) :]
