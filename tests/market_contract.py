"""What every `Market` does, whichever way it is reached: one suite for the fake and for the client on the sandbox."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from policies.answers import Checkout, Declined, Receipt
from policies.money import exact_cents, reservation
from policies.offer import Listing
from policies.order import OrderView, phase
from tools.errors import OfferGone
from tools.gpuhog import read_checkout, read_receipt
from tools.ports import Clock, Market

UNKNOWN_GPU = "NVIDIA Abacus"
UNKNOWN_ORDER = "HOG-000000000000"


@dataclass
class World:
    """A market, and the hands a test needs around it.

    Attributes:
        pay: a human pays this checkout.
        checkout_hosts: where its links may lead.
        allow_private: its links may lead to loopback.
        step: seconds between two looks at an order.
    """

    market: Market
    clock: Clock
    pay: Callable[[Checkout], Awaitable[None]]
    checkout_hosts: tuple[str, ...]
    allow_private: bool
    step: float

    async def cheapest(self) -> Listing:
        return min(await self.market.gpus(), key=lambda listing: listing.price_per_hour)

    async def checkout(self, gpu_id: str, hours: int) -> Checkout:
        answer = await self.market.rent(gpu_id, hours)
        read = read_checkout(answer, self.clock.now(), self.checkout_hosts, allow_private=self.allow_private)
        assert isinstance(read, Checkout), read
        return read

    async def receipt(self, gpu_id: str, hours: int) -> Receipt:
        read = read_receipt(await self.market.rent_with_credits(gpu_id, hours))
        assert isinstance(read, Receipt), read
        return read

    async def until(self, order_id: str, status: str) -> OrderView:
        deadline = self.clock.monotonic() + 200 * self.step
        while (view := await self.market.order(order_id)).status != status:
            assert self.clock.monotonic() < deadline, f"the order is {view.status}, not {status}"
            await self.clock.sleep(self.step)
        return view


class MarketContract:
    """Subclasses give a fixture `world`."""

    async def test_listings_are_there_and_each_gpu_once(self, world: World) -> None:
        """Every listing has a name, memory and a price, and no gpu_id comes twice."""
        listings = await world.market.gpus()
        assert listings
        assert len({listing.gpu_id for listing in listings}) == len(listings)
        assert all(listing.name and listing.vram_gb > 0 and listing.price_per_hour > 0 for listing in listings)

    async def test_rent_answers_with_a_link_for_the_offer(self, world: World) -> None:
        """A checkout names the GPU, the hours and price × hours, and takes nothing."""
        gpu = await world.cheapest()
        before = await world.market.balance()
        checkout = await world.checkout(gpu.gpu_id, 3)
        assert (checkout.gpu, checkout.hours, checkout.vram_gb) == (gpu.name, 3, gpu.vram_gb)
        assert abs(checkout.total - exact_cents(gpu.price_per_hour, 3)) < 1
        assert await world.market.balance() == before

    async def test_an_unpaid_order_waits(self, world: World) -> None:
        """Until its link is paid an order neither runs nor is gone."""
        checkout = await world.checkout((await world.cheapest()).gpu_id, 1)
        assert phase((await world.market.order(checkout.order_id)).status) == "pending"

    async def test_a_paid_link_deploys_the_order(self, world: World) -> None:
        """The order leaves the status seen right after `rent`, runs, and takes no credits."""
        before = await world.market.balance()
        checkout = await world.checkout((await world.cheapest()).gpu_id, 1)
        unpaid = (await world.market.order(checkout.order_id)).status
        await world.pay(checkout)
        assert (await world.market.order(checkout.order_id)).status != unpaid
        await world.until(checkout.order_id, "running")
        await world.market.terminate(checkout.order_id)
        assert await world.market.balance() == before

    async def test_an_unknown_gpu_is_refused_on_both_rails(self, world: World) -> None:
        """A 4xx without an order id, and nothing is taken."""
        before = await world.market.balance()
        for rent in (world.market.rent, world.market.rent_with_credits):
            read = read_receipt(await rent(UNKNOWN_GPU, 1))
            assert isinstance(read, Declined)
            assert 400 <= read.status < 500
            assert read.order_id is None
        assert await world.market.balance() == before

    @pytest.mark.parametrize("hours", [1, 3])
    async def test_credits_take_price_times_hours(self, world: World, hours: int) -> None:
        """The receipt says what the balance lost: price × hours in whole cents, at most one cent off."""
        gpu = await world.cheapest()
        before = await world.market.balance()
        receipt = await world.receipt(gpu.gpu_id, hours)
        after = await world.market.balance()
        assert receipt.gpu == gpu.name
        assert abs(receipt.credits_spent - exact_cents(gpu.price_per_hour, hours)) < 1
        assert after.spent - before.spent == receipt.credits_spent
        assert receipt.balance == after.balance == before.balance - receipt.credits_spent

    async def test_a_gpu_can_be_rented_by_its_name(self, world: World) -> None:
        """The documentation takes a gpu_id or a name."""
        gpu = await world.cheapest()
        assert (await world.receipt(gpu.name, 1)).gpu == gpu.name

    async def test_a_short_balance_takes_nothing(self, world: World) -> None:
        """More than the balance is declined with a 402, and no credits go."""
        dearest = max(await world.market.gpus(), key=lambda listing: listing.price_per_hour)
        before = await world.market.balance()
        assert reservation(dearest.price_per_hour, 720) > before.balance
        assert read_receipt(await world.market.rent_with_credits(dearest.gpu_id, 720)) == Declined(402)
        assert await world.market.balance() == before

    async def test_an_order_deploys_runs_and_ends(self, world: World) -> None:
        """Deploying first; running with an address for SSH; terminated for good."""
        receipt = await world.receipt((await world.cheapest()).gpu_id, 2)
        assert (await world.market.order(receipt.order_id)).status == "deploying"
        running = await world.until(receipt.order_id, "running")
        assert running.ssh is not None
        assert running.ssh.startswith("ssh ")
        assert running.hours == 2
        await world.market.terminate(receipt.order_id)
        assert phase((await world.until(receipt.order_id, "terminated")).status) == "gone"

    async def test_terminate_can_be_repeated(self, world: World) -> None:
        """Ending an ended order says the same again."""
        receipt = await world.receipt((await world.cheapest()).gpu_id, 1)
        first = await world.market.terminate(receipt.order_id)
        assert await world.market.terminate(receipt.order_id) == first
        await world.until(receipt.order_id, "terminated")

    async def test_a_stopped_pod_starts_again_for_an_hours_price(self, world: World) -> None:
        """Stopping can be repeated; starting takes the price of one hour and runs again."""
        gpu = await world.cheapest()
        receipt = await world.receipt(gpu.gpu_id, 1)
        await world.until(receipt.order_id, "running")
        await world.market.stop(receipt.order_id)
        await world.until(receipt.order_id, "stopped")
        assert await world.market.stop(receipt.order_id) == "stopped"
        before = await world.market.balance()
        answer = await world.market.start(receipt.order_id)
        assert 200 <= answer.status < 300
        await world.until(receipt.order_id, "running")
        spent = (await world.market.balance()).spent - before.spent
        assert abs(spent - exact_cents(gpu.price_per_hour, 1)) < 1
        await world.market.terminate(receipt.order_id)

    async def test_what_is_not_stopped_does_not_start(self, world: World) -> None:
        """Starting an ended order is declined and takes nothing."""
        receipt = await world.receipt((await world.cheapest()).gpu_id, 1)
        await world.market.terminate(receipt.order_id)
        before = await world.market.balance()
        assert (await world.market.start(receipt.order_id)).status >= 400
        assert await world.market.balance() == before

    async def test_the_balance_adds_up(self, world: World) -> None:
        """Balance = purchased - spent, before and after spending."""
        for _ in range(2):
            account = await world.market.balance()
            assert account.balance == account.purchased - account.spent
            await world.receipt((await world.cheapest()).gpu_id, 1)

    async def test_an_order_that_never_was_is_not_there(self, world: World) -> None:
        """A look, a stop and an end raise `OfferGone`; a start is declined with a 4xx."""
        for call in (world.market.order, world.market.stop, world.market.terminate):
            with pytest.raises(OfferGone):
                await call(UNKNOWN_ORDER)
        assert 400 <= (await world.market.start(UNKNOWN_ORDER)).status < 500

    async def test_packs_cost_and_give_something(self, world: World) -> None:
        """Every credit pack has an id, credits and a price."""
        packs = await world.market.packs()
        assert packs
        assert all(pack.pack_id and pack.credits > 0 and pack.price > 0 for pack in packs)

    async def test_the_pig_answers_and_the_docs_list_endpoints(self, world: World) -> None:
        """Both are for showing only."""
        assert await world.market.pig_chat("What GPU should I use for training a 7B model?")
        assert "endpoints" in await world.market.docs()
