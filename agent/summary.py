"""A run that has ended, in plain words: what ran where and what it cost, what was overcome, what came home, what next.

Every figure is the spend log's; a model's words stand in quotation marks beside its name.
"""

from collections.abc import Iterator
from datetime import timedelta

from agent.noted import ANOTHER_POD, DIAGNOSED, noted
from agent.peak_words import peak_words
from policies.charge import SPENT, ChargeState
from policies.job import from_json
from policies.money import usd
from policies.spoken import said_by
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, Kind, Run, RunStatus

MOST_OVERCOME = 5


def summary(log: SpendLog, run_id: str, hour: timedelta) -> list[str]:
    """One sentence a line.

    Args:
        hour: how long a paid hour lasts.

    Raises:
        KeyError: there is no such run.
    """
    run = _run(log, run_id)
    why = f": {run.reason.rstrip('.')}" if run.reason else ""
    return [f"{run.name} ended as {run.status.value.replace('_', ' ')}{why}.", *account(log, run_id, hour)]


def account(log: SpendLog, run_id: str, hour: timedelta) -> list[str]:
    """The same without how it ended."""
    run = _run(log, run_id)
    return [*what_happened(log, run_id, hour), *_came_home(log, run), *_next(run)]


def _run(log: SpendLog, run_id: str) -> Run:
    run = log.run(run_id)
    if run is None:
        raise KeyError(run_id)
    return run


def what_happened(log: SpendLog, run_id: str, hour: timedelta) -> list[str]:
    """Pods, money, and failures that were answered with another pod."""
    return [*_pods(log, run_id, hour), *_used(log, run_id), *_other_money(log, run_id), *_overcome(log, run_id)]


def _rents(log: SpendLog, run_id: str) -> list[Charge]:
    return [charge for charge in log.charges(run_id) if charge.kind is Kind.RENT and charge.state in SPENT]


def _pods(log: SpendLog, run_id: str, hour: timedelta) -> Iterator[str]:
    offers = {attempt.offer.attempt: attempt.offer for attempt in log.attempts(run_id)}
    for charge in _rents(log, run_id):
        offer = offers[charge.attempt]
        paid = f"{offer.gpu_name} ({offer.vram_gb} GB) cost ${usd(charge.amount)} for {charge.hours} h"
        yield f"{paid}{_use_of(log, charge, hour)}."


def _use_of(log: SpendLog, charge: Charge, hour: timedelta) -> str:
    """How long the pod was up, and what of its money that leaves; what is not used stays spent."""
    order = log.order(charge.order_id) if charge.order_id else None
    if order is None or order.paid_from is None:
        return "; which pod that was is not known"
    if order.gone_at is None:
        return "; the pod is not proven gone"
    up, paid = max(order.gone_at - order.paid_from, timedelta(0)), charge.hours * hour
    unused = charge.amount * max(paid - up, timedelta(0)) // paid
    rest = f", so that ${usd(unused)} of it was not used" if unused else ""
    return f"; the pod was up for {span_words(up)}{rest}"


def _used(log: SpendLog, run_id: str) -> Iterator[str]:
    """Of the pods whose GPU was looked at on the pod itself."""
    return (f"{peak_words(peak)}." for peak in log.peaks(run_id) if peak.use.memory_mib is not None)


def _other_money(log: SpendLog, run_id: str) -> Iterator[str]:
    totals, rents = log.totals(run_id), _rents(log, run_id)
    more = totals.spent - sum(charge.amount for charge in rents)
    if more > 0:
        yield f"Storage and the like cost ${usd(more)} beside."
    for charge in log.charges(run_id, [ChargeState.IN_DOUBT]):
        yield f"${usd(charge.amount)} may have been taken: `swineherd settle {charge.charge_id}` settles it."
    if totals.held:
        yield f"${usd(totals.held)} is still held."
    if not (rents or totals.spent or totals.in_doubt or totals.held):
        yield "Nothing was bought."


def _overcome(log: SpendLog, run_id: str) -> Iterator[str]:
    moves = [body for body in noted(log, run_id, DIAGNOSED) if body["move"] == ANOTHER_POD]
    for body in moves[-MOST_OVERCOME:]:
        said = f"; {said_by(body['model'], body['words'])}" if "words" in body else ""
        yield f"Another offer was looked for after this: {body['reason']}{said}."


def _came_home(log: SpendLog, run: Run) -> Iterator[str]:
    started = [order for order in log.orders(run.run_id) if order.job_started]
    if not started or not from_json(run.job_json).outputs:
        return
    if started[-1].collected:
        yield f"The outputs it left are in {run.outputs_dir}."
    else:
        yield "Its outputs did not come home."


def _next(run: Run) -> Iterator[str]:
    if run.status is RunStatus.FAILED and run.job_exit_code:
        yield f"Next: `swineherd logs {run.run_id}` has its log; once it is mended, `swineherd run` runs it again."
    elif run.status is RunStatus.FAILED:
        yield "Next: `swineherd run` tries it again."
    elif run.status is RunStatus.REFUSED:
        yield "Next: `swineherd quote` shows what is listed, what it would cost, and why it does not fit."


def span_words(span: timedelta) -> str:
    """`41 s`, `12 min`, `1 h 12 min`."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    if not minutes:
        return f"{seconds} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
