"""Virtual time keeps its order."""

import asyncio
from datetime import timedelta

import pytest

from tests.fakes.clock import EPOCH, FakeClock


async def test_sleeping_takes_virtual_time_only() -> None:
    """A day passes at once."""
    clock = FakeClock()
    await clock.sleep(86_400)
    assert clock.now() == EPOCH + timedelta(days=1)


async def test_sleepers_wake_in_order_and_do_not_add_up() -> None:
    """Three naps side by side take as long as the longest."""
    clock, woken = FakeClock(), []

    async def nap(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    await asyncio.gather(nap(3), nap(1), nap(2))
    assert woken == [(1, 1), (2, 2), (3, 3)]


async def test_one_who_naps_again_wakes_before_a_longer_sleeper() -> None:
    """Time does not jump past those who are about to sleep again."""
    clock, woken = FakeClock(), []

    async def naps() -> None:
        for _ in range(3):
            await clock.sleep(1)
            woken.append(clock.monotonic())

    await asyncio.gather(clock.sleep(10), naps())
    assert woken == [1, 2, 3]
    assert clock.monotonic() == 10


async def test_time_waits_for_who_is_still_busy() -> None:
    """Somebody who has a few things to do before going to sleep is not left behind."""
    clock, woken = FakeClock(), []

    async def busy() -> None:
        for _ in range(6):
            await asyncio.sleep(0)
        await clock.sleep(1)
        woken.append(clock.monotonic())

    await asyncio.gather(clock.sleep(10), busy())
    assert woken == [1]


async def test_a_cancelled_sleeper_moves_no_time() -> None:
    """And blocks nobody else."""
    clock = FakeClock()
    sleeper = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    await clock.sleep(7)
    assert clock.monotonic() == 7
