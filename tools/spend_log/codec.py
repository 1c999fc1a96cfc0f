"""Frozen values to columns and back, driven by the values' own types."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from policies.offer import Offer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = dict[str, Any]
T = TypeVar("T")


def to_text(at: datetime) -> str:
    """RFC 3339, UTC, microseconds: texts of one width sort as the times do.

    Raises:
        ValueError: the time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone: {at}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def encode(value: "DataclassInstance") -> Row:
    """A value's fields as columns of the same names."""
    return {field.name: _column(getattr(value, field.name)) for field in fields(value)}


def _column(value: object) -> object:
    match value:
        case bool():
            return int(value)
        case datetime():
            return to_text(value)
        case StrEnum():
            return value.value
        case Decimal():
            return str(value)
        case Offer():
            return json.dumps(encode(value), sort_keys=True)
        case _:
            return value


def decode(cls: Callable[..., T], row: Mapping[str, Any]) -> T:
    """A value from the columns named as its fields; other columns are left alone, NULL in a text field reads `""`."""
    readers = _readers(cls)
    return cls(**{name: read(row[name]) for name, read in readers.items()})


@cache
def _readers(cls: Callable[..., object]) -> dict[str, Callable[[Any], object]]:
    return {name: _reader(hint) for name, hint in get_type_hints(cls).items()}


def _reader(hint: object) -> Callable[[Any], object]:
    if get_origin(hint) is UnionType:
        (inner,) = (arg for arg in get_args(hint) if arg is not type(None))
        read = _reader(inner)
        return lambda value: None if value is None else read(value)
    if hint is str:
        return lambda value: value or ""
    if hint is datetime:
        return datetime.fromisoformat
    if hint is Offer:
        return lambda text: decode(Offer, json.loads(text))
    if hint is bool or hint is Decimal or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return hint
    return lambda value: value
