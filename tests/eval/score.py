"""What a reading of a description is worth, field by field: pure functions."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from policies.gpu import Gpu, parse_gpu

FIELDS = ("run", "setup", "workdir", "hours", "budget_usd", "vram_gb", "accelerators", "outputs", "workload")
PRICE_PER_HOUR = "price_per_hour"
"""No field of a job file: a limit that was said and that only a policy can hold, so a human is asked about it."""

MONEY = frozenset({"run", "hours", "budget_usd", "vram_gb", "accelerators"})
"""A wrong value here rents the wrong thing, too long, or for too much."""

_LIMITS = frozenset({"budget_usd", PRICE_PER_HOUR})
_COUNT_OF_ONE = re.compile(r":1$", re.ASCII)
_PRECISIONS = {"4bit": "int4", "nf4": "int4", "8bit": "int8", "float16": "fp16", "bfloat16": "bf16", "float32": "fp32"}
_CONTINUED = re.compile(r"\\\s*\n")


class Verdict(StrEnum):
    """What became of one field of one description."""

    RIGHT = "right"
    ASKED_BACK = "asked back"
    """A human is asked what could have been known: costs a moment, no money."""
    WRONG = "wrong"
    """Wrong or missing, where no money hangs on it."""
    SILENT = "silent money error"
    """A wrong value that money hangs on, or a limit that is lost, and nobody is asked."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood: fields by their name in a job file, and those about which a human is to be asked."""

    fields: Mapping[str, object]
    asks: frozenset[str] = frozenset()


def score(expected: Reading, got: Reading) -> dict[str, Verdict]:
    """A verdict for each field, and for each question beyond them that was due or put."""
    due, put = expected.asks, _as_meant(expected, got.asks)
    fields = (*FIELDS, *sorted((due | put) - set(FIELDS)))
    return {field: _verdict(field, expected.fields, got.fields, due=field in due, put=field in put) for field in fields}


def told(expected: Reading, field: str) -> bool:
    """The text or the files tell something about the field, be it only that a human has to be asked."""
    return field in expected.asks or _value(field, expected.fields) is not None


def _as_meant(expected: Reading, asks: frozenset[str]) -> frozenset[str]:
    """Who names a price per hour and no total is asked about the one or the other: it is the same question."""
    same = PRICE_PER_HOUR in expected.asks and not told(expected, "budget_usd")
    if not same or "budget_usd" not in asks:
        return asks
    return asks - {"budget_usd"} | {PRICE_PER_HOUR}


def _verdict(field: str, expected: Mapping[str, object], got: Mapping[str, object], *, due: bool, put: bool) -> Verdict:
    if put:
        return Verdict.RIGHT if due else Verdict.ASKED_BACK
    wanted, found = _value(field, expected), _value(field, got)
    if not due and _same(wanted, found):
        return Verdict.RIGHT
    if found is None:
        # An exclusion ("no H100") or a number of GPUs is a limit too: a job file can't hold it, so the question does.
        lost = field in _LIMITS or (due and field == "accelerators")
        return Verdict.SILENT if lost else Verdict.WRONG
    return Verdict.SILENT if field in MONEY else Verdict.WRONG


def _same(wanted: object, found: object) -> bool:
    # A precision that the text leaves open may follow from the method: it is not made up.
    if isinstance(wanted, tuple) and isinstance(found, tuple) and not wanted[-1]:
        return wanted[:-1] == found[:-1]
    return wanted == found


def _value(field: str, fields: Mapping[str, object]) -> object:
    """In a form that compares; None where nothing is said."""
    value = fields.get(field)
    if value is None or value in ("", (), [], {}):
        return None
    match field:
        case "hours" | "budget_usd" | "vram_gb":
            return _number(value)
        case "accelerators":
            return frozenset(_gpu(name) for name in _texts(value))
        case "outputs":
            return frozenset(_path(path) for path in _texts(value))
        case "workdir":
            return _path(str(value))
        case "workload":
            return _workload(value)
        case _:
            return " ".join(_CONTINUED.sub(" ", str(value)).split())


def _number(value: object) -> Decimal | str:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return str(value)


def _texts(value: object) -> Iterable[str]:
    return (value,) if isinstance(value, str) else map(str, value) if isinstance(value, Iterable) else (str(value),)


def _gpu(name: str) -> Gpu:
    return parse_gpu(_COUNT_OF_ONE.sub("", name))


def _path(path: str) -> str:
    return path.strip().removeprefix("./").rstrip("/") or "."


def _workload(value: object) -> tuple[object, ...] | str:
    """Parameters, method, precision."""
    if not isinstance(value, Mapping):
        return str(value)
    precision = re.sub(r"[^a-z0-9]", "", str(value.get("precision") or "").lower())
    return _number(value.get("parameters_b")), value.get("method"), _PRECISIONS.get(precision, precision)
