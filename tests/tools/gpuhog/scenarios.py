"""Conversations worth keeping: each runs against a sandbox once, and from its tape ever after."""

from collections.abc import Awaitable, Callable

from policies.order import OrderView
from tools.errors import OfferGone
from tools.gpuhog import GpuHog, find_order_id
from tools.ports import Clock

GPU = "NVIDIA GeForce RTX 4090"

Scenario = Callable[[GpuHog, Clock], Awaitable[list[object]]]


async def browse(hog: GpuHog, _: Clock) -> list[object]:
    """Everything that can be seen without renting."""
    return [await hog.listings(), await hog.packs(), await hog.docs(), await hog.pig_chat("Which GPU is cheap?")]


async def credits_rental(hog: GpuHog, clock: Clock) -> list[object]:
    """Rent with credits, run, stop, start, end; the books in between."""
    before = await hog.balance()
    receipt = await hog.rent_with_credits(GPU, 3)
    order_id = find_order_id(receipt.body) or ""
    running = await _running(hog, clock, order_id)
    stopped = await hog.stop(order_id)
    started = await hog.start(order_id)
    again = await _running(hog, clock, order_id)
    ended = await hog.terminate(order_id)
    gone = await hog.order(order_id)
    return [before, receipt, running, stopped, started, again, ended, gone, await hog.balance()]


async def checkout(hog: GpuHog, _: Clock) -> list[object]:
    """Ask for a link, and give the order up unpaid."""
    answer = await hog.rent(GPU, 2)
    order_id = find_order_id(answer.body) or ""
    return [answer, await hog.order(order_id), await hog.terminate(order_id), await hog.order(order_id)]


async def refusals(hog: GpuHog, _: Clock) -> list[object]:
    """An unknown GPU on both rails, a short balance, an unknown order."""
    said: list[object] = [
        await hog.rent("NVIDIA Abacus", 1),
        await hog.rent_with_credits("NVIDIA Abacus", 1),
        await hog.rent_with_credits("NVIDIA H200", 720),
        await hog.start("HOG-000000000000"),
    ]
    for call in (hog.order, hog.stop, hog.terminate):
        try:
            said.append(await call("HOG-000000000000"))
        except OfferGone as exc:
            said.append(exc)
    return said


async def _running(hog: GpuHog, clock: Clock, order_id: str) -> OrderView:
    while (view := await hog.order(order_id)).status != "running":
        await clock.sleep(1)
    return view


SCENARIOS: dict[str, Scenario] = {
    "browse": browse,
    "credits_rental": credits_rental,
    "checkout": checkout,
    "refusals": refusals,
}
