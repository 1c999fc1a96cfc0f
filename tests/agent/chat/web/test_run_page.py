"""A run's page: what it shows in each state, and what comes of each press."""

import asyncio

import pytest

from agent.chat.web.pages.run_view import RunSubject
from policies.money import Cents
from policies.policy import Payment, Policy
from tests.agent.chat.web.browser import Browser, Read, door_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, CHECKOUT, World
from tools.spend_log.rows import Decision, RunStatus


async def asked(world: World) -> str:
    """A run that waits for its yes."""
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    return run_id


async def test_the_card_shows_everything_about_the_offer(make_world: MakeWorld) -> None:
    """Price, budgets, reasons, commands, code and ledger head; the amount is in the button."""
    world = make_world(ASK)
    run_id = await asked(world)
    approval = world.log.approval(run_id)
    assert approval is not None
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
    assert page.status == 200
    for words in (
        "Buy RTX 4090 for 2 h?",
        "$0.98 from credits",
        "24 GB",
        "$0.49/h × 2 h",
        "run $10.00 · today $25.00 · this month $250.00",
        "python train.py",
        approval.code,
        world.log.chain_head()[:16],
        "Approve $0.98",
    ):
        assert words in page.text


@pytest.mark.parametrize("htmx", [True, False])
@pytest.mark.parametrize(("verb", "decision"), [("approve", Decision.APPROVED), ("deny", Decision.DENIED)])
async def test_a_press_is_recorded_with_who_and_from_where(
    make_world: MakeWorld, verb: str, decision: Decision, htmx: bool
) -> None:
    """With JavaScript and without."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        after = await browser.press(page, verb, htmx=htmx)
        assert after.status == 200
        later = await browser.get(f"/runs/{run_id}")
    approval = world.log.approval(run_id)
    assert approval is not None
    assert (approval.decision, approval.decided_by) == (decision, "web:ann from 127.0.0.1")
    assert f"{decision.capitalize()} by web:ann from 127.0.0.1 at" in later.text
    assert not later.has_form("approve")


async def test_two_at_once_are_one_decision(make_world: MakeWorld) -> None:
    """The other one hears who was first."""
    world = make_world(ASK)
    run_id = await asked(world)
    door = door_of(world, "web:ann", "web:bob")
    async with Browser(world, door=door) as ann, Browser(world, "web:bob", door=door) as bob:
        pages = [await ann.get(f"/runs/{run_id}"), await bob.get(f"/runs/{run_id}")]
        said = await asyncio.gather(ann.press(pages[0], "approve"), bob.press(pages[1], "deny"))
    assert sorted(page.status for page in said) == [200, 409]
    (late,) = [page for page in said if page.status == 409]
    assert "Already" in late.text
    assert sum(event.kind == "decided" for event in world.log.events(run_id)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "WRONGONE"}, "code"),
        ({"amount": "0.97"}, "the offer is for $0.98, not for $0.97"),
        ({"amount": "free"}, "names no amount"),
        ({"question": "another/1"}, "already over"),
    ],
)
async def test_what_was_not_shown_is_not_agreed_to(make_world: MakeWorld, changes: dict[str, str], words: str) -> None:
    """A wrong code, another amount, none, or another question."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        said = await browser.press(await browser.get(f"/runs/{run_id}"), "approve", changes)
    assert said.status in {400, 409}
    assert words.casefold() in said.text.casefold()
    approval = world.log.approval(run_id)
    assert approval is not None
    assert approval.decision is None


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


async def test_a_run_that_ended_reports(make_world: MakeWorld) -> None:
    """Its outcome, money and outputs; and the old card says who had said yes."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        old = await browser.get(f"/runs/{run_id}")
        await browser.press(old, "approve")
        ended = await world.drive(run_id)
        assert ended.status is RunStatus.SUCCEEDED
        page = await browser.get(f"/runs/{run_id}")
        again = await browser.press(old, "approve")
    for words in ("Succeeded", "Spent $0.98", ended.outputs_dir):
        assert words in page.text
    assert (again.status, "Already approved by web:ann" in again.text) == (409, True)
    assert not page.has_form("cancel")


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


async def test_a_cancel_is_recorded_once(make_world: MakeWorld) -> None:
    """With who asked for it; a run that has ended can't be."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        assert (await browser.press(page, "cancel")).status == 200
        assert not (await browser.get(f"/runs/{run_id}")).has_form("approve")
        await world.drive(run_id)
        assert (await browser.press(page, "cancel")).status == 409
    (noted,) = [event for event in world.log.events(run_id) if event.kind == "cancel_requested"]
    assert '"web:ann from 127.0.0.1"' in noted.body


@pytest.mark.parametrize("form", ["approve", "grant"])
async def test_no_yes_is_taken_while_frozen(make_world: MakeWorld, form: str) -> None:
    """It would only end the run: the question stands until spending is allowed again."""
    world = make_world(ASK)
    run_id = await asked(world)
    world.log.freeze("by hand", world.clock.now())
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        said = await browser.press(page, form)
        assert (said.status, "Spending is frozen: by hand" in said.text) == (409, True)
        world.log.unfreeze(world.clock.now())
        assert (await browser.press(page, form)).status == 200
    assert (await world.drive(run_id)).status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("path", ["/runs/none", "/runs/none/events"])
async def test_a_run_that_is_not_there(make_world: MakeWorld, path: str) -> None:
    """Is no page."""
    async with Browser(make_world(ASK)) as browser:
        assert (await browser.get(path)).status == 404


async def test_the_thread_says_who_decided_among_what_the_run_told(make_world: MakeWorld) -> None:
    """In order of time."""
    world = make_world(Policy(payment=Payment(auto_pay=Cents(0))))
    run_id = await asked(world)
    async with Browser(world) as browser:
        await browser.press(await browser.get(f"/runs/{run_id}"), "approve")
        world.change(policy=AUTO)
        await world.drive(run_id)
    thread = RunSubject(world.parts, run_id).show().parts[-2]
    piece = thread.since("0-0")
    assert piece is not None
    html = piece.html
    assert html.index("submitted") < html.index("asks for $0.98") < html.index("web:ann from 127.0.0.1")


async def test_other_hours_instead(make_world: MakeWorld) -> None:
    """The card gives way to a new one, with a question of its own; the old one is worth nothing any more."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        old = await browser.get(f"/runs/{run_id}")
        form = Read.of(old.html).form("approve").fields
        said = await browser.post(f"/questions/{run_id}/instead", form | {"hours": "3"})
        assert (said.status, "Another offer (3 h) asked for by web:ann" in said.text) == (200, True)
        await world.drive(run_id, wait=False)
        assert "Buy RTX 4090 for 3 h?" in (await browser.get(f"/runs/{run_id}")).text
        lately = (await browser.get("/")).text
        assert ("asked for another offer" in lately, "superseded" in lately) == (True, False)
        late = await browser.press(old, "approve")
    assert (late.status, "Already superseded by web:ann" in late.text) == (409, True)


async def test_a_yes_to_this_run_and_its_later_offers(make_world: MakeWorld) -> None:
    """Up to an amount and so many pods; listed, and taken back."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        assert (await browser.press(page, "grant", {"up_to": "0.50", "pods": "3"})).status == 409
        assert (await browser.press(page, "grant", {"up_to": "5.00", "pods": "all"})).status == 400
        assert (await browser.press(page, "grant", {"up_to": "5.00", "pods": "3"})).status == 200
        await browser.press(await browser.get("/grants"), "revoke")
    (given,) = world.log.run_grants(run_id)
    assert (given.amount, given.pods) == (500, 3)
    assert (given.given_by, given.revoked_by) == ("web:ann from 127.0.0.1",) * 2
