"""The kinds of setting a policy file has: a check, and words for what is expected. Annotations name the rules."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from policies.money import cents_from_text, price_from_text
from policies.offer import Rail

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Unfit(ValueError):
    """A value that its rule does not accept."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one setting is read.

    Attributes:
        expected: in words for a human.
        read: gives the value in its setting's type, or raises `Unfit`.
        suffix: what the key in the file has after the setting's name.
    """

    expected: str
    read: Callable[[object], object]
    suffix: str = ""


def rule_of(hint: Any) -> Rule:  # noqa: ANN401 - an annotation can be anything
    """The rule that an annotation names: `Annotated[…, rule]`, a `Literal` of words, or `bool`."""
    if get_origin(hint) is Annotated:
        rule = get_args(hint)[1]
        assert isinstance(rule, Rule)
        return rule
    return _word(get_args(hint)) if get_origin(hint) is Literal else _FLAG


def whole(low: int, high: int) -> Rule:
    """A whole number from `low` to `high`."""

    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Unfit

    return Rule(f"a whole number from {low} to {high}", read)


def share(high: int = 1) -> Rule:
    """A share from 0 to `high`, exact."""

    def read(value: object) -> Decimal:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            # NaN refuses to be compared.
            if number.is_finite() and 0 <= number <= high:
                return number
        raise Unfit

    return Rule(f"a share from 0 to {high}, without quotes", read)


def texts(form: str, expected: str) -> Rule:
    """A list of texts that match the regular expression `form` as a whole."""

    def read(value: object) -> tuple[str, ...]:
        found = _texts(value)
        if all(re.fullmatch(form, text, re.ASCII) for text in found):
            return found
        raise Unfit

    return Rule(f"a list of {expected}", read)


def _word(words: tuple[str, ...]) -> Rule:
    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise Unfit

    return Rule(" or ".join(f'"{word}"' for word in words), read)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Unfit


def _line(value: object) -> str:
    if isinstance(value, str) and not _CONTROL.search(value):
        return value
    raise Unfit


def _rails(value: object) -> tuple[Rail, ...]:
    found = _texts(value)
    if len(set(found)) == len(found) and set(found) <= set(Rail):
        return tuple(map(Rail, found))
    raise Unfit


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return tuple(value)
    raise Unfit


def _quoted(parse: Callable[[str], T]) -> Callable[[object], T]:
    def read(value: object) -> T:
        if not isinstance(value, str):
            raise Unfit
        try:
            return parse(value)
        except ValueError as error:
            raise Unfit from error

    return read


_FLAG = Rule("true or false", _flag)
MONEY = Rule('decimal dollars in quotes such as "10.00", at most "100000.00"', _quoted(cents_from_text), "_usd")
PRICE = Rule('dollars an hour in quotes such as "4.00", above 0', _quoted(price_from_text), "_usd")
LINE = Rule("one line of text in quotes", _line)
RAILS = Rule('a list of "credits" and "stripe", each at most once', _rails)
PATTERNS = texts(r"[^\x00-\x1f\x7f-\x9f]{1,200}", "shell patterns")
HOSTS = texts(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?", "hosts in lower case, or host:port")
APPROVERS = texts(r"(slack|web):[!-~]{1,100}|telegram:[1-9][0-9]{0,17}", '"slack:U…", "telegram:NUMBER" or "web:NAME"')
VARIABLES = texts(r"[A-Za-z_][A-Za-z0-9_]*", "names of environment variables")
