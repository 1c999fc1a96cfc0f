"""The first page, and those of batches, schedules and grants: what they show, and what comes of each press."""

from pathlib import Path

import pytest

from agent.batch.consent import Expected
from agent.batch.consent import ask as ask_batch
from policies.money import Cents
from tests.agent.batch.herd_of import submitted
from tests.agent.chat.web.browser import Browser
from tests.agent.chat.web.test_run_page import asked
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import scheduled
from tests.agent.world import ASK, AUTO, World
from tools.spend_log.batch_rows import Grant
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import Schedule


async def test_what_waits_comes_first(make_world: MakeWorld) -> None:
    """A card that can be answered there, then the runs, then the money."""
    world = make_world(ASK)
    run_id = await asked(world)
    async with Browser(world) as browser:
        page = await browser.get("/")
        assert f"{world.log.runs()[0].name} {run_id}" in page.text
        order = ["Waits for you", "Buy RTX 4090", "Approve $0.98", "Say what to do", "All runs", "Money", "Lately"]
        places = [page.text.index(words) for words in order]
        assert places == sorted(places)
        await browser.press(page, "approve")
        assert "Waits for you" not in (await browser.get("/")).text
    approval = world.log.approval(run_id)
    assert approval is not None
    assert approval.decision is Decision.APPROVED


async def test_money_against_the_caps(make_world: MakeWorld) -> None:
    """As words and as a picture that says the same."""
    world = make_world(AUTO)
    await world.run()
    async with Browser(world) as browser:
        page = await browser.get("/")
    assert "today $0.98 $25.00" in page.text
    charts = [one.attributes["aria-label"] for one in page.elements if one.attributes.get("role") == "img"]
    assert charts == ["$0.98 of $25.00 used today", "$0.98 of $250.00 used this month"]


async def test_freeze_and_allow_again(make_world: MakeWorld) -> None:
    """Allowed only by who was shown every reason; both say who."""
    world = make_world(ASK)
    async with Browser(world) as browser:
        await browser.press(await browser.get("/"), "/freeze")
        assert world.log.frozen() == "frozen by web:ann from 127.0.0.1"
        shown = await browser.get("/")
        assert "frozen by web:ann from 127.0.0.1" in shown.text
        world.log.freeze("the provider took more", world.clock.now())
        assert (await browser.press(shown, "/unfreeze")).status == 409
        assert world.log.frozen()
        again = await browser.get("/")
        assert "the provider took more" in again.text
        assert (await browser.press(again, "/unfreeze")).status == 200
        assert (await browser.press(again, "/unfreeze")).status == 200
    assert world.log.frozen() is None
    assert [event.kind for event in world.log.events() if "web:ann" in event.body] == ["frozen", "unfrozen"]


async def test_a_typed_command_leads_to_its_run(make_world: MakeWorld) -> None:
    """A job file below the folder; what is none is said, and nothing happens."""
    world = make_world(ASK)
    (world.root / "job.yaml").write_text("run: echo hello\n", encoding="utf-8")
    async with Browser(world) as browser:
        page = await browser.get("/")
        run = await browser.press(page, "/say", {"text": "run job.yaml"})
        assert (run.status, world.log.runs()[0].run_id in run.text) == (200, True)
        for text in ("run ../job.yaml", "run: [1"):
            assert (await browser.press(page, "/say", {"text": text})).status == 400
        assert "RUN" in (await browser.press(page, "/say", {"text": "help"}, htmx=True)).text
    assert len(world.log.runs()) == 1


async def test_too_long_a_text_is_not_read(make_world: MakeWorld) -> None:
    """A form has its bound."""
    world = make_world(ASK)
    async with Browser(world) as browser:
        said = await browser.press(await browser.get("/"), "/say", {"text": "run: " + "a" * 70_000})
    assert said.status == 413
    assert world.log.runs() == []


def batch_asked(world: World) -> Grant:
    batch = world.log.batch(submitted(world, 2))
    assert batch is not None
    return ask_batch(world.parts, batch, Expected((Cents(98), Cents(98)), 0))


async def test_a_batch_is_answered_once_and_its_grant_taken_back(make_world: MakeWorld) -> None:
    """On its page or the first one; who comes later hears who was first."""
    world = make_world(ASK)
    grant = batch_asked(world)
    path = f"/batches/{grant.batch_id}"
    async with Browser(world) as browser:
        assert grant.code in (await browser.get("/")).text
        assert "nightly" in (await browser.get("/batches")).text
        page = await browser.get(path)
        assert (await browser.press(page, "approve")).status == 200
        late = await browser.press(page, "deny")
        assert (late.status, "Already approved by web:ann" in late.text) == (409, True)
        assert not (await browser.get(path)).has_form("approve")
        grants = await browser.get("/grants")
        assert "approved" in grants.text
        await browser.press(grants, "revoke")
        assert "revoked" in (await browser.get("/grants")).text
    kept = world.log.grant(grant.grant_id)
    assert kept is not None
    assert (kept.decision, kept.revoked_by) == (Decision.APPROVED, "web:ann from 127.0.0.1")


async def test_a_schedule_is_granted_from_its_page(make_world: MakeWorld) -> None:
    """So much a night, so many nights: the form asks, the card is answered, the grant is listed and taken back."""
    world = make_world(ASK)
    schedule = scheduled(world, 1)
    path = f"/schedules/{schedule.schedule_id}"
    async with Browser(world) as browser:
        assert schedule.name in (await browser.get("/schedules")).text
        page = await browser.press(await browser.get(path), "/ask", {"usd": "8.00", "nights": "5"})
        assert "up to $8.00 a night, 5 nights: $40.00 in all" in page.text
        assert "Approve $40.00" in page.text
        assert (await browser.press(page, "approve")).status == 200
        await browser.press(await browser.get("/grants"), "revoke")
    (grant,) = world.log.standing_grants(schedule.schedule_id)
    assert (grant.amount, grant.nights, grant.decision) == (800, 5, Decision.APPROVED)
    assert (grant.decided_by, grant.revoked_by) == ("web:ann from 127.0.0.1",) * 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"nights": "0"}, 400),
        ({"nights": "many"}, 400),
        ({"usd": "1e3"}, 400),
        ({"until": "Friday"}, 400),
        ({"until": "2020-01-01"}, 409),
        ({"usd": "0.00"}, 409),
    ],
)
async def test_what_can_not_be_granted_is_said(make_world: MakeWorld, changes: dict[str, str], status: int) -> None:
    """And nothing is asked."""
    world = make_world(ASK)
    schedule = scheduled(world, 1)
    async with Browser(world) as browser:
        page = await browser.get(f"/schedules/{schedule.schedule_id}")
        said = await browser.press(page, "/ask", {"nights": "5", **changes})
    assert (said.status, "--" in said.text) == (status, False)
    assert world.log.standing_grants(schedule.schedule_id) == []


def broken_by_now(world: World) -> Schedule:
    schedule = scheduled(world, 1)
    Path(schedule.sources[0]).write_text("bogus: 1\n", encoding="utf-8")
    return schedule


async def test_files_that_are_broken_by_now_are_named(make_world: MakeWorld) -> None:
    """A yes would be to nothing."""
    world = make_world(ASK)
    schedule = broken_by_now(world)
    async with Browser(world) as browser:
        page = await browser.get(f"/schedules/{schedule.schedule_id}")
        assert (await browser.press(page, "/ask", {"nights": "5"})).status == 409


@pytest.mark.parametrize(
    "path", ["/batches/none", "/schedules/none", "/batches/none/events", "/runs/..%2f..%2fetc", "/runs/%00", "/runs/."]
)
async def test_what_is_not_there(make_world: MakeWorld, path: str) -> None:
    """Is no page, whatever it is called."""
    async with Browser(make_world(ASK)) as browser:
        assert (await browser.get(path)).status in {400, 404}


@pytest.mark.parametrize(
    "path", ["/questions/none/approve", "/questions/none/dance", "/grants/none/revoke", "/runs/none/cancel"]
)
async def test_forms_about_nothing(make_world: MakeWorld, path: str) -> None:
    """Are refused, and write nothing down."""
    world = make_world(ASK)
    async with Browser(world) as browser:
        token = (await browser.get("/")).form("/say").fields["csrf"]
        said = await browser.post(path, {"csrf": token, "question": "x", "code": "x", "amount": "1.00"})
    assert said.status in {404, 409}
    assert world.log.events() == []
