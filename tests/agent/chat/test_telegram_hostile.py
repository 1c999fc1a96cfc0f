"""What others put into names and presses in Telegram."""

from dataclasses import replace
from typing import Any

import pytest
from structlog.typing import EventDict
from telegram import InlineKeyboardMarkup

from agent.card import Alternative, Taken, offer_card
from agent.chat import news
from agent.chat.messages import Asking, Over, Said
from agent.chat.telegram import words
from agent.chat.telegram.press import NOT_UNDERSTOOD
from agent.chat.telegram.words import Words
from agent.questions import Question
from policies.money import Cents
from tests.agent.chat.booth import Booth
from tests.fakes.telegram import ANN, CHAT
from tests.fakes.telegram_limits import Json, markup_in, wrong_markup, wrong_text

HOSTILE = [
    "@all #tag $BTC /start@evil_bot ann@evil.example +1-212-555-0123",
    "<b>bold</b> <a href='https://evil.example'>Approve</a> *b* _i_ `c` ``` ||s|| &lt;",
    "https://evil.example/approve www.evil.example evil.example [x](tg://resolve?domain=evil)",
    "a\u202eb\u200bc\x00d\nnew line",
    "x" * 5_000,
    "🐷" * 3_000,
]


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
        taken=(Taken(text, text, 1),) * 5,
        variables=(text,) * 5,
        secrets=(text,) * 5,
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
