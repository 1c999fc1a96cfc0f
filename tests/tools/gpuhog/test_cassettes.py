"""Whole conversations, played from tape: every recorded answer is asked for and understood, and nothing else is."""

from datetime import timedelta

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException  # type: ignore[import-untyped]

from policies.answers import Answer, Balance, Checkout, Declined, Receipt
from policies.order import OrderView
from tests.fakes.clock import EPOCH, FakeClock
from tests.tools.gpuhog.conftest import Connect, playing
from tests.tools.gpuhog.scenarios import GPU, SCENARIOS
from tests.tools.gpuhog.tape import BASE_URL, KEY
from tools.errors import OfferGone
from tools.gpuhog import read_checkout, read_receipt
from tools.gpuhog.parse import Listings


async def play(name: str, connect: Connect, clock: FakeClock) -> list[object]:
    with playing(name):
        return await SCENARIOS[name](connect(base_url=BASE_URL, key=KEY), clock)


async def test_browsing(connect: Connect, clock: FakeClock) -> None:
    """Every listing is good, and none is rejected."""
    listings, packs, docs, reply = await play("browse", connect, clock)
    assert isinstance(listings, Listings)
    assert GPU in {listing.gpu_id for listing in listings.good}
    assert listings.rejected == ()
    assert packs
    assert docs
    assert isinstance(reply, str)
    assert "Oink" in reply


async def test_a_rental_with_credits(connect: Connect, clock: FakeClock) -> None:
    """147 cents for three hours at $0.49 and 49 more for the start, as the balance says."""
    before, receipt, running, stopped, started, again, ended, gone, after = await play("credits_rental", connect, clock)
    assert isinstance(receipt, Answer)
    read = read_receipt(receipt)
    assert isinstance(read, Receipt)
    assert (read.gpu, read.credits_spent) == ("RTX 4090", 147)
    assert isinstance(before, Balance)
    assert isinstance(after, Balance)
    assert after.spent - before.spent == 147 + 49
    assert (stopped, ended) == ("stopped", "terminated")
    assert isinstance(started, Answer)
    assert started.status == 200
    assert isinstance(running, OrderView)
    assert isinstance(again, OrderView)
    assert isinstance(gone, OrderView)
    assert (running.status, again.status, gone.status) == ("running", "running", "terminated")
    assert running.ssh is not None
    assert (running.gpu_util, running.mem_util) == (23, 18)


async def test_a_checkout_given_up(connect: Connect, clock: FakeClock) -> None:
    """The link is read, and the order ends unpaid."""
    answer, reserved, ended, gone = await play("checkout", connect, clock)
    assert isinstance(answer, Answer)
    read = read_checkout(answer, clock.now(), ("gpuhog.test",), allow_private=False)
    assert isinstance(read, Checkout)
    assert (read.gpu, read.hours, read.total) == ("RTX 4090", 2, 98)
    assert read.expires_at == EPOCH + timedelta(minutes=30)
    assert isinstance(reserved, OrderView)
    assert isinstance(gone, OrderView)
    assert (reserved.status, ended, gone.status) == ("reserved", "terminated", "terminated")


async def test_refusals(connect: Connect, clock: FakeClock) -> None:
    """Each is told by its status alone."""
    *answers, order, stop, terminate = await play("refusals", connect, clock)
    assert [read_receipt(answer) for answer in answers if isinstance(answer, Answer)] == [
        Declined(404),
        Declined(404),
        Declined(402),
        Declined(404),
    ]
    assert all(isinstance(error, OfferGone) for error in (order, stop, terminate))


async def test_a_tape_that_is_not_played_to_its_end_fails(connect: Connect) -> None:
    """The guard of this folder guards."""
    with pytest.raises(AssertionError, match="only 1 of"), playing("browse"):
        await connect(base_url=BASE_URL, key=KEY).gpus()


async def test_a_request_that_is_not_on_the_tape_fails(connect: Connect) -> None:
    """Nothing is recorded and nothing leaves; other hours are another request."""
    with pytest.raises(CannotOverwriteExistingCassetteException), playing("checkout"):
        await connect(base_url=BASE_URL, key=KEY).rent(GPU, 3)
