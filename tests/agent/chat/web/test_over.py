"""A run's page once its offer or its link is over: what became of it, and the way on."""

import pytest

from tests.agent.chat.web.browser import Browser
from tests.agent.chat.web.test_run_page import asked
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, CHECKOUT
from tools.spend_log.rows import Decision


async def test_an_offer_that_expired_says_so(make_world: MakeWorld) -> None:
    """On the page, and to whoever presses a card that was left open."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        old = await browser.get(f"/runs/{run_id}")
        world.clock.advance(3601)
        said = await browser.press(old, "approve")
        later = await browser.get(f"/runs/{run_id}")
    assert (said.status, "expired" in said.text) == (409, True)
    assert "Nobody answered in time" in later.text
    assert not later.has_form("approve")


@pytest.mark.parametrize("page", ["/", "/runs/{}"])
async def test_a_fresh_offer_is_made_of_one_that_expired(make_world: MakeWorld, page: str) -> None:
    """From its own page and the first one: asked about with a code of its own; pressed twice, it is one."""
    world = make_world(ASK)
    run_id = await asked(world)
    first = world.log.approval(run_id)
    world.clock.advance(3601)
    async with Browser(world) as browser:
        late = await browser.get(page.format(run_id))
        assert (await browser.press(late, "/offer")).status == 200
        said = await browser.get(f"/runs/{run_id}")
        assert "A fresh offer asked for by web:ann from 127.0.0.1 at" in said.text
        assert (await browser.press(late, "/offer")).status == 409
        await world.drive(run_id, wait=False)
        assert (await browser.press(late, "/offer")).status == 409
        assert (await browser.get(f"/runs/{run_id}")).has_form("approve")
    second = world.log.approval(run_id)
    assert first is not None
    assert second is not None
    assert (second.offer.attempt, second.decision) == (2, None)
    assert second.code != first.code
    assert (world.purchases, len(world.log.attempts(run_id))) == ([], 2)


async def test_a_yes_that_nobody_acted_upon_in_time_is_told(make_world: MakeWorld) -> None:
    """With the way on."""
    world = make_world(ASK)
    run_id = await asked(world)
    world.decide(run_id, Decision.APPROVED)
    world.clock.advance(3601)
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        assert "was approved by me at" in page.text
        assert (await browser.press(page, "/offer")).status == 200


async def test_no_fresh_offer_is_made_while_frozen(make_world: MakeWorld) -> None:
    """It might only end the run."""
    world = make_world(ASK)
    run_id = await asked(world)
    world.clock.advance(3601)
    world.log.freeze("by hand", world.clock.now())
    async with Browser(world) as browser:
        said = await browser.press(await browser.get(f"/runs/{run_id}"), "/offer")
    assert (said.status, "spending is frozen: by hand" in said.text) == (409, True)


async def test_an_offer_that_was_replaced_says_so(make_world: MakeWorld) -> None:
    """And no try is counted against the code of the new one."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        old = await browser.get(f"/runs/{run_id}")
        world.clock.advance(3601)
        await world.drive(run_id, wait=False, fresh=True)
        said = await browser.press(old, "approve")
    assert (said.status, "superseded" in said.text) == (409, True)
    assert not any(event.kind == "wrong_code" for event in world.log.events(run_id))


async def test_a_checkout_link_is_shown_with_its_host(make_world: MakeWorld) -> None:
    """While it stands; then not any more."""
    world = make_world(CHECKOUT, has_key=False)
    run_id = await asked(world)
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        (link,) = [one for one in page.elements if one.attributes.get("target") == "_blank"]
        assert link.attributes["href"].startswith("https://checkout.stripe.com/")
        assert link.attributes["rel"] == "noopener noreferrer"
        assert "Pay at checkout.stripe.com" in page.text
        assert "unpaid, the link is watched until" in page.text
        world.clock.advance(2 * 3600)
        late = await browser.get(f"/runs/{run_id}")
        assert ("Pay at" in late.text, "Nobody paid in time" in late.text) == (False, True)
        assert "$0.98 stay held; then the run ends" in late.text
        assert late.has_form("cancel")
        assert "Nobody paid" not in (await browser.get("/")).text
