"""Telegram when it fails, and what others put into names and presses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.typing import EventDict
from telegram import InlineKeyboardMarkup

from agent.card import Alternative, Taken, offer_card
from agent.chat import news
from agent.chat.messages import Asking, ChannelDown, Over, Said
from agent.chat.telegram import words
from agent.chat.telegram.press import NOT_RECORDED, NOT_UNDERSTOOD
from agent.chat.telegram.updates import Updates
from agent.chat.telegram.wire import bot_at
from agent.chat.telegram.words import Words
from agent.questions import Question
from policies.money import Cents
from tests.agent.chat.booth import IN_TELEGRAM, Booth, booth_of
from tests.agent.conftest import MakeWorld
from tests.fakes.clock import FakeClock
from tests.fakes.telegram import (
    ANN,
    CHAT,
    SECRET,
    TOKEN,
    Failure,
    FakeTelegram,
    Json,
    markup_in,
    wrong_markup,
    wrong_text,
)
from tools.errors import StoreUnusable

HOSTILE = [
    "@all #tag $BTC /start@evil_bot ann@evil.example +1-212-555-0123",
    "<b>bold</b> <a href='https://evil.example'>Approve</a> *b* _i_ `c` ``` ||s|| &lt;",
    "https://evil.example/approve www.evil.example evil.example [x](tg://resolve?domain=evil)",
    "a\u202eb\u200bc\x00d\nnew line",
    "x" * 5_000,
    "🐷" * 3_000,
]


@pytest.fixture
async def booth(make_world: MakeWorld, telegram: FakeTelegram) -> AsyncIterator[Booth]:
    """A world that asks in Telegram about every order."""
    async with booth_of(make_world(IN_TELEGRAM), telegram) as booth:
        yield booth


def standing(booth: Booth) -> Question:
    """What is asked now."""
    (question,) = news.standing(booth.world.parts, booth.world.clock.now()).values()
    return question


def as_sent(shown: Words) -> Json:
    """A message as it goes over the wire."""
    entities = [entity.to_dict() for entity in shown.entities]
    return {"text": shown.text, "entities": entities, "link_preview_options": {"is_disabled": True}}


def data_of(markup: InlineKeyboardMarkup, row: int) -> str:
    """What a button would send."""
    return str(markup.inline_keyboard[row][0].callback_data)


@pytest.mark.parametrize("text", HOSTILE, ids=["mentions", "markup", "links", "unseen", "long", "wide"])
async def test_no_field_from_outside_becomes_a_link(booth: Booth, text: str) -> None:
    """In each field at once: within Telegram's limits, in no place that it reads, the sum and the GPU always there."""
    run_id = await booth.asked()
    question = standing(booth)
    approval = booth.world.log.approval(run_id)
    assert approval is not None
    card = offer_card(booth.world.parts, approval)
    hostile = replace(
        card,
        approval=replace(approval, offer=replace(card.offer, gpu_name=text, gpu_id=text)),
        job_name=text,
        reason=text,
        alternatives=(Alternative(text, text, 24, 2, Cents(5), text),) * 2,
        commands=(("setup", text[:4000]), ("run", text[:4000]), ("resume", text[:4000])),
        taken=(Taken(text, text, 1),) * 20,
        variables=(text,) * 20,
        secrets=(text,) * 20,
    )
    asked = words.asked(Asking(question, text, hostile, (text,)), answered_here=True)
    shown = [
        asked,
        words.asked(Asking(question, text, None, (text, text)), answered_here=False),
        words.over(Over(run_id, text, text)),
        words.said(Said(text, (text, text), text)),
    ]
    for one in map(as_sent, shown):
        assert wrong_text(one["text"], one["entities"]) is None
        assert markup_in(one) == []
        assert not any(unseen in one["text"] for unseen in "\u202e\u200b\x00")
    for fact in ("Approve $0.98?", run_id, "2 h × $0.49/h = $0.98", "expires at", "setup:", "run:", "resume:"):
        assert fact in asked.text
    facts = asked.text.partition("\nsetup:")[0]
    assert "https://" not in facts
    assert "www." not in facts
    for sure in (False, True):
        assert wrong_markup(words.buttons(question, sure=sure).to_dict()) is None
    assert words.units(words.short(text, 200)) <= 200


async def test_what_is_cut_says_so_and_a_short_command_is_not(booth: Booth) -> None:
    """The commands share the room; of a log its end is what counts."""
    run_id = await booth.asked()
    approval = booth.world.log.approval(run_id)
    assert approval is not None
    card = offer_card(booth.world.parts, approval)
    long = replace(card, commands=(("setup", "s" * 4000), ("run", "python train.py")))
    text = words.asked(Asking(standing(booth), "t", long, ()), answered_here=True).text
    assert f"s… (cut: `swineherd show {run_id}` has more)\nrun:\npython train.py" in text
    assert words.units(text) > 4000
    log = words.said(Said("t", (), "🐷" * 2490 + "the end")).text
    assert log.startswith("t\n…")
    assert log.endswith("the end")


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


async def test_nobody_at_the_other_end(booth: Booth) -> None:
    """A refused connection is a channel that is down; its URL is told nowhere."""
    async with bot_at("http://127.0.0.1:9", TOKEN) as bot:
        with pytest.raises(ChannelDown, match="NetworkError") as told:
            await bot.waiting(0)
    assert SECRET not in str(told.value)
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
    updates = Updates(booth.bot, booth.channel, booth.door, FakeClock(booth.world.clock.now()))
    polling = asyncio.create_task(updates.run())
    while not booth.telegram.told:  # noqa: ASYNC110 - the stand-in knows
        await asyncio.sleep(0.005)
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    (why,) = [line["why"] for line in said if line["event"] == "no presses are taken now"]
    assert remedy in why
    assert booth.telegram.told == [f"{run_id}: denied."]


async def test_two_who_poll_with_one_token(booth: Booth) -> None:
    """The one that asked first is told of the conflict."""
    first = asyncio.create_task(booth.bot.waiting(0))
    while not booth.telegram.all_confirmed:  # noqa: ASYNC110 - the stand-in knows
        await asyncio.sleep(0.005)
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


def without(query: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in query.items() if key != name}


async def test_malformed_presses_decide_nothing(booth: Booth, said: list[EventDict]) -> None:
    """Fields that are missing, of another type, or too long; a message that can't be seen; data that names nothing."""
    run_id = await booth.asked()
    good = booth.telegram.query("Approve")
    yes = data_of(words.buttons(standing(booth), sure=True), 1)
    good = good | {"data": yes, "from": good["from"] | {"first_name": "zqxname", "username": "zqxname"}}
    message = good["message"]
    hopeless: list[object] = [None, [], "callback_query", without(good, "id"), good | {"id": 7}, good | {"id": ""}]
    assert [booth.door.answer(query) for query in hopeless] == [None] * len(hopeless)
    malformed: list[dict[str, Any]] = [
        *(without(good, name) for name in ("from", "message", "data")),
        without(good, "message") | {"inline_message_id": "AAAA"},
        good | {"message": message | {"date": 0}},
        good | {"message": without(message, "chat")},
        good | {"message": message | {"chat": {"id": str(CHAT)}}},
        good | {"message": message | {"message_id": "7"}},
        good | {"from": {"id": str(ANN), "is_bot": False}},
        good | {"from": {"id": float(ANN), "is_bot": False}},
        good | {"from": {"id": ANN}},
        good | {"from": {"id": ANN, "is_bot": "no"}},
        good | {"from": {"id": -ANN, "is_bot": False}},
        good | {"data": None},
        *(good | {"data": data} for data in ("", "y", yes + "0", yes + "\n", "z" + yes[1:], yes.upper(), yes * 2)),
    ]
    for query in malformed:
        answer = booth.door.answer(query)
        assert answer is not None
        assert (answer.words, answer.alert) == (NOT_UNDERSTOOD, True)
    approval = booth.world.log.approval(run_id)
    assert approval is not None
    assert approval.decision is None
    assert "zqxname" not in repr(said)


async def test_data_for_another_question_decides_nothing(booth: Booth) -> None:
    """Of another amount, another offer, another run; a name on the way in is cleaned and bounded."""
    run_id = await booth.asked()
    question = standing(booth)
    good = booth.telegram.query("Approve")
    for other in (
        replace(question, amount=Cents(question.amount - 1)),
        replace(question, question_id=f"{run_id}/2"),
        replace(question, subject="no-such"),
    ):
        answer = booth.door.answer(good | {"data": data_of(words.buttons(other, sure=True), 1)})
        assert answer is not None
        assert answer.words == "Nothing was decided: the button names another question."
    name = "Bob) @all \u202e(https://evil.example " + "y" * 500
    yes = good | {"data": data_of(words.buttons(question, sure=True), 1)}
    answer = booth.door.answer(yes | {"from": {"id": ANN, "is_bot": False, "first_name": name}})
    assert answer is not None
    assert answer.words == f"{run_id}: approved."
    decided = booth.world.log.approval(run_id)
    assert decided is not None
    assert decided.decided_by.startswith(f"telegram:{ANN} (Bob @all [link] ")
    assert len(decided.decided_by) < 80


async def test_one_broken_update_holds_up_no_other(booth: Booth) -> None:
    """It is confirmed like any other, and does not come again."""
    run_id = await booth.asked()
    for broken in ({}, {"id": 7}, {"id": "1", "from": None}):
        booth.telegram.send(broken)
    async with booth.listening():
        booth.telegram.press("Deny")
    assert booth.telegram.told == [f"{run_id}: denied."]
    assert booth.telegram.updates == []
