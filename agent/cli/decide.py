"""approve and deny: record what a human says; the process that drives the run acts on it."""

import asyncio
import sys

from agent.assemble_parts import open_parts
from agent.at_work import somebody_works
from agent.card import card
from agent.cli import output
from agent.cli.answers import given
from agent.cli.batches import answer_batch
from agent.cli.places import holds, is_batch, is_schedule, settings_or_fail
from agent.cli.replies import Reply, outcome, record, verb
from agent.cli.schedule_question import answer_schedule
from agent.cli.terminal import who
from agent.settings import Settings
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import ENDED, Decision


def approve(run_id: str, *, code: str | None, amount: str | None, reply: Reply) -> None:
    """Say yes to an offer, or to more of its run, or ask for another one instead."""
    _decide(run_id, reply, (code, amount))


def deny(run_id: str, *, code: str | None, amount: str | None) -> None:
    """Say no."""
    _decide(run_id, Decision.DENIED, (code, amount))


def _decide(run_id: str, reply: Reply, said: tuple[str | None, str | None]) -> None:
    with output.clear_errors():
        settings = settings_or_fail()
        if is_batch(settings, run_id) is not None:
            sys.exit(answer_batch(settings, run_id, _yes_or_no(run_id, reply), *said))
        if is_schedule(settings, run_id) is not None:
            sys.exit(answer_schedule(run_id, _yes_or_no(run_id, reply), said))
        sys.exit(asyncio.run(_answer(settings, run_id, reply, said)))


def _yes_or_no(name: str, reply: Reply) -> Decision:
    """What a question about many orders takes."""
    if not isinstance(reply, Decision):
        output.fail(f"{name} is no run: it is approved or denied as it is", output.USAGE)
    return reply


async def _answer(settings: Settings, run_id: str, reply: Reply, said: tuple[str | None, str | None]) -> int:
    async with open_parts(settings, sandbox=holds(settings, run_id)) as parts:
        run = parts.run(run_id)
        approval = None if run.status in ENDED else parts.log.approval(run_id)
        if approval is None:
            output.fail(f"{run_id} does not wait for an approval; `swineherd show {run_id}` says where it stands", 2)
        asked = approval.code, approval.offer.amount
        code, amount = given(run_id, asked, card(parts, approval), verb(reply), said)
        recorded = record(parts, run_id, reply, code=code, amount=amount, by=f"terminal:{who()}")
        if isinstance(recorded, NotRecorded):
            output.fail(recorded.reason, output.USAGE)
        output.line(f"{run_id}: {outcome(reply, recorded.approval)}")
        if parts.log.lease(run_id) is None and not somebody_works(parts, run_id):
            output.line(f"nobody drives it now: go on with `swineherd resume {run_id}`")
        return 0
