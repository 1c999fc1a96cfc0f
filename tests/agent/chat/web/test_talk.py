"""Words on the first page: taken up at once, shown as they come, answered by buttons or by words."""

import asyncio

import pytest

from agent.chat.web.pages.home_view import HomeSubject
from agent.chat.web.pages.spoken import Spoken
from agent.mind.port import Said
from agent.talk.conversation import PRESS_ALONE
from tests.agent.chat.talkers import Slow, talks_of
from tests.agent.chat.web.browser import Browser, Read
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, JOB, World

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"
BUSY = "This is being answered"


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """With no model; a human is asked about every order."""
    world = make_world(ASK)
    talks_of(world)
    return world


async def said(browser: Browser, text: str) -> Read:
    """Typed, and answered."""
    page = await browser.press(await browser.get("/"), "/say", {"text": text})
    assert page.status == 200
    return await answered(browser)


async def answered(browser: Browser) -> Read:
    async with asyncio.timeout(30):
        while BUSY in (page := await browser.get("/")).text:  # noqa: ASYNC110 - as a human would
            await asyncio.sleep(0.01)
    return page


async def test_a_question_is_answered_on_the_page(world: World) -> None:
    """Of one's own: what others say is on theirs."""
    async with Browser(world) as browser, Browser(world, "web:bob", beside=browser) as bob:
        page = await said(browser, "Which GPUs are there?")
        assert "You Which GPUs are there?" in page.text
        assert "RTX 4090" in page.text
        assert "You" not in (await bob.get("/")).text


async def test_a_proposal_is_done_by_its_button(world: World) -> None:
    """Once; the button of another proposal does nothing."""
    async with Browser(world, folder=world.root / "project") as browser:
        first = await said(browser, JOB_WORDS)
        assert "python train.py" in first.text
        second = await said(browser, JOB_WORDS.replace("two hours", "three hours"))
        answers = [one for one in first.elements if one.attributes.get("action") == "/talk/answer"]
        assert [one.fields["answer"] for one in answers] == ["y", "n"]
        stale = await browser.post("/talk/answer", answers[0].fields)
        assert (stale.status, world.log.runs()) == (409, [])
        yes = next(one for one in second.elements if one.attributes.get("action") == "/talk/answer")
        assert (await browser.post("/talk/answer", yes.fields)).status == 200
        page = await answered(browser)
        (run,) = world.log.runs()
        assert f"Submitted {run.run_id}" in page.text
        assert not page.has_form("/talk/answer")
        assert (await browser.post("/talk/answer", yes.fields)).status == 409
    assert len(world.log.runs()) == 1
    assert "hours: 3" in (world.home.run(run.run_id).job_file).read_text(encoding="utf-8")


async def test_a_no_by_its_button(world: World) -> None:
    """It is gone; nothing else is an answer."""
    async with Browser(world, folder=world.root / "project") as browser:
        page = await said(browser, JOB_WORDS)
        no = [one for one in page.elements if one.attributes.get("action") == "/talk/answer"][1]
        assert (await browser.post("/talk/answer", {**no.fields, "answer": "approve"})).status == 400
        await browser.post("/talk/answer", no.fields)
        assert "Left as it is" in (await answered(browser)).text
    assert world.log.runs() == []


async def test_nothing_waits_for_an_answer(world: World) -> None:
    """The page is there at once and says that it is being answered; a second message is refused meanwhile."""
    mind = Slow(Said("assistant", "Fine <b>so</b> far."))
    world.change(mind=mind)
    async with Browser(world) as browser:
        page = await browser.press(await browser.get("/"), "/say", {"text": "Hello!"})
        assert BUSY in page.text
        refused = await browser.press(page, "/say", {"text": "y"}, htmx=True)
        assert (refused.status, "still being answered" in refused.text) == (409, True)
        assert (await browser.press(page, "/say", {"text": "help"}, htmx=True)).status == 200
        mind.may.set()
        page = await answered(browser)
    assert "The model says Fine <b>so</b> far." in page.text
    assert "<b>" not in page.html


async def test_no_word_pays(world: World) -> None:
    """The card's presses stay the only way."""
    run = await world.run(JOB, wait=False)
    approval = world.log.approval(run.run_id)
    assert approval is not None
    async with Browser(world) as browser:
        for text in (f"approve {approval.code}", f"deny {run.run_id}"):
            assert PRESS_ALONE[1:] in (await said(browser, text)).text
    still = world.log.approval(run.run_id)
    assert still is not None
    assert still.decision is None


async def test_an_open_page_gets_more_of_it_as_it_comes(world: World) -> None:
    """Of the one whose page it is, and only where something was said."""
    spoken = Spoken()
    subject = HomeSubject(world.parts, world.root, "web:ann", spoken)
    marks, cursor = subject.marks(), subject.show().cursor
    assert subject.marks() == marks
    spoken.human("Hello!")
    assert subject.marks() != marks
    (piece,) = [one for part in subject.show().parts if (one := part.since(_token(cursor, part.key)))]
    assert (piece.name, BUSY in piece.html) == ("talk", True)


def _token(cursor: str, key: str) -> str:
    return dict(pair.split(".", 1) for pair in cursor.split("~")).get(key, "")
