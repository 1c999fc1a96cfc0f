"""Requests spread over time: so many a second in all, and one a second for each order (MONEY.md)."""

import asyncio

from tools.ports import Clock

ORDER_INTERVAL = 1.0
"""Seconds between two requests about one order."""

_MANY_ORDERS = 1000
_SHORTEST_WAIT = 0.001
# Rounding may leave a wait too short for a clock to move by.


class Limiter:
    """Makes repeatable requests wait for their turn; counts the ones that must not wait."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self._clock = clock
        self._all = _Gate(clock, 1 / per_second)
        self._orders: dict[str, _Gate] = {}

    async def turn(self, order_id: str | None = None) -> None:
        """Wait until one more request (about this order) may leave, first come, first served."""
        if order_id is None:
            await self._all.enter()
            return
        order = self._order(order_id)
        async with order.queue:
            await order.opened()
            await self._all.enter()
            order.shut()

    def count(self, order_id: str | None = None) -> None:
        """Book a request that leaves now whatever the limits say: a spending call is sent within 5 s of its commit."""
        self._all.shut()
        if order_id is not None:
            self._order(order_id).shut()

    def _order(self, order_id: str) -> "_Gate":
        if len(self._orders) >= _MANY_ORDERS:
            self._orders = {name: gate for name, gate in self._orders.items() if not gate.idle}
        return self._orders.setdefault(order_id, _Gate(self._clock, ORDER_INTERVAL))


class _Gate:
    """Lets one through and stays shut for an interval."""

    def __init__(self, clock: Clock, interval: float) -> None:
        self.queue = asyncio.Lock()
        self._clock = clock
        self._interval = interval
        self._opens_at = clock.monotonic()

    @property
    def idle(self) -> bool:
        return not self.queue.locked() and self._opens_at <= self._clock.monotonic()

    async def enter(self) -> None:
        async with self.queue:
            await self.opened()
            self.shut()

    async def opened(self) -> None:
        while (left := self._opens_at - self._clock.monotonic()) > 0:
            await self._clock.sleep(max(left, _SHORTEST_WAIT))

    def shut(self) -> None:
        self._opens_at = max(self._opens_at, self._clock.monotonic()) + self._interval
