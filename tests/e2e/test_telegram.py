"""A worker as a process of its own, its questions answered in Telegram."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Swineherd, ended, write_job
from tests.fakes.telegram import ANN, CHAT, SECRET, TOKEN, FakeTelegram, until
from tests.fakes.telegram_limits import Json, buttons

pytestmark = pytest.mark.timeout(120)

IN_TELEGRAM = f'{ASK}[chat]\napprovers = ["telegram:{ANN}"]\n'


async def seen(look: Callable[[], list[Json]]) -> Json:
    """The first of what is looked for, as soon as it is there."""
    await until(look)
    return look()[0]


async def test_a_run_is_approved_from_telegram(herd: Swineherd, tmp_path: Path) -> None:
    """The card comes, two presses are a yes, the pod is paid and ended, the report is a reply; SIGTERM ends a poll."""
    async with FakeTelegram().serving() as telegram:
        there = herd.policy(IN_TELEGRAM).having(
            TELEGRAM_BOT_TOKEN=TOKEN, SWINEHERD_TELEGRAM_CHAT=str(CHAT), TELEGRAM_API_URL=telegram.url
        )
        job = write_job(tmp_path, "echo oink from the pod")
        asked = await asyncio.to_thread(there.run, "run", job, "--sandbox", "--no-wait", "--json")
        assert asked.code == 4, asked.text
        run_id = asked.document["run_id"]
        with ended(there.start("worker", "--sandbox")) as worker:
            card = await seen(lambda: telegram.cards)
            telegram.press("Approve")
            await until(lambda: "Back" in buttons(card))
            telegram.press("Yes, pay")
            reply = await seen(lambda: telegram.replies(card["message_id"]))
            worker.send(signal.SIGTERM)
            done = await asyncio.to_thread(worker.done)
    assert f"{run_id}: succeeded" in reply["text"]
    assert "oink from the pod" in reply["text"]
    assert f"approved by telegram:{ANN} (ann)" in card["text"]
    assert done.code == 0
    assert SECRET not in done.text
    shown = await asyncio.to_thread(there.show, run_id)
    herd.assert_gone(shown)
    assert len(herd.debits(shown)) == 1
