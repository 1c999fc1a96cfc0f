"""Virtual time with a plan: what humans and the world do at a given second."""

import heapq
from collections.abc import Callable

from tests.fakes.clock import FakeClock


class Timeline(FakeClock):
    """A `FakeClock` on which things happen. Time moves only while the agent waits, so a busy graph takes none."""

    def __init__(self) -> None:
        super().__init__()
        self._plan: list[tuple[float, int, Callable[[], object]]] = []
        self._planned = 0

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Plan an act for so many seconds after the start."""
        self._planned += 1
        heapq.heappush(self._plan, (seconds, self._planned, act))

    async def sleep(self, seconds: float) -> None:
        """Wait; what is planned for meanwhile happens at its second."""
        end = self.monotonic() + max(seconds, 0.0)
        while self._plan and self._plan[0][0] <= end:
            await super().sleep(max(self._plan[0][0] - self.monotonic(), 0.0))
            self.catch_up()
        await super().sleep(end - self.monotonic())

    def catch_up(self) -> None:
        """Do all that is due by now."""
        while self._plan and self._plan[0][0] <= self.monotonic():
            heapq.heappop(self._plan)[2]()
