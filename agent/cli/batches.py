"""A batch as a whole from the store: listed, shown, answered."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import NoReturn

from agent.approvals import answer_ahead
from agent.batch.card import grant_card
from agent.batch.report import batch_result
from agent.cli import output
from agent.cli.answers import VERBS, given
from agent.cli.batch_table import print_jobs
from agent.cli.places import holds_batch, settings_or_fail, stores
from agent.cli.terminal import who
from agent.cli.waiting import run_waits
from agent.questions import batch_question
from agent.result import timestamp
from agent.settings import Settings
from policies.money import usd
from tools.spend_log.batch_rows import Grant
from tools.spend_log.holder import is_alive, this_process
from tools.spend_log.port import NotRecorded, SpendLog
from tools.spend_log.rows import Decision
from tools.spend_log.standing import stands_against

MOST_NAMED = 10
"""Runs of a batch that a message names."""


def batches(*, as_json: bool) -> None:
    """Every batch of both stores, newest first."""
    with output.clear_errors():
        listed: list[dict[str, object]] = []
        for store in stores(settings_or_fail()):
            with closing(store.open()) as log:
                now = datetime.now(UTC)
                listed += [
                    batch_result(log, one.batch_id, now) | {"sandbox": store.is_sandbox} for one in log.batches()
                ]
        if as_json:
            output.document({"batches": listed})
            return
        rows = [[*(str(_column(one, name)) for name in _COLUMNS), output.money_word(one)] for one in listed]
        output.table(("BATCH", "JOBS", "SPENT", "BUDGET", "CREATED", "MONEY"), rows)


_COLUMNS = ("batch_id", "counts", "spent_usd", "budget_usd", "created_at")


def _column(document: dict[str, object], name: str) -> object:
    counts = document[name]
    if isinstance(counts, dict):
        return ", ".join(f"{count} {status}" for status, count in counts.items())
    return document[name] or "-"


@contextmanager
def store_of(settings: Settings, batch_id: str) -> Iterator[SpendLog]:
    """The log that has it; ends with a clear word where none has."""
    is_sandbox = holds_batch(settings, batch_id)
    (store,) = [store for store in stores(settings) if store.is_sandbox is is_sandbox]
    with closing(store.open()) as log:
        yield log


def answer_batch(settings: Settings, batch_id: str, decision: Decision, code: str | None, amount: str | None) -> int:
    """Record a human's yes or no to all orders of a batch; the process that drives it acts on it."""
    with store_of(settings, batch_id) as log:
        grant = batch_question(log, batch_id, datetime.now(UTC))
        if grant is None:
            output.fail(
                f"{batch_id} does not wait for an approval; `swineherd show {batch_id}` says where it stands", 2
            )
        batch = log.batch(batch_id)
        card = grant_card(batch, grant, None) if batch else ()
        given_code, cents = given(batch_id, (grant.code, grant.amount), card, VERBS[decision], (code, amount))
        by, now = f"terminal:{who()}", datetime.now(UTC)
        said = answer_ahead(log, grant, decision, code=given_code, amount=cents, by=by, now=now)
        if isinstance(said, NotRecorded):
            output.fail(said.reason, output.USAGE)
        output.line(f"{batch_id}: {said.decision}")
        if not _is_driven(log, batch_id):
            output.line(f"nobody drives it now: go on with `swineherd batch --resume {batch_id}`")
    return 0


def _is_driven(log: SpendLog, batch_id: str) -> bool:
    now, here = datetime.now(UTC), this_process()
    leases = [lease for job in log.batch_jobs(batch_id) if (lease := log.lease(job.run_id)) is not None]
    return any(stands_against(lease, here, now, is_alive) for lease in leases)


def show_batch(settings: Settings, batch_id: str, *, as_json: bool) -> None:
    """Every job and the money of a batch; the code of its question is printed here and nowhere else."""
    with store_of(settings, batch_id) as log:
        now = datetime.now(UTC)
        document, grant = batch_result(log, batch_id, now), batch_question(log, batch_id, now)
        runs = [log.run(job.run_id) for job in log.batch_jobs(batch_id)]
        waiting = [words for run in runs if run is not None and (words := run_waits(log, run, now))]
    if as_json:
        output.document(document | ({"approval": _question(grant)} if grant else {}))
        return
    for key in ("batch_id", "name", "budget_usd", "spent_usd", "held_usd", "in_doubt_usd", "started_at", "ended_at"):
        output.line(f"{key:<14}{'-' if document[key] is None else document[key]}")
    print_jobs(document)
    for words in waiting:
        output.line(words)
    if grant is not None:
        output.line(f"waits for a human until {timestamp(grant.expires_at)}:")
        answer = f"{batch_id} --code {grant.code} --amount {usd(grant.amount)}"
        output.line(f"  swineherd approve {answer}")
        output.line(f"  swineherd deny {answer}")


def name_logs(settings: Settings, batch_id: str) -> NoReturn:
    """A batch has no log of its own: end with the commands that print those of its runs."""
    with store_of(settings, batch_id) as log:
        jobs = log.batch_jobs(batch_id)
    lines = [f"{batch_id} is a batch; each of its runs has a log:"]
    lines += [f"  swineherd logs {job.run_id}  ({job.label})" for job in jobs[:MOST_NAMED]]
    if len(jobs) > MOST_NAMED:
        lines.append(f"  and {len(jobs) - MOST_NAMED} more: `swineherd show {batch_id}` lists them")
    output.fail("\n".join(lines), output.USAGE)


def _question(grant: Grant) -> dict[str, object]:
    return {"code": grant.code, "amount_usd": usd(grant.amount), "expires_at": timestamp(grant.expires_at)}
