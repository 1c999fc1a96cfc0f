"""One sandbox on one event loop: the HTTP server, the pods' SSH servers and the clock that moves orders."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tools.errors import Refused
from tools.sandbox.admin import Admin
from tools.sandbox.api import Api
from tools.sandbox.checkout import Checkout
from tools.sandbox.endpoint import Endpoint, Posted, endpoint_path, is_posted, market_folder, post
from tools.sandbox.faults import CuttableHttp, FaultQueue, FaultyWire
from tools.sandbox.keeper import Keeper
from tools.sandbox.market import Market
from tools.sandbox.pods import LOOPBACK, client_key
from tools.sandbox.requests import LoopbackOnly
from tools.sandbox.store import Store

_IDLE_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve a sandbox.

    Attributes:
        home: its folder; one server at a time.
        port: 0 takes the port of last time where it is free, else any.
        deploy_seconds: replaces the stored setting, where given.
        idle_seconds: without a request for so long and without pods the server ends.
    """

    home: Path
    port: int = 0
    deploy_seconds: float | None = None
    idle_seconds: float = 600.0


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the loop decides what a signal means."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Serving:
    """A sandbox that answers; `closing` is set when it is asked to end."""

    def __init__(self, endpoint: Endpoint, market: Market, options: Options) -> None:
        self.endpoint = endpoint
        self._home = options.home
        self.closing = asyncio.Event()
        self._market = market
        self._idle_seconds = options.idle_seconds
        self._last_request = time.monotonic()

    def touch(self) -> None:
        """Somebody is there."""
        self._last_request = time.monotonic()

    async def until_closed(self) -> None:
        """Wait for a shutdown, a signal, idleness without pods, or the home's deletion."""
        while not self.closing.is_set():
            idle = time.monotonic() - self._last_request
            idle_for_good = idle >= self._idle_seconds and not self._market.alive()
            if idle_for_good or not is_posted(self._home, os.getpid()):
                self.closing.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), min(_IDLE_LOOK_SECONDS, self._idle_seconds))


@asynccontextmanager
async def serving(options: Options) -> AsyncIterator[Serving]:
    """Serve a sandbox on the running loop; yields once it answers and its endpoint file is written.

    Leaving closes it and keeps the pods' folders and processes. The caller holds the home's lock.
    """
    for folder in (options.home, market_folder(options.home)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Store(market_folder(options.home) / "market.db") as store, _bound(options.port or _last_port(store)) as sock:
        market = Market(store, time.time)
        if options.deploy_seconds is not None:
            market.configure(replace(market.settings, deploy_seconds=options.deploy_seconds))
        store.remember("port", str(sock.getsockname()[1]))
        key_path, key = client_key(options.home / "ssh")
        host = f"{LOOPBACK}:{sock.getsockname()[1]}"
        endpoint = Endpoint(f"http://{host}/api", _api_key(store), key_path, host)
        keeper = Keeper(market, options.home / "pods", key)
        found = Serving(endpoint, market, options)
        async with _pods_kept(keeper), _answering(_app(market, keeper, found), sock):
            post(options.home, Posted(endpoint, os.getpid(), psutil.Process().create_time()))
            try:
                yield found
            finally:
                if is_posted(options.home, os.getpid()):
                    endpoint_path(options.home).unlink()


@asynccontextmanager
async def _pods_kept(keeper: Keeper) -> AsyncIterator[None]:
    await keeper.restore()
    watching = asyncio.create_task(keeper.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await keeper.close()


@asynccontextmanager
async def _answering(app: Starlette, sock: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none", http=CuttableHttp)
    config.timeout_graceful_shutdown = 1
    server = _Server(config)
    task = asyncio.create_task(server.serve([sock]))
    try:
        while not server.started:
            if task.done():
                await task
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await task


def _app(market: Market, keeper: Keeper, found: Serving) -> Starlette:
    endpoint, queue = found.endpoint, FaultQueue()
    origin = endpoint.base_url.removesuffix("/api")
    return Starlette(
        routes=[
            *Api(market, keeper, origin, endpoint.api_key).routes(),
            *Checkout(market, keeper).routes(),
            *Admin(market, keeper, queue, endpoint.api_key, found.closing).routes(),
        ],
        middleware=[Middleware(LoopbackOnly, touch=found.touch), Middleware(FaultyWire, queue=queue)],
        exception_handlers={Refused: _refused, HTTPException: _http_error},
    )


async def _refused(_: Request, exc: Exception) -> Response:
    status = exc.status if isinstance(exc, Refused) else 500
    return JSONResponse({"error": str(exc)}, status)


async def _http_error(_: Request, exc: Exception) -> Response:
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return JSONResponse({"error": "Not found" if status == 404 else "Not allowed"}, status)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
    except OSError:
        if port == 0:
            sock.close()
            raise
        sock.bind((LOOPBACK, 0))
    return sock


def _last_port(store: Store) -> int:
    """The port of last time: approvals and links made then name it."""
    return int(store.fact("port") or 0)


def _api_key(store: Store) -> str:
    key = store.fact("api_key") or f"ghk_{secrets.token_hex(16)}"
    store.remember("api_key", key)
    return key
