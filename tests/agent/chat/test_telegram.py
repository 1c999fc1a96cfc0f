"""Questions answered in Telegram, over its real wire: what is posted, who may press, and what comes of it."""

import json
from typing import Any

import pytest
from structlog.typing import EventDict

from agent.chat.telegram.press import NOT_YOU
from tests.agent.chat.booth import Booth
from tests.fakes.telegram import ANN, BOB, CHAT, EVE, SECRET
from tests.fakes.telegram_limits import buttons, markup_in
from tools.spend_log.rows import Approval, Decision

ASKED, SURE = ["Approve $0.98", "Deny"], ["Back", "Yes, pay $0.98"]
YES = "Yes, pay"


def approval_of(booth: Booth, run_id: str) -> Approval:
    approval = booth.world.log.approval(run_id)
    assert approval is not None
    return approval


async def sure(booth: Booth) -> None:
    """The first press: the card asks once more."""
    async with booth.listening():
        booth.telegram.press("Approve")


async def test_a_card_says_what_a_yes_covers_and_no_code(booth: Booth) -> None:
    """Everything on the card in the terminal, nothing that becomes a link; a button names no more than 33 bytes."""
    run_id = await booth.asked()
    (card,) = booth.telegram.cards
    for shown in (
        "RTX 4090 (24 GB)",
        "2 h × $0.49/h = $0.98 from credits",
        "python train.py",
        "today $25.00",
        "workdir",
        run_id,
    ):
        assert shown in card["text"]
    assert card["text"].startswith("Approve $0.98?\n")
    assert buttons(card) == ASKED
    assert markup_in(card) == []
    code = approval_of(booth, run_id).code
    assert code not in json.dumps(booth.telegram.calls)
    assert all(len(button["callback_data"]) == 33 for (button,) in card["reply_markup"]["inline_keyboard"])


async def test_a_yes_is_asked_for_twice_and_buys_once(booth: Booth) -> None:
    """The card closes with who and when; the end comes as a reply, with the log."""
    run_id = await booth.asked()
    (card,) = booth.telegram.cards
    await sure(booth)
    assert buttons(card) == SURE
    assert approval_of(booth, run_id).decision is None
    async with booth.listening():
        booth.telegram.press(YES)
    assert booth.telegram.told == ["Press once more to spend $0.98", f"{run_id}: approved."]
    await booth.relay.round()
    assert "approved by telegram:1001 (ann) at 2026-03-30 " in card["text"]
    assert buttons(card) == []
    assert (await booth.world.drive(run_id)).code == 0
    booth.world.home.run(run_id).log.write_bytes(b"epoch 1 @ann /start <b>evil.example\n")
    await booth.relay.round()
    (reply,) = booth.telegram.replies(card["message_id"])
    for shown in (f"{run_id}: succeeded", "spent $0.98", "epoch 1 @ann /start <b>evil.example"):
        assert shown in reply["text"]
    assert markup_in(reply) == []
    assert reply["reply_parameters"]["allow_sending_without_reply"] is True
    assert booth.world.purchases == ["rent_with_credits"]


async def test_a_no_ends_it(booth: Booth) -> None:
    """It is not asked for twice; nothing is bought."""
    run_id = await booth.asked()
    async with booth.listening():
        booth.telegram.press("Deny")
    assert (await booth.world.drive(run_id)).code == 6
    assert booth.world.purchases == []


async def test_back_leaves_the_question_as_it_was(booth: Booth) -> None:
    """And the first button asks once more again; a second tap of it changes nothing."""
    run_id = await booth.asked()
    (card,) = booth.telegram.cards
    await sure(booth)
    async with booth.listening():
        booth.telegram.press("Back")
    assert buttons(card) == ASKED
    async with booth.listening():
        booth.telegram.press("Approve")
        booth.telegram.press("Approve")
    assert buttons(card) == SURE
    assert approval_of(booth, run_id).decision is None
    assert not any(answer["show_alert"] for answer in booth.telegram.answers)


async def test_a_double_tap_never_pays(booth: Booth) -> None:
    """Where the first button was is the way back, not the yes."""
    await booth.asked()
    (card,) = booth.telegram.cards
    rows = [[button["text"] for (button,) in markup["inline_keyboard"]] for markup in card["markups"]]
    await sure(booth)
    assert (rows[0][0], buttons(card)[0]) == ("Approve $0.98", "Back")


async def test_replayed_presses_and_two_approvers_decide_once(booth: Booth) -> None:
    """Three yeses and a no, queued at once: the first counts, the others hear of it."""
    run_id = await booth.asked()
    await sure(booth)
    for button, by in ((YES, ANN), ("Deny", BOB), (YES, BOB), (YES, ANN)):
        booth.telegram.press(button, by)
    async with booth.listening():
        pass
    decided = [event for event in booth.world.log.events(run_id) if event.kind == "decided"]
    assert len(decided) == 1
    assert booth.telegram.told[1:] == [
        f"{run_id}: approved.",
        *["Nothing was decided: already approved by telegram:1001 (ann) at 2026-03-30 12:00:00 UTC."] * 3,
    ]
    assert [answer["show_alert"] for answer in booth.telegram.answers] == [False, False, True, True, True]


async def test_an_update_that_comes_again_decides_nothing(booth: Booth) -> None:
    """A process died between deciding and confirming: Telegram hands the same press to the next one."""
    run_id = await booth.asked()
    await sure(booth)
    update = booth.telegram.press(YES)
    assert (await booth.bot.waiting(0)) != []
    booth.door.answer(update["callback_query"])
    booth.restart()
    async with booth.listening():
        pass
    assert booth.telegram.told[-1].startswith("Nothing was decided: already approved by telegram:1001 (ann)")
    assert len([event for event in booth.world.log.events(run_id) if event.kind == "decided"]) == 1


async def test_what_was_pressed_while_nobody_listened_counts(booth: Booth) -> None:
    """Telegram keeps it; which stage the card is at is on the button, so that a restart forgets none."""
    run_id = await booth.asked()
    await sure(booth)
    booth.telegram.press(YES, BOB)
    booth.restart()
    async with booth.listening():
        pass
    assert approval_of(booth, run_id).decided_by == "telegram:1002 (ann)"


@pytest.mark.parametrize(
    "changes",
    [
        {"by": EVE},
        {"from": {"id": ANN, "is_bot": True, "first_name": "ann"}},
        {"message": {"message_id": 1, "date": 1_774_872_000, "chat": {"id": ANN, "type": "private"}}},
        {"message": {"message_id": 1, "date": 1_774_872_000, "chat": {"id": -CHAT, "type": "private"}}},
    ],
    ids=["not an approver", "a bot", "in another chat", "in a chat of the other sign"],
)
async def test_nobody_else_may(booth: Booth, changes: dict[str, Any]) -> None:
    """They are told so, and neither the question nor its buttons change."""
    run_id = await booth.asked()
    await sure(booth)
    async with booth.listening():
        for button in ("Approve", "Deny", "Back", YES):
            booth.telegram.press(button, **changes)
    assert booth.telegram.told[1:] == [NOT_YOU] * 4
    assert all(answer["show_alert"] for answer in booth.telegram.answers[1:])
    assert buttons(booth.telegram.cards[0]) == SURE
    assert approval_of(booth, run_id).decision is None


async def test_what_was_decided_in_the_terminal_stays(booth: Booth) -> None:
    """Whoever presses later hears who was first; the card closes without them, and gets no button back."""
    run_id = await booth.asked()
    (card,) = booth.telegram.cards
    booth.world.decide(run_id, Decision.DENIED)
    async with booth.listening():
        booth.telegram.press("Approve")
    assert booth.telegram.told[-1].startswith("Nothing was decided: already denied by me at ")
    await booth.relay.round()
    assert "denied by me at " in card["text"]
    async with booth.listening():
        booth.telegram.press("Approve")
    assert booth.telegram.told[-1] == "Nothing was decided: what was asked there is over."
    assert buttons(card) == []


async def test_an_expired_and_a_superseded_card_approve_nothing(booth: Booth) -> None:
    """The old button is not good for the new offer, though of the same amount; the card says what became of it."""
    run_id = await booth.asked()
    await sure(booth)
    booth.world.clock.advance(3601)
    async with booth.listening():
        booth.telegram.press(YES)
    old = booth.telegram.query(YES)
    await booth.relay.round()
    assert "expired at 2026-03-30 " in booth.telegram.cards[0]["text"]
    await booth.world.drive(run_id, wait=False, fresh=True)
    await booth.relay.round()
    async with booth.listening():
        booth.telegram.send(old)
    expired, superseded = booth.telegram.told[1:]
    assert expired.startswith("Nothing was decided: already expired at ")
    assert superseded == "Nothing was decided: what was asked there is over."
    assert len(booth.telegram.cards) == 2
    assert approval_of(booth, run_id).decision is None


async def test_a_yes_while_frozen_is_not_taken(booth: Booth) -> None:
    """The question stands; and the freeze is told as an alarm, once."""
    run_id = await booth.asked()
    booth.world.log.freeze("by hand @all", booth.world.clock.now())
    await sure(booth)
    async with booth.listening():
        booth.telegram.press(YES)
    assert booth.telegram.told[-1].startswith("Nothing was decided: spending is frozen")
    assert (await booth.world.drive(run_id, wait=False)).code == 4
    for _ in range(2):
        await booth.relay.round()
        booth.world.clock.advance(61)
    (alarm,) = [one for one in booth.telegram.cards if "Spending is frozen" in one["text"]]
    assert markup_in(alarm) == []
    assert booth.world.purchases == []


async def test_a_restart_posts_nothing_twice(booth: Booth) -> None:
    """What was posted is in a file; one that is damaged means that what stands is posted again, and no more."""
    await booth.relay.round()
    await booth.asked()
    booth.restart()
    await booth.relay.round()
    assert len(booth.telegram.cards) == 1
    (booth.world.home.chat / "telegram.json").write_text('{"cards": 7}')
    booth.restart()
    await booth.relay.round()
    assert len(booth.telegram.cards) == 2


async def test_no_token_and_no_code_is_logged(
    booth: Booth, said: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is the token in any file; who answered what is logged."""
    caplog.set_level(0)
    run_id = await booth.asked()
    await sure(booth)
    async with booth.listening():
        booth.telegram.press(YES)
    await booth.relay.round()
    answered = next(line for line in said if line["event"] == "answered")
    assert (answered["subject"], answered["by"]) == (run_id, "telegram:1001 (ann)")
    for secret in (SECRET, approval_of(booth, run_id).code):
        assert secret not in repr(said) + caplog.text
    files = [path for path in booth.world.home.path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
