"""What a conversation may do for a human, read and shown before they say yes: submit, change, cancel.

A proposal is made by a model or by rule, settled here by code, and done only as it was shown.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, assert_never

import yaml
from pydantic import Field

from agent.approvals import instead
from agent.chat.commands import Cancel
from agent.chat.doing import doing_of
from agent.chat.obey import obey
from agent.mind.folder import look_at, stays_here
from agent.mind.requesting import Requesting
from agent.mind.tokens import secrets_of
from agent.mind.tool_answers import NotDone
from agent.mind.tool_forms import Dollars, Form, Name, OneRun, RunId, SubmitNeeds, Vram
from agent.mind.tool_jobs import WRITTEN, Written
from agent.submit import ReadJob, check
from agent.talk.context import Talking
from agent.talk.likely import meant
from policies.job import job_fields, read_job
from policies.money import usd
from policies.offer import Rail
from policies.reading.borne_out import borne_out
from policies.text import clean_lines
from policies.wish import Wish, out_of_the_question
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import ENDED, Approval

UNSURE = " (not sure that you meant this: look at it)"


class JobWords(Form):
    """A job, as the human described it; or one of their job files."""

    description: str | None = Field(None, max_length=8000, description="the job, as the human said it")
    hours: float | None = Field(None, gt=0, le=720, description="if the human said it")
    budget_usd: Dollars | None = Field(None, description="US dollars, if the human said it")
    gpu: Name | None = Field(None, description="if the human said it")
    vram_gb: Vram | None = Field(None, description="if the human said it")
    job_file: str | None = Field(
        None, max_length=300, description="only where the human named a .yaml file; never a script"
    )


class ChangeNeeds(Form):
    """Another offer for a run that waits for an answer to one."""

    run_id: RunId
    hours: int | None = Field(None, ge=1, le=720, description="whole hours to pay for instead; null to leave them")
    pay_by: Literal["credits", "card"] | None = Field(None, description="how to pay instead; null to leave it")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a yes does.

    Attributes:
        does: which of them.
        lines: as the human reads it.
        settled: plain JSON; all that doing it takes.
    """

    does: Literal["submit", "change", "cancel"]
    lines: tuple[str, ...]
    settled: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. `run_id`: the run that somebody is to drive now, or ""."""

    words: str
    run_id: str = ""


async def proposed(
    talking: Talking, name: str, arguments: Mapping[str, object], messages: list[str], command: str | None
) -> Proposal:
    """Settle what a call of an acting tool would do.

    Args:
        messages: of the human, the latest first.
        command: what the human answered when nothing but the command was open.

    Raises:
        pydantic.ValidationError: the arguments are none of the tool's.
        NotDone, BadJob, JobFileError: it can't be done; `Unclear` has the question for the human.
    """
    match name:
        case "submit_job":
            return await _submission(talking, arguments, messages, command)
        case "change_run":
            return _change(talking, ChangeNeeds.model_validate(arguments))
        case _:
            return _cancel(talking, OneRun.model_validate(arguments))


async def done(talking: Talking, proposal: Proposal) -> Done:
    """Do what was shown, and a human said yes to.

    Raises:
        NotDone, BadJob, JobFileError: it can't be done any more.
    """
    settled = proposal.settled
    match proposal.does:
        case "submit":
            return await _submit(talking, settled)
        case "change":
            return _ask_instead(talking, settled)
        case "cancel":
            heard = await obey(talking.parts, talking.packer, talking.folder, Cancel(settled["run_id"]), talking.by)
            return Done(heard.words, heard.run_id if heard.done else "")
        case _:
            assert_never(proposal.does)


async def _submission(
    talking: Talking, arguments: Mapping[str, object], messages: list[str], command: str | None
) -> Proposal:
    """Fields that no human said are left out, and what is described is in the human's words, not in the model's."""
    parts, folder = talking.parts, talking.folder
    files = await asyncio.to_thread(look_at, folder, secrets_of(parts.variables))
    said = borne_out(arguments, messages, files)
    unsure: frozenset[str] = frozenset()
    if (job_file := said.fields.get("job_file")) is not None:
        needs = SubmitNeeds.model_validate({"job_file": job_file})
    else:
        fields, unsure = meant(messages[0], files, said.fields)
        answer = {"run": command} if command else {}
        needs = SubmitNeeds.model_validate({**fields, **answer, "description": messages[0]})
    read = await Written(parts, folder).job(needs, needs.gpu, needs.hours)
    check(parts, read.job)
    shown = _fields(read, unsure)
    lines = (
        *(f"{name.ljust(max(map(len, shown)))}  {value}" for name, value in shown.items()),
        *(f"warning: {warning}" for warning in read.warnings),
        *_left_out(said.made_up),
        *_what_then(talking),
    )
    written = _written(read)
    if needs.job_file is not None:
        settled: dict[str, Any] = {"job_file": needs.job_file, "sha256": _digest(written)}
    else:
        settled = {"job": written, "understood": dict(read.understood)}
    return Proposal("submit", lines, settled | _shown_under(talking))


def _shown_under(talking: Talking) -> dict[str, object]:
    """What a question takes for granted: it may be answered in another folder, and under another policy."""
    return {"folder": str(talking.folder.resolve()), "then": _what_then(talking)}


def _left_out(made_up: Sequence[str]) -> list[str]:
    """A name that no form has is a text of the model's, and is not shown as ours."""
    fields = [name for name in made_up if name in SubmitNeeds.model_fields]
    return [f"left out, as you did not say it: {', '.join(fields)}"] if fields else []


def _fields(read: ReadJob, unsure: Collection[str]) -> dict[str, str]:
    """What runs, on what, for how long and how much: every line of it, and where each is from."""
    fields = job_fields(read.job)
    resources = fields.pop("resources")
    fields.pop("description")
    fields |= resources if isinstance(resources, dict) else {}
    variables = [name for name, _ in (*read.job.envs, *read.job.secrets)]
    plain = {name: value for name, value in fields.items() if value and name not in {"envs", "secrets"}}
    doubt = {"accelerators" if name == "gpu" else name for name in unsure}
    shown = {name: f"{_shown(value)}{UNSURE if name in doubt else ''}" for name, value in plain.items()}
    return shown | dict(read.understood) | ({"variables": _shown(variables)} if variables else {})


def _shown(value: object) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list | dict) else str(value)
    return " ⏎ ".join(clean_lines(words, 2000).splitlines())


def _what_then(talking: Talking) -> list[str]:
    payment = talking.parts.policy.payment
    asks = f"orders of more than ${usd(payment.auto_pay)}" if payment.auto_pay else "every order"
    return [f"nothing is bought by this alone: you are asked about {asks}"]


def _written(read: ReadJob) -> str:
    return yaml.safe_dump(job_fields(read.job), sort_keys=False, allow_unicode=True)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def _submit(talking: Talking, settled: Mapping[str, Any]) -> Done:
    written = Written(talking.parts, talking.folder)
    if any(settled.get(name) != value for name, value in _shown_under(talking).items()):
        raise NotDone("the folder or the policy is another one than as it was asked: say again what to run")
    if "job_file" in settled:
        read = await written.job(SubmitNeeds(job_file=settled["job_file"]), None, None)
        if _digest(_written(read)) != settled["sha256"]:
            raise NotDone(f"{settled['job_file']} has changed since it was shown: ask for it again")
    else:
        job = read_job(settled["job"], WRITTEN).job
        top = written.top()
        stays = await asyncio.to_thread(stays_here, top)
        read = ReadJob(job, top / WRITTEN, (), folder=top, stays=stays, understood=settled["understood"])
        written.check(job, top)
    answer = await Requesting(talking.parts, talking.packer, talking.folder).submitted(read)
    run_id = str(answer["run_id"])
    again = "; it was asked for already" if "status" in answer else ""
    return Done(f"submitted {run_id}{again}", run_id)


def _change(talking: Talking, needs: ChangeNeeds) -> Proposal:
    asked = _open_offer(talking, needs.run_id)
    wish = _wish(needs.hours, needs.pay_by)
    if refusal := out_of_the_question(wish, talking.parts.policy):
        raise NotDone(refusal)
    offer = asked.offer
    lines = (
        f"put aside   {offer.gpu_name} for {offer.hours} h, ${usd(offer.amount)} {offer.rail.words}",
        f"and ask for {wish}",
        "the new offer is asked about with a code of its own, unless the policy pays it by itself",
    )
    settled = {"run_id": needs.run_id, "hours": needs.hours, "pay_by": needs.pay_by, "question": asked.approval_id}
    return Proposal("change", lines, settled)


def _ask_instead(talking: Talking, settled: Mapping[str, Any]) -> Done:
    """To the very offer that was shown; its code never leaves this function."""
    run_id, parts = settled["run_id"], talking.parts
    asked = _open_offer(talking, run_id)
    if asked.approval_id != settled["question"]:
        raise NotDone(f"the offer of {run_id} is another one by now: look at it, and say again what to change")
    wish = _wish(settled["hours"], settled["pay_by"])
    said = instead(parts, run_id, wish, code=asked.code, amount=asked.offer.amount, by=talking.by)
    if isinstance(said, NotRecorded):
        raise NotDone(said.reason)
    return Done(f"{run_id}: another offer is made: {wish}", run_id)


def _wish(hours: int | None, pay_by: str | None) -> Wish:
    rails = {"credits": Rail.CREDITS, "card": Rail.STRIPE}
    return Wish(rails.get(pay_by or ""), hours)


def _open_offer(talking: Talking, run_id: str) -> Approval:
    """The offer that waits for an answer. Raises `NotDone` where none does."""
    run, asked = talking.parts.log.run(run_id), talking.parts.log.approval(run_id)
    if run is None:
        raise NotDone(f"there is no run {run_id}; list_runs names those there are")
    now = talking.parts.clock.now()
    if run.status in ENDED or asked is None or asked.decision is not None or now >= asked.expires_at:
        raise NotDone(f"{run_id} has no offer that waits for an answer: only such a run can be changed")
    return asked


def _cancel(talking: Talking, asked: OneRun) -> Proposal:
    parts = talking.parts
    run = parts.log.run(asked.run_id)
    if run is None:
        raise NotDone(f"there is no run {asked.run_id}; list_runs names those there are")
    if run.status in ENDED:
        raise NotDone(f"{run.run_id} has ended already: {run.status}")
    totals = parts.log.totals(run.run_id)
    lines = (
        f"cancel {run.run_id}, {doing_of(run)}; ${usd(totals.spent)} are spent on it, and stay spent",
        "the job is stopped, what is there is brought home, the pod is ended",
    )
    return Proposal("cancel", lines, {"run_id": run.run_id})
