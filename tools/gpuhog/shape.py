"""The answers of the read endpoints as the provider documents them, and how far a real answer differs from that.

The documentation gives one example of each answer; what it does not say (which fields may be missing, what else a text
may be) is taken from those examples. A difference is no error by itself: `parse` decides what can still be read.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from policies.text import clean
from tools.gpuhog.strict_json import Fraction

MAX_DIFFERENCES = 20


class Read(StrEnum):
    """The endpoints that only tell; the value is the path below the base URL."""

    GPUS = "/gpus"
    DOCS = "/docs"
    PACKS = "/credits/packs"
    BALANCE = "/credits/balance"
    ORDER = "/order/{id}"


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `form` is a regular expression for the whole of it, `such_as` what a human is told was expected."""

    form: str = ""
    such_as: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number; `whole` where only integers are documented."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """Not documented further."""


@dataclass(frozen=True, slots=True)
class Each:
    """A list of these."""

    item: "Shape"


@dataclass(frozen=True, slots=True)
class Fields:
    """An object; those in `may_lack` may be missing or null."""

    documented: Mapping[str, "Shape"]
    may_lack: frozenset[str] = frozenset()


Shape = Text | Number | Anything | Each | Fields


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which an answer is not as documented.

    Attributes:
        where: the field, e.g. `gpus[].vram`.
        is_new: a field that is not documented: nothing that anybody relied on has changed.
        times: in how many places of the answer.
    """

    where: str
    what: str
    is_new: bool = False
    times: int = 1

    def __str__(self) -> str:
        often = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.where}: {self.what}{often}" if self.where else f"{self.what}{often}"


def _only(*texts: str) -> Text:
    return Text("|".join(map(re.escape, texts)), " or ".join(map(repr, texts)))


_GIGABYTES = Text(r"[0-9]+ GB", "'24 GB'")
_PERCENT = Text(r"[0-9]+%", "'23%'")
_DOLLARS = Text(r"[0-9]+\.[0-9]{2}", "'5.00'")
_STATUS = _only("deploying", "running", "stopped", "starting", "terminated", "reserved")

_LISTING = Fields(
    {
        "gpu_id": Text(),
        "name": Text(),
        "vram": _GIGABYTES,
        "price_per_hour_usd": Number(),
        "tier": Text(),
        "rent_url": Text(),
        "payment_methods": Each(Text()),
        "protocol": _only("HTTP-402-MPP"),
    }
)
_PACK = Fields({"id": Text(), "credits": Number(whole=True), "price_usd": _DOLLARS, "label": Text(), "savings": Text()})
_ACCESS = Fields({"ssh": Text(), "jupyter": Text()})
_USE = Fields({"gpu_util": _PERCENT, "mem_util": _PERCENT})
_ORDER: Mapping[str, Shape] = {
    "order_id": Text(),
    "status": _STATUS,
    "gpu": Text(),
    "vram": _GIGABYTES,
    "hours": Number(whole=True),
    "pod_id": Text(),
    "access": _ACCESS,
    "gpu_stats": Each(_USE),
}

DOCUMENTED: Mapping[Read, Fields] = {
    Read.GPUS: Fields(
        {"gpus": Each(_LISTING), "protocol": _only("Machine-Payable-Protocol/1.0"), "docs": Text()},
    ),
    Read.DOCS: Fields(
        {
            "name": Text(),
            "version": _only("2.0"),
            "protocol": _only("Machine-Payable-Protocol/1.0 (HTTP 402)"),
            "base_url": Text(),
            "endpoints": Each(Anything()),
        }
    ),
    Read.PACKS: Fields({"packs": Each(_PACK), "note": Text()}),
    Read.BALANCE: Fields(
        {
            "email": Text(),
            "credits_balance": Number(whole=True),
            "total_purchased": Number(whole=True),
            "total_spent": Number(whole=True),
            "api_key": Text(),
        }
    ),
    Read.ORDER: Fields(_ORDER, may_lack=frozenset({"pod_id", "access", "gpu_stats"})),
}

RUNNING_ORDER = Fields(_ORDER)
"""The documented example is of a running pod: there every field is due."""

ENDPOINTS = (
    "/gpus",
    "/docs",
    "/rent",
    "/rent-with-credits",
    "/pig-chat",
    "/order/{id}",
    "/order/{id}/stop",
    "/order/{id}/start",
    "/order/{id}/terminate",
    "/credits/packs",
    "/credits/balance",
)
"""All that is documented; `GET /docs` is said to list them."""


def compared(read: Read, answer: Mapping[str, object]) -> tuple[Difference, ...]:
    """How the answer of one endpoint differs from its documentation, at most `MAX_DIFFERENCES` of it.

    Args:
        answer: as `strict_json.load_object` reads it.
    """
    shape = DOCUMENTED[read]
    if read is Read.ORDER and answer.get("status") == "running":
        shape = RUNNING_ORDER
    found = differences(answer, shape)
    if read is Read.DOCS:
        found += tuple(Difference("endpoints", f"{path} is not listed") for path in unlisted(answer))
    if len(found) <= MAX_DIFFERENCES:
        return found
    return (*found[:MAX_DIFFERENCES], Difference("", f"and {len(found) - MAX_DIFFERENCES} more differences"))


def differences(value: object, shape: Shape) -> tuple[Difference, ...]:
    """Each difference once, in the order of the documentation; what is shown of the answer is cleaned and cut short."""
    seen = Counter(_walk(value, shape, ""))
    return tuple(Difference(one.where, one.what, one.is_new, times) for one, times in seen.items())


def unlisted(docs: Mapping[str, object]) -> list[str]:
    """The documented endpoints whose path is nowhere in the answer of `GET /docs`."""
    told = list(_texts(docs.get("endpoints")))
    return [path for path in ENDPOINTS if not any(_names(path).search(text) for text in told)]


def _names(path: str) -> re.Pattern[str]:
    """Finds a path in a text, whatever stands for the order id in it."""
    before, parameter, after = path.partition("{id}")
    return re.compile(re.escape(before) + (r"[^/\s]++" if parameter else "") + re.escape(after) + r"(?![\w/-])")


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _texts(item)
        case dict():
            yield from map(str, value)
            for item in value.values():
                yield from _texts(item)
        case _:
            return


def _walk(value: object, shape: Shape, where: str) -> Iterator[Difference]:
    match shape:
        case Anything():
            return
        case Text():
            yield from _text(value, shape, where)
        case Number(whole=whole):
            if not _is_int(value) and (whole or not isinstance(value, Fraction)):
                yield _wrong(where, "a whole number" if whole else "a number", value)
        case Each(item=item):
            if isinstance(value, list):
                for one in value:
                    yield from _walk(one, item, f"{where}[]")
            else:
                yield _wrong(where, "a list", value)
        case Fields():
            if isinstance(value, dict):
                yield from _fields(value, shape, where)
            else:
                yield _wrong(where, "an object", value)
        case _:
            assert_never(shape)


def _text(value: object, shape: Text, where: str) -> Iterator[Difference]:
    if not isinstance(value, str):
        yield _wrong(where, "a text", value)
    elif shape.form and not re.fullmatch(shape.form, value):
        yield Difference(where, f"expected {shape.such_as}, found {clean(value, 60)!r}")


def _fields(value: Mapping[str, object], shape: Fields, where: str) -> Iterator[Difference]:
    inside = f"{where}." if where else ""
    for name, field in shape.documented.items():
        if value.get(name) is None and name in shape.may_lack:
            continue
        if name not in value:
            yield Difference(inside + name, "is missing")
        else:
            yield from _walk(value[name], field, inside + name)
    for name in value.keys() - shape.documented.keys():
        yield Difference(inside + clean(name, 40), "is new", is_new=True)


def _wrong(where: str, expected: str, value: object) -> Difference:
    return Difference(where, f"expected {expected}, found {_kind(value)}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: object) -> str:
    """What a JSON value is, without a word of what is in it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case Fraction():
            return "a number with a fraction"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"
