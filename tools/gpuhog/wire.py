"""The provider's answers as they are on the wire (its API documentation), read strictly.

A field that money, identity or a decision hangs on makes the whole answer invalid when it breaks its form. A field
that is only shown is dropped instead (`Ornament`): a provider that writes "N/A" for a utilisation must not hide that
a pod is running, or gone. Keys that are not documented are ignored.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator

from policies.money import MAX_CENTS, Cents, cents_from_text, price_from_text, usd
from policies.text import clean, has_link
from tools.gpuhog.strict_json import Fraction

MAX_HOURS = 720
MAX_GPU_ID = 128
MAX_MESSAGE = 500

_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_VRAM = re.compile(r"([1-9][0-9]{0,3}) ?GB", re.ASCII)
_PERCENT = re.compile(r"(0|[1-9][0-9]{0,2})%", re.ASCII)

_T = TypeVar("_T")


def checked_order_id(text: str) -> str:
    """`text`, if it can be an order id: it goes into a path, so nothing else may be in it.

    Raises:
        ValueError: anything but 1 to 64 ASCII letters, digits, `-` and `_`.
    """
    if not _ORDER_ID.fullmatch(text):
        raise ValueError("not an order id")
    return text


def checked_gpu_id(text: str) -> str:
    """`text` unchanged, since it is sent back as it came.

    Raises:
        ValueError: empty, over 128 characters, a link, or with anything a human could not see.
    """
    if not text or len(text) > MAX_GPU_ID:
        raise ValueError(f"a gpu_id has 1 to {MAX_GPU_ID} characters")
    if clean(text, MAX_GPU_ID) != text:
        raise ValueError("a gpu_id with invisible characters or stray blanks")
    if has_link(text):
        raise ValueError("a gpu_id with a link in it")
    return text


def _price(value: object) -> Decimal:
    """Takes a JSON number only; its literal text is read, so 0.34 is exactly 0.34."""
    if isinstance(value, Fraction):
        return price_from_text(value.text)
    if isinstance(value, int) and not isinstance(value, bool):
        return price_from_text(str(value))
    raise ValueError("expected a JSON number")


def _total(value: object) -> Cents:
    if not isinstance(value, str):
        raise ValueError("expected decimal dollars as a string")  # noqa: TRY004  # pydantic reports ValueError only
    try:
        cents = cents_from_text(value)
    except ValueError as exc:  # its words quote the text, which a human is not to be shown
        raise ValueError(f"expected decimal dollars such as 0.98, at most ${usd(MAX_CENTS)}") from exc
    if cents == 0:
        raise ValueError("a total of zero")
    return cents


def _vram(value: object) -> int:
    match = _VRAM.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 2048:
        raise ValueError('expected memory such as "24 GB"')
    return int(match[1])


def _percent(value: object) -> int:
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 100:
        raise ValueError('expected a percentage such as "23%"')
    return int(match[1])


def _shown(limit: int) -> Callable[[str], str]:
    """Cleans a text for showing, and refuses one with a link in it: what it names is never a link."""

    def read(text: str) -> str:
        if has_link(text):
            raise ValueError("a name with a link in it")
        return clean(text, limit)

    return read


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("empty")
    return text


def _or_none(value: object, read: Callable[[object], _T]) -> _T | None:
    try:
        return read(value)
    except ValueError:
        return None


Ornament = WrapValidator(_or_none)
"""Only shown: None where it breaks its form."""

OrderId = Annotated[str, AfterValidator(checked_order_id)]
GpuId = Annotated[str, AfterValidator(checked_gpu_id)]
Name = Annotated[str, AfterValidator(_shown(80)), AfterValidator(_not_empty)]
Label = Annotated[str, AfterValidator(_shown(80))]
Status = Annotated[str, AfterValidator(_shown(40)), AfterValidator(_not_empty)]
PodId = Annotated[str, AfterValidator(_shown(64))]
Price = Annotated[Decimal, BeforeValidator(_price)]
Total = Annotated[Cents, BeforeValidator(_total)]
Credits = Annotated[Cents, Field(ge=0, le=MAX_CENTS)]
Gigabytes = Annotated[int, BeforeValidator(_vram)]
Percent = Annotated[int, BeforeValidator(_percent)]
Hours = Annotated[int, Field(ge=1, le=MAX_HOURS)]


class Wire(BaseModel):
    """Strict (no string for a number, no bool for an int), frozen, and silent about what it was given."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)


class GpuEnvelope(Wire):
    """`GET /gpus`; each entry is read on its own as `GpuEntry`."""

    gpus: list[object]


class GpuEntry(Wire):
    gpu_id: GpuId
    name: Name
    vram: Gigabytes
    price_per_hour_usd: Price
    tier: Label = ""
    payment_methods: Annotated[list[Label], Ornament] | None = None


class Access(Wire):
    ssh: Annotated[str, Field(max_length=512)] | None = None
    jupyter: Annotated[str, Field(max_length=512), Ornament] | None = None


class GpuStats(Wire):
    gpu_util: Annotated[Percent, Ornament] | None = None
    mem_util: Annotated[Percent, Ornament] | None = None


class OrderEntry(Wire):
    """`GET /order/{id}`. While a pod deploys, most of it may be missing or null."""

    order_id: OrderId
    status: Status
    access: Access | None = None
    gpu: Annotated[Label, Ornament] | None = None
    vram: Annotated[Gigabytes, Ornament] | None = None
    hours: Annotated[Hours, Ornament] | None = None
    pod_id: Annotated[PodId, Ornament] | None = None
    gpu_stats: Annotated[list[GpuStats], Ornament] | None = None


class Moved(Wire):
    """`POST /order/{id}/stop`, `start` or `terminate`."""

    status: Status


class PackEntry(Wire):
    id: Name
    credits: Annotated[int, Field(gt=0, le=MAX_CENTS)]
    price_usd: Total
    label: Label = ""
    savings: Label = ""


class PackEnvelope(Wire):
    packs: list[PackEntry]


class BalanceEntry(Wire):
    """`GET /credits/balance`. The API key and the address in it are never read."""

    credits_balance: Credits
    total_purchased: Credits
    total_spent: Credits


class Reply(Wire):
    """`POST /pig-chat`."""

    reply: str


class ReceiptEntry(Wire):
    """A 2xx of `POST /rent-with-credits`."""

    order_id: OrderId
    status: Status
    gpu: Name
    credits_spent: Credits
    balance: Credits | None = None
    pod_id: PodId | None = None


class Payment(Wire):
    checkout_url: str
    expires_at: str


class CheckoutEntry(Wire):
    """The 402 of `POST /rent`."""

    order_id: OrderId
    gpu: Name
    hours: Hours
    total_usd: Total
    payment: Payment
    vram: Gigabytes | None = None
