"""What `serve` answers on loopback: is it up, is it ready, and its metrics. Nothing here changes anything."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agent.engine.engine import Engine
from agent.errors import BadSettings
from tools.errors import StoreUnusable

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the loop decides what a signal means."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def answering(engine: Engine, port: int) -> AsyncIterator[str]:
    """Answer on a port of loopback until the block ends; yields the address.

    Args:
        port: 0 for any that is free.

    Raises:
        BadSettings: the port is taken.
    """
    sock = _bound(port)
    config = uvicorn.Config(app(engine), lifespan="off", log_config=None, access_log=False, ws="none")
    config.timeout_graceful_shutdown = 1
    server = _Server(config)
    serving = asyncio.create_task(server.serve([sock]))
    try:
        while not server.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.005)
        yield f"http://{LOOPBACK}:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def app(engine: Engine) -> Starlette:
    """The routes. A page of another site that names this host by a name of its own gets nothing (DNS rebinding)."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("up\n")

    async def readyz(_: Request) -> Response:
        try:
            ready = engine.ready()
        except StoreUnusable as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ready\n") if ready else PlainTextResponse("nobody looks after the runs\n", 503)

    async def metrics(_: Request) -> Response:
        try:
            return Response(engine.metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})
        except StoreUnusable as error:
            return PlainTextResponse(f"{error}\n", 503)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"], www_redirect=False)],
    )


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
    except OSError as error:
        sock.close()
        raise BadSettings(f"port {port} of {LOOPBACK}: {error.strerror}; --port names another") from error
    return sock
