"""JSON read without mercy: what two readers could understand in two ways is refused."""

import json
import re
from dataclasses import dataclass

MAX_DEPTH = 16
MAX_DIGITS = 18

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)
# The closing quote is optional so that an unclosed string costs one pass over it, not one per quote in it.


@dataclass(frozen=True, slots=True)
class Fraction:
    """A JSON number that is not an integer, as it was written: no float comes near a price."""

    text: str


def load(body: bytes) -> object:
    """The JSON value in `body`; numbers with a fraction or an exponent come as `Fraction`.

    Raises:
        ValueError: not UTF-8, not JSON, a key twice in one object, NaN or Infinity, an integer of more than
            `MAX_DIGITS` digits, or nested deeper than `MAX_DEPTH`.
    """
    text = body.decode("utf-8")
    _check_depth(text)
    value: object = json.loads(
        text,
        parse_float=Fraction,
        parse_int=_bounded_int,
        parse_constant=_refuse_constant,
        object_pairs_hook=_unique_keys,
    )
    return value


def load_object(body: bytes) -> dict[str, object]:
    """As `load`, and the value must be an object.

    Raises:
        ValueError: as `load`, or another kind of value.
    """
    value = load(body)
    if not isinstance(value, dict):
        raise ValueError("expected a JSON object")  # noqa: TRY004  # one kind of error for all that is malformed
    return value


def _check_depth(text: str) -> None:
    """Counted before parsing: the parser itself recurses."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        depth += 1 if match[1] else -1 if match[2] else 0
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")


def _bounded_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"an integer of {len(text)} digits")
    return int(text)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice in one object")
    return found
