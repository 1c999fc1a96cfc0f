"""Endpoints of the sandbox itself under `/_sandbox`: its books, its settings, its end. Not part of GPU Hog."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from policies.money import price_from_text
from tools.errors import Refused
from tools.sandbox import wire
from tools.sandbox.catalogue import find_gpu
from tools.sandbox.faults import FaultQueue, read_fault
from tools.sandbox.keeper import Keeper
from tools.sandbox.market import Market
from tools.sandbox.records import Settings, SshMode
from tools.sandbox.requests import demand_key, json_object


class Admin:
    """Everything here asks for the sandbox's own key."""

    def __init__(self, market: Market, keeper: Keeper, queue: FaultQueue, api_key: str, closing: asyncio.Event) -> None:
        self._market = market
        self._keeper = keeper
        self._queue = queue
        self._api_key = api_key
        self._closing = closing

    def routes(self) -> list[Route]:
        """Health, books, settings, faults, refunds, dead pods and shutdown."""
        return [
            Route("/_sandbox/health", self._health, methods=["GET"]),
            Route("/_sandbox/books", self._books, methods=["GET"]),
            Route("/_sandbox/settings", self._settings, methods=["GET", "POST"]),
            Route("/_sandbox/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/refund", self._refund, methods=["POST"]),
            Route("/_sandbox/kill-pod", self._kill_pod, methods=["POST"]),
            Route("/_sandbox/shutdown", self._shutdown, methods=["POST"]),
        ]

    async def _health(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        if self._closing.is_set():
            raise Refused("closing", 503)
        return JSONResponse({"pid": os.getpid(), "hour_seconds": self._market.settings.hour_seconds})

    async def _books(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        return JSONResponse(wire.books(self._market))

    async def _settings(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        if request.method == "POST":
            before = self._market.settings
            self._market.configure(after := changed(before, await json_object(request)))
            self._keeper.wake()
            if (after.ssh, after.ssh_drop_seconds) != (before.ssh, before.ssh_drop_seconds):
                await self._keeper.restore()
        return JSONResponse(asdict(self._market.settings))

    async def _faults(self, request: Request) -> Response:
        """What is still to go wrong on the wire; POST adds a fault to the queue, DELETE empties it."""
        demand_key(request, self._api_key)
        if request.method == "POST":
            self._queue.left.append(read_fault(await json_object(request)))
        if request.method == "DELETE":
            self._queue.left.clear()
        return JSONResponse({"faults": [asdict(fault) for fault in self._queue.left]})

    async def _kill_pod(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        order_id = (await json_object(request)).get("order_id")
        if not isinstance(order_id, str):
            raise Refused("order_id is required", 422)
        self._market.kill_pod(order_id)
        await self._keeper.settle(order_id)
        return JSONResponse(wire.books(self._market))

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
            await self._end_all()
        self._closing.set()
        return JSONResponse({"status": "closing"})

    async def _end_all(self) -> None:
        """What can't be written down would be forgotten by the next server, with its pod left running."""
        try:
            await self._keeper.end_all()
        except sqlite3.Error as error:
            why = f"the end of its pods can't be written down ({error})"
            raise Refused(f"{why}; free some space on its disk and try again", 507) from error


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
        "stuck_deploys": lambda value: int(_number(value, 0)),
        "deaf_terminates": lambda value: int(_number(value, 0)),
        "lying_terminates": lambda value: int(_number(value, 0)),
        "lie_seconds": lambda value: _number(value, 0),
        "debit_delay_seconds": lambda value: _number(value, 0),
        "late_payment": lambda value: _number(value, 0),
        "ssh": _ssh_mode,
        "ssh_drop_seconds": lambda value: _number(value, 0),
        "prices": lambda value: _by_gpu(settings.prices, value, _price),
        "stock": lambda value: _by_gpu(settings.stock, value, lambda count: int(_number(count, 0))),
    }


def _number(value: object, least: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= 1e9:
        raise ValueError(f"expected a number from {least:g} on, got {value!r}")
    return value


def _ssh_mode(value: object) -> str:
    if value not in get_args(SshMode):
        raise ValueError(f"expected one of {', '.join(get_args(SshMode))}, got {value!r}")
    return str(value)


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
