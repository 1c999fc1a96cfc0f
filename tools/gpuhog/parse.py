"""From the bytes of a read to the types the rest of the program trusts."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from policies.answers import Balance, Pack
from policies.offer import Listing, Rejection
from policies.order import OrderView
from policies.text import clean, clean_lines, without_links
from tools.errors import Malformed
from tools.gpuhog import wire
from tools.gpuhog.strict_json import Fraction, load_object

MAX_REPLY = 4000

_W = TypeVar("_W", bound=wire.Wire)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Listings:
    """`GET /gpus`, sorted into what is believed and what is not."""

    good: tuple[Listing, ...]
    rejected: tuple[Rejection, ...]


def read_listings(body: bytes) -> Listings:
    """The listings in an answer of `GET /gpus`.

    One that breaks its form is rejected and hides no other; so is every one of a gpu_id that is listed twice, since
    nobody could say at which price it would be rented.

    Raises:
        Malformed: the answer around the listings breaks its form.
    """
    entries = _read(body, wire.GpuEnvelope).gpus
    read = [_listing(entry) for entry in entries]
    seen = Counter(entry.gpu_id for entry in read if isinstance(entry, Listing))
    good = tuple(entry for entry in read if isinstance(entry, Listing) and seen[entry.gpu_id] == 1)
    broken = [entry for entry in read if isinstance(entry, Rejection)]
    twice = [Rejection(gpu_id, "listed more than once") for gpu_id, times in seen.items() if times > 1]
    return Listings(good, (*broken, *twice))


def read_order(body: bytes, order_id: str) -> OrderView:
    """The answer of `GET /order/{order_id}`.

    Raises:
        Malformed: it breaks its form or is about another order.
    """
    entry = _read(body, wire.OrderEntry)
    if entry.order_id != order_id:
        raise Malformed("the answer is about another order")
    access = entry.access or wire.Access()
    stats = entry.gpu_stats[0] if entry.gpu_stats else wire.GpuStats()
    return OrderView(
        order_id=entry.order_id,
        status=entry.status,
        gpu=entry.gpu or "",
        vram_gb=entry.vram,
        hours=entry.hours,
        pod_id=entry.pod_id or "",
        ssh=access.ssh,
        jupyter=clean(access.jupyter, 512) if access.jupyter else None,
        gpu_util=stats.gpu_util,
        mem_util=stats.mem_util,
    )


def read_status(body: bytes) -> str:
    """The status in an answer of `stop`, `start` or `terminate`.

    Raises:
        Malformed: there is none.
    """
    return _read(body, wire.Moved).status


def read_packs(body: bytes) -> tuple[Pack, ...]:
    """The answer of `GET /credits/packs`.

    Raises:
        Malformed: it, or one pack in it, breaks its form.
    """
    return tuple(
        Pack(pack.id, pack.credits, pack.price_usd, pack.label, pack.savings)
        for pack in _read(body, wire.PackEnvelope).packs
    )


def read_balance(body: bytes) -> Balance:
    """The answer of `GET /credits/balance`, without the key and the address in it.

    Raises:
        Malformed: it breaks its form.
    """
    entry = _read(body, wire.BalanceEntry)
    return Balance(entry.credits_balance, entry.total_purchased, entry.total_spent)


def read_reply(body: bytes) -> str:
    """What the pig said, cleaned line by line, at most `MAX_REPLY` characters.

    Raises:
        Malformed: it breaks its form.
    """
    return clean_lines(_read(body, wire.Reply).reply, MAX_REPLY)


def read_docs(body: bytes) -> dict[str, object]:
    """The provider's machine-readable documentation: texts cleaned, numbers with a fraction as their text.

    Raises:
        Malformed: not a JSON object.
    """
    return {clean(key, 200): _plain(value) for key, value in _guarded(lambda: load_object(body)).items()}


def complaint(exc: ValueError) -> str:
    """What is wrong with an answer, in a line fit to be shown; never what was in it."""
    if isinstance(exc, ValidationError):
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "entry"
        return clean(f"{where}: {first['msg'].removeprefix('Value error, ')}", 200)
    return clean(str(exc), 200)


def _read(body: bytes, model: type[_W]) -> _W:
    return _guarded(lambda: model.model_validate(load_object(body)))


def _guarded(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except ValueError as exc:
        raise Malformed(f"the provider's answer breaks its form: {complaint(exc)}") from exc


def _listing(entry: object) -> Listing | Rejection:
    try:
        gpu = wire.GpuEntry.model_validate(entry)
    except ValidationError as exc:
        return Rejection(_name_of(entry), complaint(exc))
    return Listing(gpu.gpu_id, gpu.name, gpu.vram, gpu.price_per_hour_usd, gpu.tier, tuple(gpu.payment_methods or ()))


def _name_of(entry: object) -> str:
    named = entry.get("gpu_id") if isinstance(entry, dict) else None
    return without_links(clean(named, 80)) if isinstance(named, str) else ""


def _plain(value: object) -> object:
    match value:
        case dict():
            return {clean(str(key), 200): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case str():
            return clean(value, 2000)
        case Fraction(text):
            return text
        case _:
            return value
