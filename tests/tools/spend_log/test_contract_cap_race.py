"""Twenty processes against one cap: never above it at any commit, and nothing that fitted was refused."""

import pytest

from tests.tools.spend_log.cap_racing import CAP, ORDERS, RACERS, buy, counted_after_each_move
from tests.tools.spend_log.racing import forking
from tests.tools.spend_log.stores import Store
from tests.tools.spend_log.things import NOW
from tools.spend_log.port import SpendLog


@pytest.mark.parametrize("seed", [1, 2])
def test_twenty_processes_never_hold_more_than_ten_dollars_and_use_all_that_fits(
    log: SpendLog, place: Store, seed: int
) -> None:
    """Random amounts: the sum is at most the cap after every commit, and every refused amount is above what is left."""
    context = forking()
    barrier, results = context.Barrier(RACERS + 1), context.SimpleQueue()
    racers = [context.Process(target=buy, args=(place, seed, number, barrier, results)) for number in range(RACERS)]
    for racer in racers:
        racer.start()
    barrier.wait(60)
    seen = [0]
    while any(racer.is_alive() for racer in racers):
        seen.append(log.usage("a reader", NOW).day)
    assert [racer.exitcode for racer in racers] == [0] * RACERS
    told = [results.get() for _ in racers]
    held, refused = (sum((one[side] for one in told), list[int]()) for side in (0, 1))
    assert len(held) + len(refused) == RACERS * ORDERS
    assert max(seen) <= CAP
    assert max(counted_after_each_move(log)) <= CAP
    assert log.usage("x", NOW).day == sum(held)
    assert all(amount > CAP - sum(held) for amount in refused)
    assert log.broken_chain() is None
