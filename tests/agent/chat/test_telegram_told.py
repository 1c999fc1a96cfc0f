"""What is told in Telegram beside questions: links to pay, and what jobs write."""

import pytest

from agent.chat import tails
from agent.chat.messages import NotTaken, Said
from tests.agent.chat.booth import Booth, booth_of
from tests.agent.chat.running import LONG, job_runs, writes
from tests.agent.conftest import MakeWorld
from tests.agent.world import CHECKOUT
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_limits import buttons, markup_in


async def test_a_link_to_pay_is_a_card_too(make_world: MakeWorld, telegram: FakeTelegram) -> None:
    """Its host in clear, the link on a button; once it is paid nothing can be opened there."""
    world = make_world(CHECKOUT)
    async with booth_of(world, telegram) as booth:
        run_id = await booth.asked()
        (card,) = telegram.cards
        assert "Pay $0.98 at checkout.stripe.com until " in card["text"]
        ((button,),) = card["reply_markup"]["inline_keyboard"]
        assert button["url"].startswith("https://checkout.stripe.com/")
        assert markup_in(card) == []
        world.market.pay(next(iter(world.market.orders)))
        assert (await world.drive(run_id)).code == 0
        await booth.relay.round()
        assert buttons(card) == []
        assert "paid, seen at " in card["text"]


async def test_the_log_is_one_reply_that_is_edited(booth: Booth) -> None:
    """No link in it, whatever the job writes; the report is another reply. One that was deleted is not edited again."""
    booth.world.pods.script = LONG
    run_id = await booth.asked()
    await job_runs(booth.world, run_id)
    await booth.relay.round()
    writes(booth.world, run_id, "loss @ann https://evil.example/ " + "9" * 9000 + "\n")
    booth.world.clock.advance(tails.EVERY.total_seconds())
    await booth.relay.round()
    (card,) = booth.telegram.cards
    (reply,) = booth.telegram.replies(card["message_id"])
    assert f"{run_id}: the job runs" in reply["text"]
    assert "999" in reply["text"]
    assert markup_in(reply) == []
    await booth.world.drive(run_id)
    await booth.relay.round()
    log, report = booth.telegram.replies(card["message_id"])
    assert log["text"] == f"{run_id}: {tails.OVER}"
    assert f"{run_id}: succeeded" in report["text"]
    with pytest.raises(NotTaken, match="not found"):
        await booth.channel.change("9999", Said("gone", ()))
