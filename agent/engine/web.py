"""What `serve` answers on loopback: is it up, is it ready, and its metrics. Nothing here changes anything."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agent.engine.engine import Engine
from tools.errors import StoreUnusable

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


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
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)],
    )
