"""run, resume, cancel."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.assemble import open_herd
from agent.cli import output
from agent.cli.amounts import dollars
from agent.cli.batch_cancel import cancel_batch
from agent.cli.described import read_job_or_words
from agent.cli.foreground import Foreground, interruptible
from agent.cli.leftovers import name_leftovers
from agent.cli.places import holds, is_batch, settings_or_fail, stores
from agent.cli.terminal import TerminalFace
from agent.cli.waiting import run_waits
from agent.errors import LeaseHeld
from agent.herd import Herd
from agent.settings import Settings
from policies.money import Cents, usd
from policies.order import short_id
from tools.spend_log.rows import ENDED, Run, RunStatus


def run(
    job: str,
    *,
    sandbox: bool,
    outputs: Path | None,
    max_usd: str | None,
    ignore: Sequence[str],
    wait: bool,
    as_json: bool,
) -> None:
    """Submit a job and drive it; exits with CONTRACT §6's code."""
    with output.clear_errors():
        ceiling = dollars("--max-usd", max_usd)
        sys.exit(asyncio.run(_run(job, sandbox, outputs, ceiling, ignore, wait=wait, as_json=as_json)))


async def _run(
    job: str,
    sandbox: bool,  # noqa: FBT001 - passed on by name from the command
    outputs: Path | None,
    ceiling: Cents | None,
    ignore: Sequence[str],
    *,
    wait: bool,
    as_json: bool,
) -> int:
    face = TerminalFace(sys.stderr if as_json else sys.stdout)
    async with open_herd(settings_or_fail(), sandbox=sandbox, face=face) as herd:
        read = await read_job_or_words(herd.parts, job, frozenset(ignore), face)
        if sandbox:
            face.tell("", "this is the sandbox: play money, real everything else")
        await name_leftovers(herd, face)
        run_id = herd.submit(read, ceiling=ceiling, outputs=outputs)
        face.tell(run_id, f"run {run_id}")
        return await _drive(herd, run_id, face, wait=wait, as_json=as_json)


async def _drive(herd: Herd, run_id: str, face: TerminalFace, *, wait: bool, as_json: bool, fresh: bool = False) -> int:
    foreground = Foreground(herd, run_id, lambda text: face.tell(run_id, text))
    ended = await foreground.drive(wait=wait, fresh=fresh)
    if foreground.left:
        face.tell(run_id, f"left as it is; go on with `swineherd resume {run_id}`")
    if as_json:
        output.document(herd.result(run_id))
    else:
        face.tell(run_id, last_line(herd, ended))
        if waits := run_waits(herd.parts.log, ended, herd.parts.clock.now()):
            face.tell(run_id, waits)
    return exit_code(ended)


def exit_code(run: Run) -> int:
    """CONTRACT §6; a run that was left is waiting for its human."""
    return output.WAITING if run.code is None else run.code


def last_line(herd: Herd, run: Run) -> str:
    """What it cost and where the outputs are."""
    totals = herd.parts.log.totals(run.run_id)
    money = f"spent ${usd(totals.spent)}"
    money += f", held ${usd(totals.held)}" if totals.held else ""
    money += f", in doubt ${usd(totals.in_doubt)}" if totals.in_doubt else ""
    why = f" ({run.reason})" if run.reason else ""
    outputs = Path(run.outputs_dir)
    where = f"; outputs in {outputs}" if outputs.is_dir() else ""
    return f"{run.status}{why}: {money}{where}"


def resume(run_id: str | None, *, wait: bool, as_json: bool) -> None:
    """Go on with one run, or with all that nobody drives."""
    with output.clear_errors():
        code = _resume_all(as_json=as_json) if run_id is None else _resume_one(run_id, wait=wait, as_json=as_json)
        sys.exit(code)


def _resume_one(run_id: str, *, wait: bool, as_json: bool) -> int:
    settings = settings_or_fail()
    if is_batch(settings, run_id) is not None:
        output.fail(f"{run_id} is a batch: `swineherd batch --resume {run_id}` goes on with it", output.USAGE)
    return asyncio.run(_resume_in(settings, run_id, sandbox=holds(settings, run_id), wait=wait, as_json=as_json))


async def _resume_in(settings: Settings, run_id: str, *, sandbox: bool, wait: bool, as_json: bool) -> int:
    face = TerminalFace(sys.stderr if as_json else sys.stdout)
    async with open_herd(settings, sandbox=sandbox, face=face) as herd:
        run = herd.parts.run(run_id)
        if run.status in ENDED:
            return await _already_ended(herd, run, as_json=as_json)
        await herd.settle_money()
        return await _drive(herd, run_id, face, wait=wait, as_json=as_json, fresh=True)


async def _already_ended(herd: Herd, run: Run, *, as_json: bool) -> int:
    """Nothing to go on with, but a link that may still be paid is looked at, and a pod not proven gone tried again."""
    output.aside(f"{run.run_id} has ended: {run.status}")
    left = await _tidy(herd)
    if as_json:
        output.document(herd.result(run.run_id))
    return output.PROVIDER if left else exit_code(run)


async def _tidy(herd: Herd) -> bool:
    """Settle the money, collect what was kept, end pods of ended runs. True when a pod's end is still not proven."""
    await herd.settle_money()
    await herd.collect_kept()
    left = await herd.end_left_running()
    for order in left:
        output.aside(f"WARNING: {short_id(order.order_id)} of {order.run_id} is not proven gone and may go on billing")
    return bool(left)


def _resume_all(*, as_json: bool) -> int:
    settings = settings_or_fail()
    results: list[dict[str, object]] = []
    codes = [0]
    for store in stores(settings):
        found, code = asyncio.run(_resume_place(settings, sandbox=store.is_sandbox))
        results += found
        codes.append(code)
    if as_json:
        output.document({"runs": results})
    elif not results:
        output.line("no unfinished run that nobody drives")
    else:
        rows = [[str(result[key]) for key in ("run_id", "status", "reason")] for result in results]
        output.table(("RUN", "STATUS", "WHY"), rows)
    return max(codes)


async def _resume_place(settings: Settings, *, sandbox: bool) -> tuple[list[dict[str, object]], int]:
    async with open_herd(settings, sandbox=sandbox, face=TerminalFace(sys.stderr)) as herd:
        left = await _tidy(herd)
        resumed = await interruptible(herd.resume_all())
        if resumed is None:
            unfinished = [run.run_id for run in herd.parts.log.runs(unfinished=True)]
            output.aside(f"left as they are: {', '.join(unfinished)}; `swineherd resume` goes on with them")
            return [herd.result(run_id) for run_id in unfinished], output.WAITING
        for waits in filter(None, (run_waits(herd.parts.log, run, herd.parts.clock.now()) for run in resumed)):
            output.aside(waits)
        codes = [exit_code(run) for run in resumed] + [output.PROVIDER if left else 0]
        return [herd.result(run.run_id) for run in resumed], max(codes)


def cancel(run_id: str, *, as_json: bool) -> None:
    """Record the wish; the process that drives the run heeds it, and where none does this one drives it home."""
    with output.clear_errors():
        settings = settings_or_fail()
        if is_batch(settings, run_id) is not None:
            sys.exit(cancel_batch(settings, run_id, as_json=as_json))
        sys.exit(asyncio.run(_cancel(settings, run_id, sandbox=holds(settings, run_id), as_json=as_json)))


async def _cancel(settings: Settings, run_id: str, *, sandbox: bool, as_json: bool) -> int:
    face = TerminalFace(sys.stderr if as_json else sys.stdout)
    async with open_herd(settings, sandbox=sandbox, face=face) as herd:
        run = herd.parts.run(run_id)
        if run.status in ENDED:
            output.aside(f"{run_id} has ended: {run.status}")
            return 0 if run.status is RunStatus.CANCELLED else output.USAGE
        herd.parts.log.request_cancel(run_id, herd.parts.clock.now(), "cancel command")
        await herd.settle_money()
        try:
            ended = await Foreground(herd, run_id, lambda text: face.tell(run_id, text)).drive(wait=True)
        except LeaseHeld as held:
            face.tell(run_id, f"{held}; it cancels the run now")
            return 0
        if as_json:
            output.document(herd.result(run_id))
        else:
            face.tell(run_id, last_line(herd, ended))
        return 0 if ended.status is RunStatus.CANCELLED else exit_code(ended)
