"""Endpoints of the sandbox itself under `/_sandbox`: its books, its settings, its end. Not part of GPU Hog."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from policies.money import price_from_text
from tools.errors import Refused
from tools.sandbox import wire
from tools.sandbox.catalogue import find_gpu
from tools.sandbox.keeper import Keeper
from tools.sandbox.market import Market
from tools.sandbox.records import Settings
from tools.sandbox.requests import demand_key, json_object


class Admin:
    """Everything here asks for the sandbox's own key."""

    def __init__(self, market: Market, keeper: Keeper, api_key: str, closing: asyncio.Event) -> None:
        self._market = market
        self._keeper = keeper
        self._api_key = api_key
        self._closing = closing

    def routes(self) -> list[Route]:
        """Health, books, settings, refunds and shutdown."""
        return [
            Route("/_sandbox/health", self._health, methods=["GET"]),
            Route("/_sandbox/books", self._books, methods=["GET"]),
            Route("/_sandbox/settings", self._settings, methods=["GET", "POST"]),
            Route("/_sandbox/refund", self._refund, methods=["POST"]),
            Route("/_sandbox/shutdown", self._shutdown, methods=["POST"]),
        ]

    async def _health(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        if self._closing.is_set():
            raise Refused("closing", 503)
        return JSONResponse({"pid": os.getpid()})

    async def _books(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        return JSONResponse(wire.books(self._market))

    async def _settings(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        if request.method == "POST":
            self._market.configure(changed(self._market.settings, await json_object(request)))
            self._keeper.wake()
        return JSONResponse(asdict(self._market.settings))

    async def _refund(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        match await json_object(request):
            case {"order_id": str(order_id), "cents": int(cents)} if cents > 0:
                self._market.refund(order_id, cents)
            case _:
                raise Refused("order_id and cents (above 0) are required", 422)
        return JSONResponse(wire.books(self._market))

    async def _shutdown(self, request: Request) -> Response:
        """Close the sandbox; with `{"end_pods": true}` every order is terminated first, else jobs run on."""
        demand_key(request, self._api_key)
        if (await json_object(request)).get("end_pods") is True:
            await self._keeper.end_all()
        self._closing.set()
        return JSONResponse({"status": "closing"})


def changed(settings: Settings, patch: Mapping[str, object]) -> Settings:
    """The settings with `patch` put over them; prices and stock are merged by gpu_id, `null` takes an entry away.

    Raises:
        Refused: 422, naming what is wrong.
    """
    values: dict[str, object] = {}
    for name, value in patch.items():
        if name not in (check := _checks(settings)):
            raise Refused(f"Unknown setting {name!r}; there are {', '.join(f.name for f in fields(settings))}", 422)
        try:
            values[name] = check[name](value)
        except (TypeError, ValueError) as exc:
            raise Refused(f"{name}: {exc}", 422) from exc
    return replace(settings, **values)  # type: ignore[arg-type]


def _checks(settings: Settings) -> dict[str, Callable[[object], object]]:
    return {
        "deploy_seconds": lambda value: _number(value, 0),
        "hour_seconds": lambda value: _number(value, 0.01),
        "checkout_minutes": lambda value: _number(value, 0),
        "credits_purchased": lambda value: int(_number(value, 0)),
        "gpu_util": lambda value: int(_number(value, 0)),
        "mem_util": lambda value: int(_number(value, 0)),
        "prices": lambda value: _by_gpu(settings.prices, value, _price),
        "stock": lambda value: _by_gpu(settings.stock, value, lambda count: int(_number(count, 0))),
    }


def _number(value: object, least: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= 1e9:
        raise ValueError(f"expected a number from {least:g} on, got {value!r}")
    return value


def _price(value: object) -> str:
    return str(price_from_text(value if isinstance(value, str) else ""))


def _by_gpu(old: Mapping[str, object], new: object, check: Callable[[object], object]) -> dict[str, object]:
    if not isinstance(new, dict):
        raise TypeError("expected an object by gpu_id")
    merged = dict(old)
    for wanted, value in new.items():
        if (gpu := find_gpu(wanted)) is None:
            raise ValueError(f"unknown GPU {wanted!r}")
        merged.pop(gpu.gpu_id, None)
        if value is not None:
            merged[gpu.gpu_id] = check(value)
    return merged
