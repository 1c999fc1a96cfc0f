"""An application that answers on a port of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from agent.errors import BadSettings

MOST_CONNECTIONS = 400
"""More get a 503: a worker in the same process needs files of its own."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the loop decides what a signal means."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@contextmanager
def listening(host: str, port: int) -> Generator[socket.socket, None, None]:
    """A socket bound to an IP address.

    Args:
        port: 0 for any that is free.

    Raises:
        BadSettings: the port is taken, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            raise BadSettings(f"port {port} of {host}: {error.strerror}; --port names another") from error
        yield sock


@asynccontextmanager
async def answering(sock: socket.socket, app: ASGIApp) -> AsyncIterator[None]:
    """Answer there until the block ends. A client is who connects: no header is believed to name another."""
    config = uvicorn.Config(
        app,
        http="h11",  # bounds what it takes as headers
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve([sock]))
    try:
        while not server.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await serving
