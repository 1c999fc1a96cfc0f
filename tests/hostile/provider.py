"""GPU Hog on the wire, honest but for its lies; its orders and books are the fake market's."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from policies.answers import Answer
from policies.offer import Listing
from policies.order import OrderView
from tests.agent.watched import RoadMarket
from tests.tools.gpuhog.bodies import with_field
from tools.errors import Refused

BASE_URL = "https://gpuhog.test/api"
KEY = "ghk_hostile_suite_secret"

SPENDING_PATHS = {"/api/rent": "rent", "/api/rent-with-credits": "rent_with_credits"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes on the wire; `drip` comes after the body, piece by piece."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    drip: Callable[[], AsyncIterator[bytes]] | None = None


Lie = Callable[[Reply], Reply]


@dataclass
class HostileProvider:
    """A handler for `httpx.MockTransport`.

    Attributes:
        lies: what becomes of an honest answer, by method of the `Market` port.
        requests: everything that was asked, whoever it was asked of.
    """

    market: RoadMarket
    lies: dict[str, Lie] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name, honest = await self._answer(request)
        reply = self.lies[name](honest) if name in self.lies else honest
        return httpx.Response(reply.status, headers=_headers(reply), stream=_Body(reply))

    def asked(self, name: str) -> int:
        """How often one method of the port was asked for."""
        return sum(1 for request in self.requests if _named(request)[0] == name)

    async def _answer(self, request: httpx.Request) -> tuple[str, Reply]:
        name, order_id = _named(request)
        sent: dict[str, Any] = json.loads(request.content) if request.content else {}
        arguments = [order_id] if order_id else [sent[key] for key in ("gpu_id", "hours") if key in sent]
        try:
            return name, _rendered(await getattr(self.market, name)(*arguments))
        except Refused as no:
            return name, Reply(no.status, b'{"error": "no"}')


class _Body(httpx.AsyncByteStream):
    """Never decoded beforehand, as a prepared `content` would be."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._reply.body
        if self._reply.drip is not None:
            async for piece in self._reply.drip():
                yield piece


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Whatever bytes a header holds."""
    return [(name.encode(), value.encode()) for name, value in reply.headers]


def _named(request: httpx.Request) -> tuple[str, str]:
    """The method of the port that a request is, and the order it is about."""
    path = request.url.path
    if path in SPENDING_PATHS:
        return SPENDING_PATHS[path], ""
    parts = path.removeprefix("/api/").split("/")
    if parts[0] == "order":
        return (parts[2] if len(parts) > 2 else "order"), parts[1]
    return parts[-1].replace("-", "_"), ""


def _rendered(answer: object) -> Reply:
    match answer:
        case Answer(status=status, body=body):
            return Reply(status, body)
        case OrderView():
            return _json(_order(answer))
        case str():
            return _json({"status": answer})
        case tuple():
            return _json({"gpus": [_listing(one) for one in answer], "protocol": "Machine-Payable-Protocol/1.0"})
        case other:
            balance: Any = other
            return _json(
                {
                    "email": "you@example.com",
                    "credits_balance": balance.balance,
                    "total_purchased": balance.purchased,
                    "total_spent": balance.spent,
                    "api_key": KEY,
                }
            )


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode())


def _listing(one: Listing) -> dict[str, object]:
    return {
        "gpu_id": one.gpu_id,
        "name": one.name,
        "vram": f"{one.vram_gb} GB",
        "price_per_hour_usd": float(one.price_per_hour),
        "tier": one.tier,
        "payment_methods": list(one.payment_methods),
    }


def _order(view: OrderView) -> dict[str, object]:
    return {
        "order_id": view.order_id,
        "status": view.status,
        "gpu": view.gpu,
        "vram": f"{view.vram_gb} GB",
        "hours": view.hours,
        "pod_id": view.pod_id,
        "access": {"ssh": view.ssh},
        "gpu_stats": [{"gpu_util": f"{view.gpu_util or 0}%", "mem_util": f"{view.mem_util or 0}%"}],
    }


def text(value: str) -> str:
    """`value` as a JSON literal."""
    return json.dumps(value)


def field_is(name: str, literal: str | None) -> Lie:
    """One field of the answer is that piece of JSON; None leaves it out."""

    def lie(honest: Reply) -> Reply:
        return replace(honest, body=with_field(json.loads(honest.body), name, literal).encode())

    return lie


def listing_is(gpu_id: str, name: str, literal: str | None) -> Lie:
    """One field of one listing is that piece of JSON."""

    def lie(honest: Reply) -> Reply:
        listed = json.loads(honest.body)["gpus"]
        texts = [with_field(one, name, literal) if one["gpu_id"] == gpu_id else json.dumps(one) for one in listed]
        return replace(honest, body=f'{{"gpus": [{", ".join(texts)}]}}'.encode())

    return lie


def payment_is(name: str, literal: str | None) -> Lie:
    """One field of the `payment` of a 402 is that piece of JSON."""

    def lie(honest: Reply) -> Reply:
        payment = with_field(json.loads(honest.body)["payment"], name, literal)
        return field_is("payment", payment)(honest)

    return lie


def while_it_lives(lie: Lie) -> Lie:
    """Of an order: it lies until the pod is gone, so that the end of the pod can be proven."""
    return lambda honest: honest if json.loads(honest.body).get("status") == "terminated" else lie(honest)


def from_the(number: int, lie: Lie) -> Lie:
    """Honest up to the answer of that number."""
    answers = iter(range(1, number))
    return lambda honest: honest if next(answers, None) is not None else lie(honest)
