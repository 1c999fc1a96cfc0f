"""What text channels are to say now: questions, links to pay, alarms, ends of runs. Nothing here says it."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from agent.card import offer_card
from agent.chat.cards import lines_of
from agent.chat.doing import doing_of
from agent.chat.had import outputs_of
from agent.chat.messages import Asking, Said, ToPay
from agent.diary import last_figure
from agent.folders import RunFolder
from agent.job_log import tail_text
from agent.offers import describe
from agent.parts import Parts
from agent.questions import Question, questions
from agent.result import Payable, link_to_pay, timestamp
from agent.summary import what_happened
from policies.charge import ChargeState
from policies.money import usd
from policies.order import short_id
from policies.text import clean, without_links
from tools.spend_log.rows import Approval, Run

MOST_TAIL_BYTES = 2500
MOST_TAIL_LINES = 20
MOST_REASON_CHARS = 500

GO_ON = "Nothing is bought until this is lifted, in the web chat or in a terminal: `swineherd unfreeze`"

FIGURES_LAST = timedelta(minutes=2)
"""So long what was seen of a GPU says something about it."""


def standing(parts: Parts, now: datetime) -> dict[str, Question]:
    """Question id → every question of this home that may be answered now."""
    return {asked.question_id: asked for asked in questions(parts.log, now) if _at_home(parts, asked.subject)}


def asking(parts: Parts, question: Question) -> Asking:
    """With all that a human reads before saying yes."""
    lines = tuple(lines_of(parts, question))
    if isinstance(question.asked, Approval):
        return Asking(question, describe(question.asked.offer), offer_card(parts, question.asked), lines)
    return Asking(question, lines[0] if lines else f"{question.subject}: ${usd(question.amount)}", None, lines)


def links(parts: Parts, now: datetime) -> dict[str, ToPay]:
    """Charge id → every link of this home that waits to be paid."""
    waiting = {charge.run_id for charge in parts.log.charges(states=[ChargeState.AWAITING_PAYMENT])}
    found = [link_to_pay(parts.log, parts.run(run_id), now) for run_id in sorted(waiting) if parts.at_home(run_id)]
    return {link.charge.charge_id: _to_pay(parts, link) for link in found if link is not None}


def _to_pay(parts: Parts, link: Payable) -> ToPay:
    return ToPay(describe(parts.attempt(link.charge.run_id).offer), link)


def alarms(parts: Parts, now: datetime) -> dict[str, Said]:
    """Name → what a human has to see to, while it stands."""
    return dict([*_frozen(parts), *_in_doubt(parts, now), *_pods_left(parts)])


def _frozen(parts: Parts) -> Iterator[tuple[str, Said]]:
    reason = parts.log.frozen()
    if reason is not None:
        yield "frozen", Said("Spending is frozen", (_shown(reason), GO_ON))


def _in_doubt(parts: Parts, now: datetime) -> Iterator[tuple[str, Said]]:
    """Once the account has had its time to prove the one or the other."""
    settled = timedelta(seconds=parts.policy.reconcile.settle_seconds)
    for charge in parts.log.charges(states=[ChargeState.IN_DOUBT]):
        if now >= (charge.submitted_at or charge.created_at) + settled:
            title = f"${usd(charge.amount)} of {charge.run_id} is in doubt"
            lines = (
                "It may have been taken, counts as spent, and is not sent again. Ask the provider whether it was",
                f"What they say is written down in a terminal: `swineherd settle {charge.charge_id}`",
            )
            yield f"doubt {charge.charge_id}", Said(title, lines)


def _pods_left(parts: Parts) -> Iterator[tuple[str, Said]]:
    for order in parts.log.orders(open_only=True):
        if order.terminate_tries >= parts.policy.recovery.terminate_alarm_tries:
            pod, tries = short_id(order.order_id), order.terminate_tries
            title = f"The pod {pod} of {order.run_id} is not proven gone"
            lines = (
                f"It may still bill, after {tries} tries to end it",
                "End it at the provider, or try again in a terminal: `swineherd sweep`",
            )
            yield f"pod {order.charge_id}", Said(title, lines)


def ended(parts: Parts, run: Run) -> Said:
    """The report of a run, and the end of its log."""
    spent = parts.log.totals(run.run_id)
    money = f"spent ${usd(spent.spent)}"
    if spent.held or spent.in_doubt:
        money = f"{money}, held ${usd(spent.held)}, in doubt ${usd(spent.in_doubt)}"
    exit_code = "" if run.job_exit_code is None else f"the job's exit code is {run.job_exit_code}"
    folder = outputs_of(parts, run)
    outputs = f"outputs are in {clean(folder, 300)}" if folder else ""
    told = (_shown(line) for line in what_happened(parts.log, run.run_id, parts.hour))
    lines = (_shown(run.reason), money, *told, exit_code, outputs)
    return Said(f"{run.run_id}: {run.status}", tuple(line for line in lines if line), tail(parts.home.run(run.run_id)))


def under_way(parts: Parts, run: Run) -> Said:
    """What a run that has not ended does, how busy its GPU is while the job runs, and the end of its log."""
    folder = parts.home.run(run.run_id)
    lines = [*_busy(parts, run, folder), *_last_written(folder)]
    return Said(f"{run.run_id}: {doing_of(run)}", tuple(lines), tail(folder))


def _busy(parts: Parts, run: Run, folder: RunFolder) -> Iterator[str]:
    seen = last_figure(folder) if run.step == "run_job" else None
    since = timestamp(parts.clock.now() - FIGURES_LAST) or ""
    if seen is not None and seen.at >= since:
        yield f"GPU {seen.util} % busy, {seen.memory} % of its memory"


def _last_written(folder: RunFolder) -> Iterator[str]:
    """A log that stands still is told from a chat that does."""
    with suppress(OSError):
        stat = folder.log.stat()
        if stat.st_size:
            yield f"log last written at {datetime.fromtimestamp(stat.st_mtime, UTC):%Y-%m-%d %H:%M:%S} UTC"


def tail(folder: RunFolder) -> str:
    """The last lines of the job's log as it was masked; "" without one."""
    return "\n".join(tail_text(folder, MOST_TAIL_BYTES).splitlines()[-MOST_TAIL_LINES:])


def _shown(text: str) -> str:
    return without_links(clean(text, MOST_REASON_CHARS))


def _at_home(parts: Parts, subject: str) -> bool:
    """A run's, a batch's by its runs, or a schedule's."""
    if parts.log.run(subject) is not None:
        return parts.at_home(subject)
    schedule = parts.log.schedule(subject)
    if schedule is not None:
        return schedule.home in {"", parts.home_id}
    return all(parts.at_home(job.run_id) for job in parts.log.batch_jobs(subject)[:1])
