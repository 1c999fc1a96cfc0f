"""A run's page: what it shows in each state, and what comes of each press."""

import asyncio

import pytest

from agent.chat.web.pages.run_view import RunSubject
from policies.money import Cents
from policies.policy import Payment, Policy
from tests.agent.chat.web.browser import Browser, Read, door_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, JOB, World
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
        "asks for $0.98 from credits: ",
        "waiting for an approval",
        "24 GB",
        "$0.49/h × 2 h",
        "run $10.00 · today $25.00 · this month $250.00",
        "python train.py",
        approval.code,
        world.log.chain_head()[:16],
        "Approve $0.98",
    ):
        assert words in page.text
    assert "swineherd show" not in page.text


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


async def test_more_hours_than_the_policy_allows(make_world: MakeWorld) -> None:
    """The limit is named, and the file that sets it; the offer stands."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        page = await browser.get(f"/runs/{run_id}")
        (field,) = [one for one in page.elements if one.attributes.get("name") == "hours"]
        assert field.attributes["max"] == "24"
        form = page.form("approve").fields
        said = await browser.post(f"/questions/{run_id}/instead", form | {"hours": "25"}, htmx=True)
        assert said.status == 409
        assert "25 h are more than time.max_hours of the policy, 24 h" in said.text
        assert f"The policy is {world.parts.policy_file.path}; the offer stands." in said.text
        assert (await browser.press(page, "approve")).status == 200


async def test_a_policy_that_changed_is_told_of(make_world: MakeWorld) -> None:
    """On the pages that answer under it, those that are open too, until it is as it was."""
    world = make_world(ASK)
    run_id, file = await asked(world), world.parts.policy_file.path
    subject = RunSubject(world.parts, run_id)
    before = subject.marks()
    async with Browser(world) as browser:
        assert "has changed" not in (await browser.get("/")).text
        file.write_text("[budget]\n", encoding="utf-8")
        assert subject.marks() != before
        for path in ("/", f"/runs/{run_id}"):
            assert f"The policy {file} has changed." in (await browser.get(path)).text
        file.unlink()
        assert "has changed" not in (await browser.get("/")).text


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


async def test_an_ended_run_names_nothing_that_it_never_had(make_world: MakeWorld) -> None:
    """No folder of outputs where none came; no GPU where none was offered, or only offered."""
    world = make_world(ASK)
    refused = (await world.run(JOB.replace("RTX4090", "H200"))).run_id
    denied = await asked(world)
    world.decide(denied, Decision.DENIED)
    await world.drive(denied)
    world.home.run(denied).outputs.mkdir()
    async with Browser(world) as browser:
        pages = [await browser.get(path) for path in (f"/runs/{refused}", f"/runs/{denied}", "/")]
    for page in pages[:2]:
        assert "<dt>Spent</dt>" in page.html
        assert "<dt>Outputs</dt>" not in page.html
        assert "<dt>GPU</dt>" not in page.html
    assert "RTX 4090" not in pages[2].text
