"""Words to the app in Slack: who is answered, where, and what of it is done once."""

from typing import Any

import pytest

from agent.chat.letters import LATEST, TOO_LATE, TRIES
from agent.chat.slack.mention import NOT_YOURS, said_in
from agent.mind.port import Said
from agent.talk.conversation import PRESS_ALONE
from tests.agent.chat.office import IN_SLACK, Office
from tests.agent.chat.talkers import Slow
from tests.agent.conftest import MakeWorld
from tests.fakes.slack import Failure, FakeSlack, Json, markup, text_of
from tests.fakes.telegram import until

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"


@pytest.fixture
def office(make_world: MakeWorld, slack: FakeSlack) -> Office:
    """A world that asks in Slack about every order."""
    return Office(make_world(IN_SLACK), slack)


async def said(office: Office, text: str, by: str = "U0ANN", *, at_once: bool = False, **changes: Any) -> Json:
    """The answer to a mention; `at_once`: while the last one is still being answered."""
    await until(lambda: at_once or not office.talks.answers(f"slack:{by}"))
    body = office.slack.mention(text, by, **changes)
    before = len(office.slack.messages)
    await office.slack.say(body)
    await until(lambda: len(office.slack.messages) > before)
    (reply,) = office.slack.replies(body["event"].get("thread_ts", body["event"]["ts"]))[-1:]
    assert markup(reply) == []
    return reply


async def test_a_job_in_words(office: Office) -> None:
    """Proposed in the message's thread, submitted after that person's own yes, and by nobody's else."""
    async with office.listening():
        proposed = text_of((await said(office, JOB_WORDS))["blocks"])
        assert "python train.py" in proposed
        assert "say y to do it" in proposed
        await said(office, "y", "U0BOB")
        assert office.world.log.runs() == []
        done = text_of((await said(office, "y"))["blocks"])
    (run,) = office.world.log.runs()
    assert f"submitted {run.run_id}" in done


async def test_commands_are_obeyed_and_words_pay_for_nothing(office: Office) -> None:
    """In the card's thread too."""
    run_id = await office.asked()
    (card,) = office.slack.cards
    asked = office.world.log.approval(run_id)
    assert asked is not None
    async with office.listening():
        for text in (f"approve {asked.code}", f"deny {run_id}"):
            assert text_of((await said(office, text, thread_ts=card["ts"]))["blocks"]) == PRESS_ALONE
        standing = office.world.log.approval(run_id)
        assert standing is not None
        assert standing.decision is None
        assert "is being cancelled" in text_of((await said(office, f"cancel {run_id}"))["blocks"])
    assert office.world.parts.run(run_id).cancel_requested


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "U0EVE"},
        {"team": "T0ELSE"},
        {"user_team": "T0ELSE"},
        {"channel": "C0ELSE"},
        {"edited": {"user": "U0ANN", "ts": "1.0"}},
        {"bot_id": "B0ELSE"},
        {"ts": "../../x"},
        {"team": None},
    ],
    ids=str,
)
async def test_who_is_not_answered(office: Office, changes: dict[str, Any]) -> None:
    """Others than the approvers of the app's own team and channel; edits and bots. Who may know is told."""
    async with office.listening():
        await office.slack.say(office.slack.mention("freeze", **changes))
        if changes.keys() & {"user"} or "T0ELSE" in changes.values():
            assert await office.whispered() == [NOT_YOURS]
        await said(office, "help")
    assert office.world.log.frozen() is None
    assert len(office.slack.messages) == 1


async def test_what_comes_twice_is_done_once(office: Office) -> None:
    """Slack sends again what it takes to be lost, to whichever process listens."""
    (office.world.root / "project").mkdir(exist_ok=True)
    (office.world.root / "project" / "job.yaml").write_text("run: echo hello\n", encoding="utf-8")
    body = office.slack.mention("run job.yaml")
    for _ in range(2):
        async with office.listening():
            await office.slack.say(body)
            await until(lambda: office.slack.replies(body["event"]["ts"]))
            await said(office, "help")
        office.slack.opened = 0
    assert len(office.world.log.runs()) == 1
    assert len(office.slack.replies(body["event"]["ts"])) == 1


async def test_what_comes_late_is_not_done(office: Office) -> None:
    """Its writer may have done it elsewhere since."""
    office.world.clock.advance(LATEST.total_seconds() + 60)
    async with office.listening():
        assert text_of((await said(office, "freeze"))["blocks"]) == TOO_LATE
    assert office.world.log.frozen() is None


async def test_an_answer_that_takes_long_keeps_nobody_waiting(office: Office) -> None:
    """Others are answered, presses are taken; a second message of the same person is told to wait."""
    mind = Slow(Said("assistant", "Fine."))
    office.world.change(mind=mind)
    async with office.listening():
        body = office.slack.mention("Hello!")
        await office.slack.say(body)
        await mind.asked.wait()
        assert "still being answered" in text_of((await said(office, "y", at_once=True))["blocks"])
        assert "freeze" in text_of((await said(office, "help", "U0BOB"))["blocks"])
        mind.may.set()
        await until(lambda: office.slack.replies(body["event"]["ts"]))
        (reply,) = office.slack.replies(body["event"]["ts"])
    assert [block["type"] for block in reply["blocks"]] == ["context", "rich_text"]
    assert text_of(reply["blocks"]) == "the model says:\nFine."


async def test_an_answer_is_tried_again(office: Office) -> None:
    """Where Slack is down for a moment."""
    down = Failure(503, "<html>no upstream</html>")
    office.slack.failures["chat.postMessage"] = [down] * (TRIES - 1)
    async with office.listening():
        assert "freeze" in text_of((await said(office, "help"))["blocks"])


def test_slacks_marks_are_undone() -> None:
    """It makes a link of `train.py` by itself."""
    typed = "<@U0BOT> run `python <http://train.py|train.py> &gt; log &amp;&amp; ls` in <https://a.example/b>"
    assert said_in(typed) == "run `python train.py > log && ls` in https://a.example/b"
