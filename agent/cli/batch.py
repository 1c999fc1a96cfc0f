"""batch: many jobs under one budget, in the foreground."""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.assemble import open_herd
from agent.batch.again import take_up
from agent.batch.drive import BatchDriver, latest, to_do
from agent.batch.report import batch_result, usage_words, worst_code
from agent.batch.sources import read_batch
from agent.batch.submit import Wanted, submit_batch
from agent.cli import output
from agent.cli.batch_face import BatchFace, labels_of
from agent.cli.batch_foreground import BatchForeground
from agent.cli.batch_table import print_jobs
from agent.cli.leftovers import name_leftovers
from agent.cli.places import holds_batch, settings_or_fail
from agent.folders import write_atomically
from agent.herd import Herd
from agent.parts import Parts
from policies.money import Cents
from policies.text import counted
from tools.errors import StoreUnusable
from tools.spend_log.batch_rows import Batch


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    sources: tuple[Path, ...]
    resume: str | None
    sandbox: bool
    outputs: Path | None
    budget: Cents | None
    max_usd: Cents | None
    max_parallel: int | None
    ignore: frozenset[str]
    wait: bool
    as_json: bool


DEFAULT_PARALLEL = 4


def batch(asked: Asked) -> None:
    """Submit or take up a batch and drive it; exits with the worst code of its runs."""
    with output.clear_errors():
        if bool(asked.sources) == (asked.resume is not None):
            output.fail("batch takes job files, folders or `-`, or else --resume BATCH", output.USAGE)
        if asked.resume is not None and (asked.budget or asked.max_usd or asked.outputs or asked.ignore):
            output.fail(
                "--budget-usd, --max-usd, --outputs and --ignore are fixed when a batch is submitted", output.USAGE
            )
        sys.exit(asyncio.run(_batch(asked)))


async def _batch(asked: Asked) -> int:
    settings = settings_or_fail()
    sandbox = asked.sandbox if asked.resume is None else holds_batch(settings, asked.resume)
    table = sys.stdout.isatty() and not asked.as_json
    face = BatchFace(sys.stderr if asked.as_json else sys.stdout, table=table)
    async with open_herd(settings, sandbox=sandbox, face=face) as herd:
        await name_leftovers(herd, face)
        batch = _submitted(herd, face, asked) if asked.resume is None else _taken_up(herd, face, asked.resume)
        face.labels |= labels_of(herd.parts, batch.batch_id)
        code = await _drive(herd, face, batch, asked, table=table)
        _report(herd, face, batch, as_json=asked.as_json)
        return code


def _submitted(herd: Herd, face: BatchFace, asked: Asked) -> Batch:
    jobs = read_batch(asked.sources, asked.ignore)
    for warning in dict.fromkeys(warning for job in jobs for warning in job.warnings):
        output.aside(f"warning: {warning}")
    if asked.sandbox:
        face.say("this is the sandbox: play money, real everything else")
    name = asked.sources[0].resolve().stem if asked.sources[0] != Path("-") else "stdin"
    wanted = Wanted(name, asked.budget, asked.max_parallel or DEFAULT_PARALLEL, asked.max_usd, asked.outputs)
    batch_id = submit_batch(herd.parts, herd.packer, jobs, wanted)
    face.say(f"batch {batch_id}: {counted(len(jobs), 'job')}")
    return _found(herd, batch_id)


def _taken_up(herd: Herd, face: BatchFace, batch_id: str) -> Batch:
    again = take_up(herd.parts, batch_id)
    if again.retried:
        face.say(f"tried again, since it was refused or lost its pod: {counted(len(again.retried), 'job')}")
    if again.left:
        face.say(f"not repeated: {', '.join(again.left)} (`swineherd show RUN` says how each ended)")
    return _found(herd, batch_id)


def _found(herd: Herd, batch_id: str) -> Batch:
    batch = herd.parts.log.batch(batch_id)
    if batch is None:
        output.fail(f"no batch {batch_id}", output.USAGE)
    return batch


async def _drive(herd: Herd, face: BatchFace, batch: Batch, asked: Asked, *, table: bool) -> int:
    parts = herd.parts
    driver = BatchDriver(herd.driver, _at_once(parts, face, asked.max_parallel or batch.max_parallel))
    foreground = BatchForeground(herd, face, batch, driver, table=table)
    try:
        await foreground.drive(wait=asked.wait)
    finally:
        for run_id, why in driver.trouble.items():
            face.say(f"[{face.labels[run_id]}] is left as it is: {why}")
        with suppress(StoreUnusable):
            if to_do(parts, batch.batch_id):
                face.say(f"left as it is; go on with `swineherd batch --resume {batch.batch_id}`")
    return worst_code(latest(parts, batch.batch_id))


def _at_once(parts: Parts, face: BatchFace, wanted: int) -> int:
    cap = parts.policy.budget.max_open_pods
    if wanted > cap:
        face.say(f"max_open_pods = {cap} in the policy: {counted(cap, 'job')} at once, not {wanted}")
    return max(1, min(wanted, cap))


def _report(herd: Herd, face: BatchFace, batch: Batch, *, as_json: bool) -> None:
    parts = herd.parts
    document = batch_result(parts.log, batch.batch_id, parts.clock.now())
    path = parts.home.batch_report(batch.batch_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_atomically(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    if as_json:
        output.document(document)
        return
    print_jobs(document)
    face.say(f"{usage_words(parts, batch.batch_id)}; report in {path}")
