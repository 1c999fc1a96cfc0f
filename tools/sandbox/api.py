"""The eleven documented endpoints under `/api`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tools.errors import Refused
from tools.sandbox import wire
from tools.sandbox.keeper import Keeper
from tools.sandbox.market import Market
from tools.sandbox.requests import demand_key, json_object

MAX_QUESTION = 500


class Api:
    """GPU Hog's API over one market; `origin` is `http://host:port` without a slash."""

    def __init__(self, market: Market, keeper: Keeper, origin: str, api_key: str) -> None:
        self._market = market
        self._keeper = keeper
        self._origin = origin
        self._api_key = api_key

    def routes(self) -> list[Route]:
        """Every endpoint, and the page a pod's Jupyter link leads to."""
        return [
            Route("/api/gpus", self._gpus, methods=["GET"]),
            Route("/api/docs", self._docs, methods=["GET"]),
            Route("/api/rent", self._rent, methods=["POST"]),
            Route("/api/rent-with-credits", self._rent_with_credits, methods=["POST"]),
            Route("/api/pig-chat", self._pig_chat, methods=["POST"]),
            Route("/api/order/{order_id}", self._order, methods=["GET"]),
            Route("/api/order/{order_id}/stop", self._stop, methods=["POST"]),
            Route("/api/order/{order_id}/start", self._start, methods=["POST"]),
            Route("/api/order/{order_id}/terminate", self._terminate, methods=["POST"]),
            Route("/api/credits/packs", self._packs, methods=["GET"]),
            Route("/api/credits/balance", self._balance, methods=["GET"]),
            Route("/pod/{pod_id}/", self._jupyter, methods=["GET"]),
        ]

    async def _gpus(self, _: Request) -> Response:
        return JSONResponse(wire.gpus(self._market, self._origin))

    async def _docs(self, _: Request) -> Response:
        return JSONResponse(wire.docs(self._origin))

    async def _rent(self, request: Request) -> Response:
        gpu_id, hours = await _wanted(request)
        order = self._market.rent(gpu_id, hours)
        return JSONResponse(wire.payment_required(order, self._origin), 402)

    async def _rent_with_credits(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        gpu_id, hours = await _wanted(request)
        order, cost = self._market.rent_with_credits(gpu_id, hours)
        self._keeper.wake()
        return JSONResponse(wire.receipt(order, cost, self._market.shown_account()))

    async def _pig_chat(self, request: Request) -> Response:
        message = (await json_object(request)).get("message")
        if not isinstance(message, str) or not 1 <= len(message) <= MAX_QUESTION:
            raise Refused(f"message must be a text of 1 to {MAX_QUESTION} characters", 422)
        return JSONResponse({"reply": _advice(message)})

    async def _order(self, request: Request) -> Response:
        order = self._market.shown_order(request.path_params["order_id"])
        return JSONResponse(wire.order_view(order, self._market.settings, self._origin))

    async def _stop(self, request: Request) -> Response:
        order = self._market.stop(request.path_params["order_id"])
        return JSONResponse(wire.moved(await self._keeper.settle(order.order_id)))

    async def _start(self, request: Request) -> Response:
        order = self._market.start(request.path_params["order_id"])
        self._keeper.wake()
        return JSONResponse(wire.moved(order))

    async def _terminate(self, request: Request) -> Response:
        order = self._market.terminate(request.path_params["order_id"])
        await self._keeper.settle(order.order_id)
        return JSONResponse(wire.moved(order))

    async def _packs(self, _: Request) -> Response:
        return JSONResponse(wire.packs())

    async def _balance(self, request: Request) -> Response:
        demand_key(request, self._api_key)
        return JSONResponse(wire.balance(self._market.shown_account(), self._api_key))

    async def _jupyter(self, _: Request) -> Response:
        return PlainTextResponse("Sandbox pods have no Jupyter; use SSH.\n")


async def _wanted(request: Request) -> tuple[str, int]:
    body = await json_object(request)
    gpu_id, hours = body.get("gpu_id"), body.get("hours", 1)
    if not isinstance(gpu_id, str):
        raise Refused("gpu_id is required", 422)
    if not isinstance(hours, int) or isinstance(hours, bool):
        raise Refused("hours must be a whole number", 422)
    return gpu_id, hours


def _advice(message: str) -> str:
    text = message.lower()
    if "70b" in text:
        return "Oink! For a 70B parameter model I would recommend the A100 80GB or the H100 80GB."
    if "price" in text or "cheap" in text:
        return "Oink! The RTX A4000 is the cheapest piglet in the pen; see /api/gpus for today's prices."
    return "Oink! For most jobs with a 7B model the RTX 4090 with 24 GB is a good start."
