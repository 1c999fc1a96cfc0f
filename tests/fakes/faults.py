"""What can go wrong with one call to a market."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar, assert_never

from policies.answers import Answer
from tools.errors import BadCredentials, Malformed, MarketUnavailable, NothingSent, OfferGone, OutcomeUnknown, Refused

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The provider does it, and nobody hears."""


@dataclass(frozen=True, slots=True)
class RequestLost:
    """It leaves, the provider never sees it, and nobody can tell."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """It never leaves."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The provider answers with a status that says no, and does nothing."""

    status: int
    body: bytes = b'{"error": "no"}'


@dataclass(frozen=True, slots=True)
class Garble:
    """The provider does it; of its answer only the status is right."""

    body: bytes = b"<html>"


Fault = AnswerLost | RequestLost | Unreachable | Refuse | Garble


def read_under(fault: Fault | None, act: Callable[[], _T]) -> _T:
    """Do a repeatable call under a fault, raising as the `Market` port says."""
    match fault:
        case None:
            return act()
        case Refuse(status=status):
            raise refusal(status)
        case Garble():
            act()
            raise Malformed("garbled")
        case AnswerLost():
            act()
            raise MarketUnavailable("no answer")
        case RequestLost() | Unreachable():
            raise MarketUnavailable("no answer")
        case other:
            assert_never(other)


def spend_under(fault: Fault | None, act: Callable[[], Answer]) -> Answer:
    """Do a spending call under a fault, raising as the `Market` port says."""
    match fault:
        case None:
            return act()
        case Garble(body=body):
            return replace(act(), body=body)
        case Refuse(status=status, body=body):
            return Answer(status, body)
        case AnswerLost():
            act()
            raise OutcomeUnknown("no answer")
        case RequestLost():
            raise OutcomeUnknown("no answer")
        case Unreachable():
            raise NothingSent("no connection")
        case other:
            assert_never(other)


def refusal(status: int) -> Refused:
    """The error a repeatable call raises for a status that says no."""
    match status:
        case 401 | 403:
            return BadCredentials("refused", status)
        case 404:
            return OfferGone("not there", status)
        case _:
            return Refused("refused", status)
