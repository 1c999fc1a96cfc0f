"""Slack when it fails, and what others put into names and payloads."""

import json
from dataclasses import replace
from typing import Any

import pytest
from structlog.typing import EventDict

from agent.card import Alternative, Taken, offer_card
from agent.chat import news
from agent.chat.messages import Asking, ChannelDown, Over, Said
from agent.chat.slack import blocks
from agent.chat.slack.press import NOT_UNDERSTOOD, Door
from policies.money import Cents
from tests.agent.chat.office import IN_SLACK, Office
from tests.agent.conftest import MakeWorld
from tests.fakes.slack import CHANNEL, TEAM, Failure, FakeSlack, markup, text_of, wrong_blocks

YES = "swineherd_approve"

HOSTILE = [
    "<!channel> <@U0BOB> <https://evil.example|Approve>",
    "*bold* _it_ ~no~ `code` ```block``` > quote :pig: :skull:",
    "https://evil.example/approve www.evil.example [x](https://evil.example)",
    "a\u202eb\u200bc\x00d\nnew line",
    "x" * 5_000,
]


@pytest.fixture
def office(make_world: MakeWorld, slack: FakeSlack) -> Office:
    """A world that asks in Slack about every order."""
    return Office(make_world(IN_SLACK), slack)


@pytest.mark.parametrize("text", HOSTILE, ids=["mentions", "markup", "links", "unseen", "long"])
async def test_no_field_from_outside_is_read_as_markup(office: Office, text: str) -> None:
    """In each field at once: within Slack's limits, no link, no mention, no emoji, one line where one is due."""
    run_id = await office.asked()
    world = office.world
    approval = world.log.approval(run_id)
    assert approval is not None
    card = offer_card(world.parts, approval)
    offer = replace(card.offer, gpu_name=text, gpu_id=text)
    hostile = replace(
        card,
        approval=replace(approval, offer=offer),
        job_name=text,
        reason=text,
        alternatives=(Alternative(text, text, 24, 2, Cents(5), text),) * 2,
        commands=(("setup", text[:4000]), ("run", text[:4000]), ("resume", text[:4000])),
        taken=(Taken(text, text, 1),) * 20,
        variables=(text,) * 20,
        secrets=(text,) * 20,
    )
    question = news.standing(world.parts, world.clock.now())[approval.approval_id]
    shown = [
        blocks.asked(Asking(question, text, hostile, (text,)), answered_here=True),
        blocks.asked(Asking(question, text, None, (text, text)), answered_here=False),
        blocks.over(Over(run_id, text, text)),
        blocks.said(Said(text, (text, text), text)),
        blocks.note(text),
    ]
    for one in shown:
        plain: list[dict[str, Any]] = json.loads(json.dumps(one))
        assert wrong_blocks(plain) is None
        assert markup({"blocks": plain, "text": blocks.escaped(text)}) == []
    facts = text_of([one for one in json.loads(json.dumps(shown[0])) if one["type"] in {"section", "context"}])
    assert "evil.example" not in facts.replace("<https://evil.example|Approve>", "")
    assert not any(unseen in facts for unseen in "\u202e\u200b\x00")


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (Failure(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"}), 7.0),
        (Failure(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "never"}), 2.0),
        (Failure(500, {"ok": False, "error": "internal_error"}), 2.0),
        (Failure(503, "<html>no upstream</html>"), 2.0),
        (Failure(200, {"ok": False, "error": "not_in_channel"}), 2.0),
        (Failure(200, {"ok": True}), 2.0),
        (Failure(200, {"ok": True, "ts": 7}), 2.0),
    ],
    ids=["too many", "odd wait", "500", "503 html", "not in channel", "no ts", "odd ts"],
)
async def test_a_channel_that_fails_is_tried_again(office: Office, failure: Failure, wait: float) -> None:
    """After as long as Slack says, else a growing while; nothing is lost, and the run asks on meanwhile."""
    run_id = office.world.submit()
    await office.world.drive(run_id, wait=False)
    office.slack.failures["chat.postMessage"] = [failure]
    assert await office.relay._seconds_until_next() == wait
    assert office.slack.cards == []
    assert await office.relay._seconds_until_next() == 1.0
    assert len(office.slack.cards) == 1


async def test_a_message_that_is_never_taken_holds_up_no_other(office: Office, said: list[EventDict]) -> None:
    """It is told in the log; it is not tried again."""
    run_id = office.world.submit()
    await office.world.drive(run_id, wait=False)
    office.slack.failures["chat.postMessage"] = [Failure(200, {"ok": False, "error": "invalid_blocks"})]
    await office.asked()
    assert len(office.slack.cards) == 1
    assert [line["why"] for line in said if line["log_level"] == "error"] == ["invalid_blocks"]


async def test_a_card_that_was_deleted_is_let_go(office: Office) -> None:
    """Somebody removed it from the channel."""
    await office.asked()
    office.world.clock.advance(3601)
    office.slack.failures["chat.update"] = [Failure(200, {"ok": False, "error": "message_not_found"})]
    await office.relay.round()
    await office.another_relay().round()
    assert [method for method, _ in office.slack.calls].count("chat.update") == 1


async def test_nobody_at_the_other_end(office: Office) -> None:
    """A refused connection is a channel that is down."""
    office.channel._client.base_url = "http://127.0.0.1:9/api/"
    with pytest.raises(ChannelDown, match="no answer"):
        await office.asked()


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


async def test_malformed_presses_decide_nothing(office: Office, said: list[EventDict]) -> None:
    """Fields that are missing, of another type, or too long; and values that name no question."""
    run_id = await office.asked()
    door = Door(office.world.parts, TEAM, CHANNEL)
    good = office.slack.body(YES)
    good["user"]["name"] = "zqxname"
    action = good["actions"][0]
    malformed: list[object] = [
        None,
        [],
        "block_actions",
        *(without(good, name) for name in ("type", "team", "user", "channel", "actions")),
        good | {"type": "view_submission"},
        good | {"team": None},
        good | {"user": {"id": 7, "team_id": TEAM}},
        good | {"user": {"id": "U0ANN"}},
        good | {"user": {"id": "u0ann", "team_id": TEAM}},
        good | {"user": {"id": "U0ANN\n", "team_id": TEAM}},
        good | {"actions": []},
        good | {"actions": [action, action]},
        good | {"actions": [action | {"action_id": "pay"}]},
        good | {"actions": [action | {"value": "x" * 2001}]},
        good | {"actions": [action | {"value": None}]},
    ]
    assert [door.answer(body) for body in malformed] == [None] * len(malformed)
    named = json.loads(action["value"])
    values = ["", "{}", "[]", json.dumps(named | {"amount": "98"}), json.dumps(named | {"subject": None})]
    for value in values:
        told = door.answer(good | {"actions": [action | {"value": value}]})
        assert told == ("U0ANN", NOT_UNDERSTOOD)
    for change in ({"amount": 97}, {"question_id": f"{run_id}/2"}, {"subject": "no-such"}):
        told = door.answer(good | {"actions": [action | {"value": json.dumps(named | change)}]})
        assert told is not None
        assert told[1].startswith("Nothing was decided")
    approval = office.world.log.approval(run_id)
    assert approval is not None
    assert approval.decision is None
    assert not any(private in repr(said) for private in ("zqxname", "verification-token"))
    name = "Bob) <!here> \u202e(https://evil.example " + "y" * 500
    assert door.answer(good | {"user": good["user"] | {"name": name}}) == ("U0ANN", f"{run_id}: approved.")
    decided = office.world.log.approval(run_id)
    assert decided is not None
    assert decided.decided_by == "slack:U0ANN (Bob <!here> [link] " + decided.decided_by.rpartition(" ")[2]
    assert len(decided.decided_by) < 80
