"""Telegram when it fails: what is tried again, what is let go, and what is told of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from agent.chat.messages import ChannelDown
from agent.chat.posted import Posted
from agent.chat.telegram.press import NOT_RECORDED
from agent.chat.telegram.run import Keys, run
from agent.chat.telegram.updates import Updates
from agent.chat.telegram.wire import bot_at
from agent.chat.telegram.words import mark_of
from agent.questions import Question
from tests.agent.chat.booth import Booth, StillClock
from tests.agent.chat.talkers import talks_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import CHAT, SECRET, TOKEN, Failure, FakeTelegram, until
from tests.fakes.telegram_limits import buttons
from tools.errors import StoreUnusable
from tools.spend_log.rows import Decision


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (Failure(429, {"ok": False, "description": "Too Many", "parameters": {"retry_after": 7}}), 7.0),
        (Failure(429, {"ok": False, "description": "Too Many", "parameters": {"retry_after": 99999}}), 600.0),
        (Failure(500, {"ok": False, "description": "Internal Server Error"}), 2.0),
        (Failure(502, f"<html>no upstream for /bot{TOKEN}/sendMessage</html>"), 2.0),
        (Failure(200, f"<html>captive portal for /bot{TOKEN}/sendMessage</html>"), 2.0),
        (Failure(200, {"ok": True}), 2.0),
        (Failure(200, {"ok": True, "result": 7}), 2.0),
        (Failure(403, {"ok": False, "description": "Forbidden: bot was kicked from the supergroup chat"}), 2.0),
        (Failure(400, {"ok": False, "description": "Bad Request: chat not found"}), 2.0),
        (Failure(400, {"ok": False, "description": "Bad Request: x", "parameters": {"migrate_to_chat_id": -7}}), 2.0),
        (Failure(401, {"ok": False, "description": "Unauthorized"}), 2.0),
        (Failure(404, {"ok": False, "description": f"Not Found: /bot{TOKEN}"}), 2.0),
    ],
    ids=["too many", "long", "500", "502", "html", "none", "odd", "kicked", "no chat", "moved", "token", "404"],
)
async def test_a_channel_that_fails_is_tried_again(
    booth: Booth, said: list[EventDict], caplog: pytest.LogCaptureFixture, failure: Failure, wait: float
) -> None:
    """After as long as Telegram says, else a growing while; nothing is lost, and no token is in what is logged."""
    caplog.set_level(0)
    run_id = booth.world.submit()
    await booth.world.drive(run_id, wait=False)
    booth.telegram.failures["sendMessage"] = [failure]
    assert await booth.relay._seconds_until_next() == wait
    assert booth.telegram.cards == []
    assert await booth.relay._seconds_until_next() == 1.0
    assert len(booth.telegram.cards) == 1
    assert SECRET not in repr(said) + caplog.text


async def test_a_message_that_is_never_taken_holds_up_no_other(booth: Booth, said: list[EventDict]) -> None:
    """It is told in the log; it is not tried again."""
    run_id = booth.world.submit()
    await booth.world.drive(run_id, wait=False)
    refusal = {"ok": False, "description": "Bad Request: BUTTON_DATA_INVALID"}
    booth.telegram.failures["sendMessage"] = [Failure(400, refusal)]
    await booth.asked()
    assert len(booth.telegram.cards) == 1
    assert [line["why"] for line in said if line["log_level"] == "error"] == ["BadRequest: Button_data_invalid"]


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "closed before"])
async def test_a_card_that_can_not_be_closed_again_is_closed(
    booth: Booth, said: list[EventDict], *, deleted: bool
) -> None:
    """Somebody removed it from the chat; or the answer to the edit was lost, and it is as it should be."""
    await booth.asked()
    booth.world.clock.advance(3601)
    if deleted:
        booth.telegram.messages.clear()
    else:
        before = (booth.world.home.chat / "telegram.json").read_bytes()
        await booth.relay.round()
        (booth.world.home.chat / "telegram.json").write_bytes(before)
        booth.restart()
    await booth.relay.round()
    assert booth.posted.cards == {}
    assert not [line for line in said if line["log_level"] != "info"]


def turn_of(booth: Booth) -> tuple[Question, Callable[[], bool]]:
    """What comes of a first press, as it is judged: the card is to ask once more, while its question stands."""
    answer = booth.door.answer(booth.telegram.query("Approve"))
    assert answer is not None
    assert answer.turn is not None
    question = answer.turn.question
    return question, partial(booth.door.stands, mark_of(question))


async def test_a_card_that_closed_gets_no_buttons_back(booth: Booth) -> None:
    """The press was judged while the question stood; by when the buttons are due it does not."""
    run_id = await booth.asked()
    (card,) = booth.telegram.cards
    question, stands = turn_of(booth)
    booth.world.decide(run_id, Decision.DENIED)
    await booth.relay.round()
    await booth.channel.turn(card["message_id"], question, sure=True, stands=stands)
    assert buttons(card) == []


async def test_a_card_closes_after_the_buttons_that_are_on_their_way(booth: Booth) -> None:
    """Else they would come back under what is over."""
    run_id = await booth.asked()
    (card,) = booth.telegram.cards
    question, stands = turn_of(booth)
    arrives = booth.telegram.held["editMessageReplyMarkup"] = asyncio.Event()
    turning = asyncio.create_task(booth.channel.turn(card["message_id"], question, sure=True, stands=stands))
    await until(lambda: booth.telegram.calls[-1][0] == "editMessageReplyMarkup")
    booth.world.decide(run_id, Decision.DENIED)
    closing = asyncio.create_task(booth.relay.round())
    await asyncio.wait([closing], timeout=0.2)
    arrives.set()
    await asyncio.gather(turning, closing)
    assert buttons(card) == []


async def test_nobody_at_the_other_end(booth: Booth) -> None:
    """A refused connection is a channel that is down; its URL is told nowhere."""
    async with bot_at("http://127.0.0.1:9", TOKEN) as bot:
        with pytest.raises(ChannelDown, match="NetworkError") as told:
            await bot.waiting(0)
    assert SECRET not in str(told.value)
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [
        (Failure(401, {"ok": False, "description": "Unauthorized"}), "TELEGRAM_BOT_TOKEN is to be the token"),
        (Failure(409, {"ok": False, "description": "Conflict: webhook is active"}), "a bot that nothing else polls"),
        (Failure(200, {"ok": True, "result": {"update_id": 1}}), "updates that can't be read"),
        (Failure(200, {"ok": True, "result": [{"update_id": -1}]}), "updates that can't be read"),
        (Failure(200, {"ok": True, "result": [{"callback_query": {}}]}), "updates that can't be read"),
    ],
    ids=["token", "conflict", "no list", "below zero", "no number"],
)
async def test_a_poll_that_fails_is_told_with_its_remedy(
    booth: Booth, said: list[EventDict], failure: Failure, remedy: str
) -> None:
    """And tried again; the press that waits meanwhile counts."""
    run_id = await booth.asked()
    booth.telegram.failures["getUpdates"] = [failure]
    booth.telegram.press("Deny")
    updates = Updates(booth.bot, booth.channel, booth.door, booth.ear, FakeClock(booth.world.clock.now()))
    polling = asyncio.create_task(updates.run())
    await until(lambda: booth.telegram.told)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    (why,) = [line["why"] for line in said if line["event"] == "nothing is taken now"]
    assert remedy in why
    assert booth.telegram.told == [f"{run_id}: denied."]


async def test_two_who_poll_with_one_token(booth: Booth) -> None:
    """The one that asked first is told of the conflict."""
    first = asyncio.create_task(booth.bot.waiting(0))
    await until(lambda: booth.telegram.all_confirmed)
    second = asyncio.create_task(booth.bot.waiting(0))
    with pytest.raises(ChannelDown, match="used elsewhere too"):
        await first
    booth.telegram.send({})
    assert len(await second) == 1


async def test_a_press_that_can_not_be_recorded_is_not_lost_in_silence(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pressed knows that nothing was decided; the next press is judged as ever."""
    run_id = await booth.asked()

    def unusable(*_: object, **__: object) -> None:
        raise StoreUnusable("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(booth.world.log, "decide", unusable)
        async with booth.listening():
            booth.telegram.press("Deny")
    async with booth.listening():
        booth.telegram.press("Deny")
    assert booth.telegram.told == [NOT_RECORDED, f"{run_id}: denied."]


async def test_an_answer_that_comes_too_late_is_let_go(booth: Booth) -> None:
    """Telegram takes none for a press of yesterday; what it decided stands, and the next one is judged."""
    await booth.asked()
    booth.telegram.press("Deny", id="1")
    async with booth.listening():
        booth.telegram.press("Deny")
    assert [text.partition(" by ")[0] for text in booth.telegram.told] == ["Nothing was decided: already denied"]


async def test_one_broken_update_holds_up_no_other(booth: Booth) -> None:
    """It is confirmed like any other, and does not come again."""
    run_id = await booth.asked()
    for broken in ({}, {"id": 7}, {"id": "1", "from": None}):
        booth.telegram.send(broken)
    async with booth.listening():
        booth.telegram.press("Deny")
    assert booth.telegram.told == [f"{run_id}: denied."]
    assert booth.telegram.updates == []


async def test_one_worker_of_a_home_talks_to_telegram_and_another_takes_over(
    booth: Booth, said: list[EventDict]
) -> None:
    """Telegram gives each press to one who asks: two would take them from each other."""
    run_id = booth.world.submit()
    await booth.world.drive(run_id, wait=False)
    parts = replace(booth.world.parts, clock=StillClock(booth.world.clock))
    first, second = (
        asyncio.create_task(run(parts, Keys(SecretStr(TOKEN), CHAT, booth.telegram.url), booth.talks)) for _ in range(2)
    )
    noted = booth.world.home.chat / "telegram.json"
    await until(lambda: Posted.read(noted).cards and booth.telegram.all_confirmed)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    booth.telegram.press("Deny")
    await until(lambda: booth.telegram.told)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert booth.telegram.told == [f"{run_id}: denied."]
    assert len(booth.telegram.cards) == 1
    assert not [line for line in said if line["log_level"] == "warning"]


async def test_without_approvers_it_is_only_told(make_world: MakeWorld, telegram: FakeTelegram) -> None:
    """How to answer elsewhere; no buttons, and presses are not even asked for."""
    world = make_world(ASK)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    parts = replace(world.parts, clock=StillClock(world.clock))
    running = asyncio.create_task(run(parts, Keys(SecretStr(TOKEN), CHAT, telegram.url), talks_of(world)))
    await until(lambda: telegram.cards)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert f"Answer it in a terminal: `swineherd approve {run_id}`" in telegram.cards[0]["text"]
    assert buttons(telegram.cards[0]) == []
    assert {method for method, _ in telegram.calls} == {"sendMessage"}
