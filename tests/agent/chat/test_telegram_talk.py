"""Words to the bot in Telegram: who is answered, and what of it is done once."""

from typing import Any

import pytest

from agent.chat.letters import LATEST, TOO_LATE, Inbox, Letter, Say
from agent.chat.telegram.message import Ear, typed_in
from agent.mind.port import Said
from agent.talk.conversation import PRESS_ALONE
from tests.agent.chat.booth import Booth
from tests.agent.chat.talkers import Slow
from tests.fakes.telegram import ANN, BOB, EVE, until
from tests.fakes.telegram_limits import Json, markup_in

JOB_WORDS = "run `python train.py` for two hours on an RTX 4090, at most $5"


async def said(booth: Booth, text: str, by: int = ANN, *, at_once: bool = False, **changes: Any) -> str:
    """What is replied to a message; `at_once`: while the last one is still being answered."""
    await until(lambda: at_once or not booth.talks.answers(f"telegram:{by}"))
    number = booth.telegram.write(text, by, **changes)["message"]["message_id"]
    await until(lambda: booth.telegram.replies(number))
    await until(lambda: booth.telegram.all_confirmed)
    replies: list[Json] = booth.telegram.replies(number)
    assert [markup_in(one) for one in replies] == [[]] * len(replies)
    return "\n".join(one["text"] for one in replies)


async def test_a_job_in_words(booth: Booth) -> None:
    """Proposed as a reply, submitted after that person's own yes, and by nobody's else."""
    async with booth.listening():
        number = booth.telegram.write(JOB_WORDS)["message"]["message_id"]
        await until(lambda: len(booth.telegram.replies(number)) == 2)
        proposed, how = booth.telegram.replies(number)
        assert proposed["text"].startswith("Proposed:\n")
        assert "python train.py" in proposed["text"]
        assert "say y to do it" in how["text"]
        await said(booth, "y", BOB)
        assert booth.world.log.runs() == []
        done = await said(booth, "y")
    (run,) = booth.world.log.runs()
    assert f"submitted {run.run_id}" in done


async def test_commands_are_obeyed_and_words_pay_for_nothing(booth: Booth) -> None:
    """As a reply to the card itself too."""
    run_id = await booth.asked()
    asked = booth.world.log.approval(run_id)
    assert asked is not None
    async with booth.listening():
        for text in (f"approve {asked.code}", f"deny {run_id}"):
            assert await said(booth, text) == PRESS_ALONE
        standing = booth.world.log.approval(run_id)
        assert standing is not None
        assert standing.decision is None
        assert "is being cancelled" in await said(booth, f"/cancel@herd_bot {run_id}")
    assert booth.world.parts.run(run_id).cancel_requested


@pytest.mark.parametrize(
    "changes",
    [
        {"from": {"id": EVE, "is_bot": False}},
        {"from": {"id": ANN, "is_bot": True}},
        {"chat": {"id": -5, "type": "group"}},
        {"chat": {"id": ANN, "type": "private"}},
        {"reply_to_message": None},
        {"reply_to_message": {"message_id": 1, "from": {"id": BOB, "is_bot": False}}},
        {"forward_origin": {"type": "user"}},
        {"sender_chat": {"id": -5}},
        {"via_bot": {"id": 7}},
    ],
    ids=str,
)
async def test_who_is_not_answered(booth: Booth, changes: dict[str, Any]) -> None:
    """Others than approvers, other chats, what is said among people, and what others wrote."""
    async with booth.listening():
        booth.telegram.write("freeze", **changes)
        await said(booth, "help")
    assert booth.world.log.frozen() is None
    assert len(booth.telegram.messages) == 1


async def test_what_comes_twice_is_done_once(booth: Booth) -> None:
    """Telegram sends again what was not confirmed, as after the death of a worker."""
    (booth.world.root / "project" / "job.yaml").write_text("run: echo hello\n", encoding="utf-8")
    update = booth.telegram.write("run job.yaml")
    for _ in range(2):
        async with booth.listening():
            await until(lambda: booth.telegram.messages)
        booth.restart()
        booth.telegram.send(update["message"], "message")
    async with booth.listening():
        await said(booth, "help")
    assert len(booth.world.log.runs()) == 1
    assert len(booth.telegram.replies(update["message"]["message_id"])) == 1


async def test_what_comes_late_is_not_done(booth: Booth) -> None:
    """Telegram keeps messages for a day."""
    booth.world.clock.advance(LATEST.total_seconds() + 60)
    async with booth.listening():
        assert await said(booth, "freeze") == TOO_LATE
    assert booth.world.log.frozen() is None


async def test_an_answer_that_takes_long_keeps_nobody_waiting(booth: Booth) -> None:
    """Others are answered; a second message of the same person is told to wait."""
    mind = Slow(Said("assistant", "Fine.\nReally."))
    booth.world.change(mind=mind)
    booth.restart()
    async with booth.listening():
        number = booth.telegram.write("Hello!")["message"]["message_id"]
        await mind.asked.wait()
        assert "still being answered" in await said(booth, "y", at_once=True)
        assert "freeze" in await said(booth, "help", BOB)
        mind.may.set()
        await until(lambda: booth.telegram.replies(number))
    (reply,) = booth.telegram.replies(number)
    assert reply["text"] == "The model says:\n│ Fine.\n│ Really."


async def test_with_the_bot_alone_all_is_meant_for_it(booth: Booth) -> None:
    """No reply is needed; and words of theirs in a group are then from elsewhere."""
    took: list[Letter] = []

    class Kept(Inbox):
        async def take(self, letter: Letter, say: Say) -> None:
            took.append(letter)

    ear = Ear(booth.world.parts, ANN, booth.bot.own_id, Kept(booth.world.parts, booth.talks, "telegram"))
    private: dict[str, Any] = {"chat": {"id": ANN, "type": "private"}, "reply_to_message": None}
    for message in (booth.telegram.write("runs", **private), booth.telegram.write("freeze")):
        await ear.hear(message["message"], booth.channel)
    assert [(one.person.name, one.text) for one in took] == [(f"telegram:{ANN}", "runs")]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("/help@herd_bot", "help"),
        ("/start", "help"),
        ("/run a.yaml", "run a.yaml"),
        ("/tmp/x is full", "/tmp/x is full"),
    ],
)
def test_commands_as_telegram_writes_them(text: str, typed: str) -> None:
    """With a slash, and in groups with the bot's name."""
    assert typed_in(text) == typed
