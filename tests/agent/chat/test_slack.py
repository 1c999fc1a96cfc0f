"""Questions answered in Slack, over its real wire: what is posted, who may press, and what comes of it."""

import asyncio
import json
import logging
from typing import Any

import pytest
from structlog.typing import EventDict

from agent.chat import tails
from agent.chat.slack.press import NOT_YOU
from tests.agent.chat.office import IN_SLACK, Office
from tests.agent.chat.running import LONG, job_runs, writes
from tests.agent.conftest import MakeWorld
from tests.agent.world import PRICE
from tests.fakes.slack import APP, BOT, TEAM, FakeSlack, markup, text_of
from tools.spend_log.rows import Decision

YES, NO = "swineherd_approve", "swineherd_deny"


@pytest.fixture
def office(make_world: MakeWorld, slack: FakeSlack) -> Office:
    """A world that asks in Slack about every order."""
    return Office(make_world(IN_SLACK), slack)


async def test_a_card_says_what_a_yes_covers_and_no_code(office: Office) -> None:
    """Everything on the card in the terminal, no markup; the button names question and amount alone."""
    run_id = await office.asked()
    (card,) = office.slack.cards
    approval = office.world.log.approval(run_id)
    assert approval is not None
    text = text_of(card["blocks"])
    for shown in (
        "RTX 4090 (24 GB)",
        "2 h × $0.49/h = $0.98",
        "Paid\nfrom credits",
        "python train.py",
        "today $25.00",
        "workdir",
        run_id,
    ):
        assert shown in text
    assert markup(card) == []
    assert approval.code not in json.dumps(card)
    value = json.loads(office.slack.body(YES)["actions"][0]["value"])
    assert value == {"subject": run_id, "question_id": approval.approval_id, "amount": PRICE}


async def test_a_yes_buys_once_and_the_thread_has_the_report(office: Office) -> None:
    """The card closes with who and when; the end comes as a reply, with the log."""
    run_id = await office.asked()
    async with office.listening():
        await office.slack.press(office.slack.body(YES))
        assert await office.whispered() == [f"{run_id}: approved."]
    await office.relay.round()
    (card,) = office.slack.cards
    assert "approved by slack:U0ANN (ann) at 2026-03-30 " in text_of(card["blocks"])
    assert not any(block["type"] == "actions" for block in card["blocks"])
    assert (await office.world.drive(run_id)).code == 0
    office.world.home.run(run_id).log.write_bytes(b"epoch 1 ``` <!channel>\n")
    await office.relay.round()
    (reply,) = office.slack.replies(card["ts"])
    text = text_of(reply["blocks"])
    assert f"{run_id}: succeeded" in text
    assert "spent $0.98" in text
    assert "epoch 1 ``` <!channel>" in text
    assert markup(reply) == []
    assert office.world.purchases == ["rent_with_credits"]


async def test_the_log_is_one_reply_in_the_thread_that_is_edited(office: Office) -> None:
    """Without markup, whatever the job writes, and bounded; the report is another reply, of which people are told."""
    office.world.pods.script = LONG
    run_id = await office.asked()
    await job_runs(office.world, run_id)
    await office.relay.round()
    writes(office.world, run_id, "loss ``` <!channel> :tada: " + "9" * 9000 + "\n")
    office.world.clock.advance(tails.EVERY.total_seconds())
    await office.relay.round()
    (card,) = office.slack.cards
    (reply,) = office.slack.replies(card["ts"])
    assert f"{run_id}: the job runs" in text_of(reply["blocks"])
    assert len(text_of(reply["blocks"])) < 3000
    assert markup(reply) == []
    await office.world.drive(run_id)
    await office.relay.round()
    log, report = office.slack.replies(card["ts"])
    assert text_of(log["blocks"]) == f"{run_id}: {tails.OVER}"
    assert f"{run_id}: succeeded" in text_of(report["blocks"])


async def test_a_no_ends_it(office: Office) -> None:
    """Nothing is bought."""
    run_id = await office.asked()
    async with office.listening():
        await office.slack.press(office.slack.body(NO))
        await office.whispered()
    assert (await office.world.drive(run_id)).code == 6
    assert office.world.purchases == []


async def test_a_replayed_press_and_two_at_once_decide_once(office: Office) -> None:
    """The same envelope again, and another approver at the same moment: the first counts, the others hear of it."""
    run_id = await office.asked()
    yes, no = office.slack.body(YES), office.slack.body(NO, by="U0BOB")
    async with office.listening():
        await asyncio.gather(
            office.slack.press(yes, "e-same"), office.slack.press(no), office.slack.press(yes, "e-same")
        )
        told = sorted(await office.whispered(3))
    decided = [event for event in office.world.log.events(run_id) if event.kind == "decided"]
    assert len(decided) == 1
    assert sum("Nothing was decided" in text for text in told) == 2
    assert sum(f"{run_id}: " in text for text in told) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"user": {"id": "U0EVE", "name": "ann", "team_id": TEAM}},
        {"user": {"id": "U0ANN", "name": "ann", "team_id": "T0OTHER"}},
        {"team": {"id": "T0OTHER", "domain": "herd"}},
        {"channel": {"id": "C0OTHER", "name": "gpus"}},
    ],
    ids=["not an approver", "of a foreign team", "in a foreign team", "in another channel"],
)
async def test_nobody_else_may(office: Office, changes: dict[str, Any]) -> None:
    """It is acknowledged, and counts for nothing."""
    run_id = await office.asked()
    async with office.listening():
        await office.slack.press(office.slack.body(YES, **changes))
        assert await office.whispered() == [NOT_YOU]
    approval = office.world.log.approval(run_id)
    assert approval is not None
    assert approval.decision is None


async def test_what_was_decided_in_the_terminal_stays(office: Office) -> None:
    """Whoever presses later hears who was first; the card closes without them."""
    run_id = await office.asked()
    office.world.decide(run_id, Decision.DENIED)
    async with office.listening():
        await office.slack.press(office.slack.body(YES))
        (told,) = await office.whispered()
    assert told.startswith("Nothing was decided: already denied by me at ")
    await office.relay.round()
    assert "denied by me at " in text_of(office.slack.cards[0]["blocks"])


async def test_an_expired_and_a_superseded_card_approve_nothing(office: Office) -> None:
    """The old button is not good for the new offer; the card says what became of it."""
    run_id = await office.asked()
    old = office.slack.body(YES)
    office.world.clock.advance(3601)
    await office.relay.round()
    assert "expired at 2026-03-30 " in text_of(office.slack.cards[0]["blocks"])
    async with office.listening():
        await office.slack.press(old)
        await office.world.drive(run_id, wait=False, fresh=True)
        await office.relay.round()
        await office.slack.press(old)
        expired, superseded = await office.whispered(2)
    assert "Nothing was decided: already expired at " in expired
    assert superseded == "Nothing was decided: already superseded by a new offer."
    assert len(office.slack.cards) == 2
    approval = office.world.log.approval(run_id)
    assert approval is not None
    assert approval.decision is None


async def test_a_yes_while_frozen_is_not_taken(office: Office) -> None:
    """The question stands; and the freeze is told as an alarm, once."""
    run_id = await office.asked()
    office.world.log.freeze("by hand <!here>", office.world.clock.now())
    async with office.listening():
        await office.slack.press(office.slack.body(YES))
        (told,) = await office.whispered()
    assert told.startswith("Nothing was decided: spending is frozen")
    assert (await office.world.drive(run_id, wait=False)).code == 4
    for _ in range(2):
        await office.relay.round()
        office.world.clock.advance(61)
    alarms = [one for one in office.slack.cards if "Spending is frozen" in text_of(one["blocks"])]
    assert len(alarms) == 1
    assert markup(alarms[0]) == []
    assert office.world.purchases == []


async def test_a_restart_posts_nothing_twice(office: Office) -> None:
    """What was posted is in a file; one that is damaged means that what stands is posted again, and no more."""
    await office.relay.round()
    await office.asked()
    office.relay = office.another_relay()
    await office.relay.round()
    assert len(office.slack.cards) == 1
    (office.world.home.chat / "slack.json").write_text('{"cards": 7}')
    await office.another_relay().round()
    assert len(office.slack.cards) == 2


async def test_the_socket_comes_back(office: Office) -> None:
    """After a `disconnect` that Slack announces, and after a connection that just ends."""
    run_id = await office.asked()
    async with office.listening():
        await office.slack.sockets[-1].send_str(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
        await office.slack.connected(2)
        await office.slack.sockets[-1].close()
        await office.slack.connected(3)
        await office.slack.press(office.slack.body(NO))
        assert await office.whispered() == [f"{run_id}: denied."]


async def test_our_own_lines_are_heard_beside_it(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """The library makes loggers of its own, as quiet as we want it: none of them is ours."""
    async with office.listening():
        logging.getLogger("swineherd.tracing").warning("oink")
    assert [record.getMessage() for record in caplog.records] == ["oink"]


async def test_no_token_and_no_code_is_logged(office: Office, said: list[EventDict]) -> None:
    """Nor the socket's ticket; who answered what is."""
    run_id = await office.asked()
    async with office.listening():
        await office.slack.press(office.slack.body(YES))
        await office.whispered()
    assert {"event": "answered", "subject": run_id, "decision": "approved", "by": "slack:U0ANN (ann)"}.items() <= (
        next(line for line in said if line["event"] == "answered").items()
    )
    approval = office.world.log.approval(run_id)
    assert approval is not None
    for secret in (BOT, APP, "secret-ticket", approval.code, "verification-token"):
        assert secret not in repr(said)
