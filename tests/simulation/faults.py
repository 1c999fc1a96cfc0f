"""What goes wrong with one call, drawn from the seed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from policies.answers import Answer
from tests.fakes.faults import AnswerLost, Fault, Garble, Refuse, RequestLost, Unreachable

REFUSALS = (400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503)


@dataclass(frozen=True, slots=True)
class Twist:
    """The provider does it and answers something else than it did, or than was asked for.

    Attributes:
        cents_more: what it takes beyond what it listed (negative: less).
    """

    name: str
    change: Callable[[Answer], Answer]
    cents_more: int = 0


def _of_json(change: Callable[[dict[str, Any]], object]) -> Callable[[Answer], Answer]:
    def twist(answer: Answer) -> Answer:
        body = json.loads(answer.body)
        change(body)
        return Answer(answer.status, json.dumps(body).encode())

    return twist


def _torn(answer: Answer) -> Answer:
    return Answer(answer.status, answer.body[: len(answer.body) * 3 // 4])


def _with_status(status: int) -> Callable[[Answer], Answer]:
    return lambda answer: Answer(status, answer.body)


def _said(status: int) -> Callable[[Answer], Answer]:
    return lambda _answer: Answer(status, b'{"error": "try again"}')


CREDIT_TWISTS = (
    Twist("torn", _torn),
    Twist("500 that names the order", _with_status(500)),
    Twist("402 that names the order", _with_status(402)),
    Twist("503 though it was done", _said(503)),
    Twist("402 though it was done", _said(402)),
    Twist("takes more", _of_json(lambda body: body.update(credits_spent=body["credits_spent"] + 30)), 30),
    Twist("takes less", _of_json(lambda body: body.update(credits_spent=body["credits_spent"] - 5)), -5),
    Twist("another GPU", _of_json(lambda body: body.update(gpu="RTX 2060"))),
    Twist("credits as text", _of_json(lambda body: body.update(credits_spent="98"))),
)
CHECKOUT_TWISTS = (
    Twist("torn", _torn),
    Twist("200 from rent", _with_status(200)),
    Twist("500 that names the order", _with_status(500)),
    Twist("asks for more", _of_json(lambda body: body.update(total_usd="9.99"))),
    Twist("other hours", _of_json(lambda body: body.update(hours=9))),
    Twist("another GPU", _of_json(lambda body: body.update(gpu="RTX 2060"))),
    Twist(
        "evil host", _of_json(lambda body: body["payment"].update(checkout_url="https://checkout.stripe.com.evil.test"))
    ),
    Twist("no expiry", _of_json(lambda body: body["payment"].pop("expires_at"))),
)


def of_a_read(dice: Random) -> Fault:
    """For a repeatable call."""
    return dice.choice(
        (AnswerLost(), RequestLost(), Unreachable(), Garble(), Refuse(dice.choice((401, 404, 409, 429, 500, 503))))
    )


def of_a_purchase(dice: Random, twists: tuple[Twist, ...]) -> Fault | Twist:
    """For a call that spends."""
    kind = dice.randrange(8)
    if kind < 2:
        return AnswerLost()
    if kind == 2:
        return RequestLost()
    if kind == 3:
        return Unreachable()
    if kind == 4:
        return Refuse(dice.choice(REFUSALS))
    if kind == 5:
        return Garble(dice.choice((b"<html>", b"", b"null", b'{"order_id": ""}')))
    return dice.choice(twists)
