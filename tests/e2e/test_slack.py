"""A worker as a process of its own, its questions answered in Slack."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Swineherd, ended, write_job
from tests.fakes.slack import APP, BOT, CHANNEL, FakeSlack, Json, text_of

pytestmark = pytest.mark.timeout(120)

IN_SLACK = f'{ASK}[chat]\napprovers = ["slack:U0ANN"]\n'


async def seen(look: Callable[[], list[Json]]) -> Json:
    """The first of what is looked for, as soon as it is there."""
    while not (found := look()):  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.05)
    return found[0]


async def test_a_run_is_approved_from_slack(herd: Swineherd, tmp_path: Path) -> None:
    """The card comes, a press is a yes, the pod is paid and ended, and the report is in the thread."""
    async with FakeSlack().serving() as slack:
        there = herd.policy(IN_SLACK).having(
            SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP, SWINEHERD_SLACK_CHANNEL=CHANNEL, SLACK_API_URL=slack.url
        )
        job = write_job(tmp_path, "echo oink from the pod")
        asked = await asyncio.to_thread(there.run, "run", job, "--sandbox", "--no-wait", "--json")
        assert asked.code == 4, asked.text
        run_id = asked.document["run_id"]
        with ended(there.start("worker", "--sandbox")) as worker:
            card = await seen(lambda: slack.cards)
            await slack.connected()
            await slack.press(slack.body("swineherd_approve"))
            reply = await seen(lambda: slack.replies(card["ts"]))
            worker.send(signal.SIGTERM)
            done = await asyncio.to_thread(worker.done)
    assert f"{run_id}: succeeded" in text_of(reply["blocks"])
    assert "oink from the pod" in text_of(reply["blocks"])
    assert "approved by slack:U0ANN (ann)" in text_of(slack.cards[0]["blocks"])
    assert done.code == 0
    assert not any(secret in done.text for secret in (BOT, APP, "secret-ticket"))
    shown = await asyncio.to_thread(there.show, run_id)
    herd.assert_gone(shown)
    assert len(herd.debits(shown)) == 1
