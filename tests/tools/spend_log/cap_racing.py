"""Twenty processes that want more than a day's $10, each its own amounts in its own order."""

import json
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from random import Random
from typing import Any

from policies.budget import CapHit
from policies.charge import Paid
from policies.money import Cents
from tests.tools.spend_log.stores import Store
from tests.tools.spend_log.things import BALANCE, ME, NOW, an_offer, offered, wide
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge

CAP = 1000
RACERS = 20
ORDERS = 8


def buy(store: Store, seed: int, number: int, barrier: Barrier, results: Any) -> None:
    """Reserve one order after the other; some are paid. Tells which amounts were held and which were refused."""
    barrier.wait(60)
    told: tuple[list[int], list[int]] = ([], [])
    log = store.open()
    for turn, amount in enumerate(amounts(seed, number)):
        held = _reserve(log, number, turn, amount)
        told[not held].append(amount)
        if held and amount % 3 == 0:
            log.submit(f"c-{number}-{turn}", NOW, BALANCE, ME)
            log.settle(f"c-{number}-{turn}", Paid(Cents(amount), f"HOG-{number:04x}-{turn:06x}"), NOW)
    log.close()
    results.put(told)


def _reserve(log: SpendLog, number: int, turn: int, amount: int) -> bool:
    offer = offered(log, an_offer(f"run-{number}-{turn}", amount, account=f"key-{number}"))
    result = log.reserve(f"c-{number}-{turn}", offer, wide(per_day=CAP, open_pods=1000), NOW, None)
    assert isinstance(result, Charge | CapHit), result
    return isinstance(result, Charge)


def amounts(seed: int, number: int) -> list[int]:
    """What one process wants, in cents: now and then small enough for what is left at the end."""
    dice = Random(seed * 1000 + number)
    return [dice.choice((1, 3, 10, 49, 98, 147, 300, dice.randint(1, 400))) for _ in range(ORDERS)]


def counted_after_each_move(log: SpendLog) -> Iterator[int]:
    """Cents held or spent, by the history, after each move of any charge."""
    standing: dict[str, int] = {}
    for event in log.events(limit=1_000_000):
        if event.kind == "charge":
            body = json.loads(event.body)
            dollars, _, cents = body["usd"].partition(".")
            standing[event.charge_id] = 0 if body["to"] == "released" else int(dollars) * 100 + int(cents)
            yield sum(standing.values())
