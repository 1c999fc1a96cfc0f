"""The provider, with what is asked of it, and its failures, counted."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from policies.answers import Answer, Balance, Pack
from policies.offer import Listing
from policies.order import OrderView
from tools.errors import SwineherdError
from tools.ports import Market

T = TypeVar("T")


class CountedMarket:
    """`tools.ports.Market`: another one, and whoever counts what goes wrong there, and what is asked at all."""

    def __init__(
        self, market: Market, failed: Callable[[str, Exception], None], asked: Callable[[], object] = lambda: None
    ) -> None:
        self._market = market
        self._failed = failed
        self._asked = asked

    async def gpus(self) -> tuple[Listing, ...]:
        """As the market's."""
        return await self._counted("gpus", self._market.gpus())

    async def docs(self) -> dict[str, object]:
        """As the market's."""
        return await self._counted("docs", self._market.docs())

    async def order(self, order_id: str) -> OrderView:
        """As the market's."""
        return await self._counted("order", self._market.order(order_id))

    async def packs(self) -> tuple[Pack, ...]:
        """As the market's."""
        return await self._counted("packs", self._market.packs())

    async def balance(self) -> Balance:
        """As the market's."""
        return await self._counted("balance", self._market.balance())

    async def pig_chat(self, message: str) -> str:
        """As the market's."""
        return await self._counted("pig_chat", self._market.pig_chat(message))

    async def rent(self, gpu_id: str, hours: int) -> Answer:
        """As the market's: sent at most once."""
        return await self._counted("rent", self._market.rent(gpu_id, hours))

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        """As the market's: sent at most once."""
        return await self._counted("rent_with_credits", self._market.rent_with_credits(gpu_id, hours))

    async def stop(self, order_id: str) -> str:
        """As the market's."""
        return await self._counted("stop", self._market.stop(order_id))

    async def start(self, order_id: str) -> Answer:
        """As the market's: sent at most once."""
        return await self._counted("start", self._market.start(order_id))

    async def terminate(self, order_id: str) -> str:
        """As the market's."""
        return await self._counted("terminate", self._market.terminate(order_id))

    async def aclose(self) -> None:
        """As the market's."""
        await self._market.aclose()

    async def _counted(self, call: str, answer: Awaitable[T]) -> T:
        self._asked()
        try:
            return await answer
        except SwineherdError as error:
            self._failed(call, error)
            raise
