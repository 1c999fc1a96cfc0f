"""GPU Hog's eleven endpoints (https://gpuhog.com/api), one method each."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

import httpx
from pydantic import SecretStr

from policies.answers import Answer, Balance, Pack
from policies.offer import Listing
from policies.order import OrderView
from tools.errors import BadCredentials, Malformed, MarketUnavailable, NothingSent, OfferGone, Refused
from tools.gpuhog import parse, wire
from tools.gpuhog.backoff import pause
from tools.gpuhog.channel import Call, Channel, Reply
from tools.gpuhog.limiter import Limiter
from tools.gpuhog.privacy import hide_order_ids
from tools.gpuhog.purchase import find_order_id
from tools.gpuhog.shape import Read
from tools.ports import Clock
from tools.tracing.port import UNTOLD, Span, Tracer, spanning

TRIES = 3

STATUS = "http.response.status_code"
EXPECTED = 402
"""No failure: the documented answer of `rent`, and a refusal of `rent-with-credits`."""

_log = logging.getLogger("swineherd.gpuhog")


class _Again(Exception):
    """A try of a repeatable call that another may better."""

    def __init__(self, reason: str, retry_after: str = "") -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class GpuHog:
    """The `Market` port over HTTP.

    Reads, `stop` and `terminate` are tried up to `TRIES` times. `rent`, `rent_with_credits` and `start` are sent once.
    The API key travels to the two credits endpoints; elsewhere only after a 401 or 403, once, to the same origin.
    """

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr | str | None,
        clock: Clock,
        *,
        max_requests_per_second: float = 5,
        transport: httpx.AsyncBaseTransport | None = None,
        allow_plain_http_loopback: bool = False,
        on_key_needed: Callable[[str], None] | None = None,
        tracer: Tracer = UNTOLD,
    ) -> None:
        """Opens nothing yet.

        Args:
            base_url: https, or http to loopback with `allow_plain_http_loopback`.
            api_key: without one only the Stripe checkout can rent.
            transport: instead of the network, for tests.
            on_key_needed: told the endpoint that turned out to need the key; a warning is logged without it.
            tracer: told each call: method, route, status and how often it was sent again.

        Raises:
            Malformed: the base URL or the key can't be used.
        """
        self._channel = Channel(base_url, transport=transport, allow_plain_http_loopback=allow_plain_http_loopback)
        self._key = _checked_key(api_key)
        self._clock = clock
        self._limiter = Limiter(clock, max_requests_per_second)
        self._on_key_needed = on_key_needed or _warn_key_needed
        self._tracer = tracer
        hide_order_ids()

    def __repr__(self) -> str:
        return f"GpuHog({self._channel.base_url!r})"

    async def gpus(self) -> tuple[Listing, ...]:
        """The listings that are well formed; see `listings` for the others."""
        return (await self.listings()).good

    async def listings(self) -> parse.Listings:
        """`GET /gpus`, with what was rejected and why."""
        found = parse.read_listings(await self._repeatable(Call("GET", "/gpus")))
        if found.rejected:
            reasons = "; ".join(f"{one.gpu_id!r} ({one.reason})" for one in found.rejected[:3])
            _log.warning("%d listings dropped, among them %s", len(found.rejected), reasons)
        return found

    async def docs(self) -> dict[str, object]:
        """`GET /docs`: shown, never followed."""
        return parse.read_docs(await self._repeatable(Call("GET", "/docs")))

    async def order(self, order_id: str) -> OrderView:
        """`GET /order/{id}`."""
        return parse.read_order(await self._repeatable(_order_call("GET", order_id)), order_id)

    async def packs(self) -> tuple[Pack, ...]:
        """`GET /credits/packs`."""
        return parse.read_packs(await self._repeatable(Call("GET", "/credits/packs")))

    async def balance(self) -> Balance:
        """`GET /credits/balance`. Raises `BadCredentials` when there is no key."""
        if self._key is None:
            raise BadCredentials("no API key is set", 401)
        return parse.read_balance(await self._repeatable(Call("GET", "/credits/balance", keyed=True)))

    async def pig_chat(self, message: str) -> str:
        """`POST /pig-chat`. Raises `Malformed` for a message that is empty or over 500 characters."""
        if not 1 <= len(message) <= wire.MAX_MESSAGE:
            raise Malformed(f"a message to the pig has 1 to {wire.MAX_MESSAGE} characters")
        return parse.read_reply(await self._repeatable(Call("POST", "/pig-chat", payload={"message": message})))

    async def rent(self, gpu_id: str, hours: int) -> Answer:
        """`POST /rent`: makes an order and a checkout link. Sent once."""
        return await self._spend(_rental("/rent", gpu_id, hours, keyed=False))

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        """`POST /rent-with-credits`: SPENDS. Sent once."""
        if self._key is None:
            raise NothingSent("no API key is set")
        return await self._spend(_rental("/rent-with-credits", gpu_id, hours, keyed=True))

    async def stop(self, order_id: str) -> str:
        """`POST /order/{id}/stop`."""
        return parse.read_status(await self._repeatable(_order_call("POST", order_id, "/stop")))

    async def start(self, order_id: str) -> Answer:
        """`POST /order/{id}/start`: SPENDS. Sent once."""
        try:
            call = _order_call("POST", order_id, "/start")
        except Malformed as exc:
            raise NothingSent(str(exc)) from exc
        return await self._spend(call)

    async def terminate(self, order_id: str) -> str:
        """`POST /order/{id}/terminate`."""
        return parse.read_status(await self._repeatable(_order_call("POST", order_id, "/terminate")))

    async def raw(self, read: Read, order_id: str = "") -> Reply:
        """The answer of a read endpoint as it came, whatever its status, to be compared with the documentation.

        Args:
            order_id: for `Read.ORDER`.

        Raises:
            MarketUnavailable: no answer, or none but 429 and 5xx.
            Malformed: an answer that is too long, or no order id.
        """
        if read is Read.ORDER:
            return await self._answered(_order_call("GET", order_id))
        return await self._answered(Call("GET", read.value, keyed=read is Read.BALANCE))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._channel.aclose()

    async def _repeatable(self, call: Call) -> bytes:
        """The body of a 2xx."""
        return _accepted(call, await self._answered(call))

    async def _answered(self, call: Call) -> Reply:
        """Any answer but 429 and 5xx, after up to `TRIES` tries."""
        with self._told(call) as span:
            reply = await self._patiently(call, span)
            _note_status(span, reply.status)
            return reply

    async def _patiently(self, call: Call, span: Span) -> Reply:
        for tries in range(1, TRIES):
            try:
                return await self._try(call, span)
            except _Again as again:
                await self._clock.sleep(pause(tries, again.retry_after, self._clock.now()))
                span.note("http.request.resend_count", tries)
        try:
            return await self._try(call, span)
        except _Again as again:
            where = self._channel.base_url
            raise MarketUnavailable(f"no answer from {where}: {call.label}: {again}, {TRIES} tries") from again

    async def _try(self, call: Call, span: Span) -> Reply:
        try:
            reply = await self._read(call)
        except (httpx.TransportError, OSError) as exc:
            raise _Again(type(exc).__name__) from exc
        span.note(STATUS, reply.status)
        if reply.status == 429 or reply.status >= 500:
            raise _Again(f"status {reply.status}", reply.retry_after)
        return reply

    async def _read(self, call: Call) -> Reply:
        await self._limiter.turn(call.order_id)
        reply = await self._channel.read(call, self._key_for(call))
        if reply.status in (401, 403) and (key := self._key_withheld(call)) is not None:
            await self._limiter.turn(call.order_id)
            reply = await self._channel.read(call, key)
        return reply

    async def _spend(self, call: Call) -> Answer:
        """Sent once; a 401 or 403 that names no order is a proven refusal, so only then is it sent again, keyed."""
        with self._told(call) as span:
            answer = await self._sent(call)
            _note_status(span, answer.status)
            return answer

    async def _sent(self, call: Call) -> Answer:
        self._limiter.count(call.order_id)
        answer = await self._channel.spend(call, self._key_for(call))
        refused = answer.status in (401, 403) and find_order_id(answer.body) is None
        if refused and (key := self._key_withheld(call)) is not None:
            self._limiter.count(call.order_id)
            answer = await self._channel.spend(call, key)
        return answer

    def _told(self, call: Call) -> AbstractContextManager[Span]:
        notes = {"http.request.method": call.method, "url.template": call.route}
        return spanning(self._tracer, f"{call.method} {call.route}", notes, calls_out=True)

    def _key_for(self, call: Call) -> str | None:
        return self._key.get_secret_value() if call.keyed and self._key else None

    def _key_withheld(self, call: Call) -> str | None:
        """The key, if this call was sent without it; reported."""
        if call.keyed or self._key is None:
            return None
        self._on_key_needed(call.label)
        return self._key.get_secret_value()


def _note_status(span: Span, status: int) -> None:
    span.note(STATUS, status)
    if status >= 400 and status != EXPECTED:
        span.failed(str(status))


def _warn_key_needed(endpoint: str) -> None:
    _log.warning("%s asks for the API key, which the documentation says it does not need", endpoint)


def _checked_key(api_key: SecretStr | str | None) -> SecretStr | None:
    if api_key is None:
        return None
    text = api_key if isinstance(api_key, str) else api_key.get_secret_value()
    if not text or len(text) > 256 or not text.isascii() or not text.isprintable() or " " in text:
        raise Malformed("the API key has characters that no header can carry, or a wrong length")
    return SecretStr(text)


def _order_call(method: Literal["GET", "POST"], order_id: str, action: str = "") -> Call:
    try:
        return Call(method, f"/order/{wire.checked_order_id(order_id)}{action}", order_id)
    except ValueError as exc:
        raise Malformed(str(exc)) from exc


def _rental(path: str, gpu_id: str, hours: int, *, keyed: bool) -> Call:
    try:
        wire.checked_gpu_id(gpu_id)
    except ValueError as exc:
        raise NothingSent(str(exc)) from exc
    if isinstance(hours, bool) or not 1 <= hours <= wire.MAX_HOURS:
        raise NothingSent(f"hours must be 1 to {wire.MAX_HOURS}")
    return Call("POST", path, payload={"gpu_id": gpu_id, "hours": hours}, keyed=keyed)


def _accepted(call: Call, reply: Reply) -> bytes:
    """The body of a 2xx; only the status decides, an error's body is never read."""
    match reply.status:
        case status if 200 <= status <= 299:
            return reply.body
        case 401 | 403:
            raise BadCredentials(f"{call.label}: {reply.status}, the API key is missing or wrong", reply.status)
        case 404:
            raise OfferGone(f"{call.label}: not there (404)", 404)
        case status:
            raise Refused(f"{call.label}: refused with {status}", status)
