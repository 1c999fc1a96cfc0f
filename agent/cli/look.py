"""ps, show, logs: what is known, from the stores alone."""

import codecs
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent.cli import output
from agent.cli.places import settings_or_fail, stores
from agent.folders import Home
from agent.result import run_result, timestamp
from agent.settings import Settings
from policies.charge import ChargeState
from policies.money import usd
from tools.spend_log.holder import is_alive, this_process
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import ENDED, Approval, Attempt, Event
from tools.spend_log.standing import lives, stands_against

FOLLOW_SECONDS = 0.5


@contextmanager
def found(settings: Settings, run_id: str) -> Iterator[tuple[SqliteSpendLog, Home]]:
    """The store that has the run."""
    for path, _ in stores(settings):
        with closing(SqliteSpendLog.open(path)) as log:
            if log.run(run_id) is not None:
                yield log, Home(path.parent)
                return
    output.fail(f"no run {run_id} under {settings.home}; `swineherd ps --all` lists them", output.USAGE)


def ps(*, everything: bool, as_json: bool) -> None:
    """Runs of both stores, newest first."""
    with output.clear_errors():
        results: list[dict[str, object]] = []
        for path, is_sandbox in stores(settings_or_fail()):
            with closing(SqliteSpendLog.open(path)) as log:
                listed = log.runs(unfinished=not everything)
                _name_leftovers(log)
                results += [run_result(log, run.run_id, datetime.now(UTC)) | {"sandbox": is_sandbox} for run in listed]
        if as_json:
            output.document({"runs": results})
            return
        columns = ("run_id", "status", "step", "gpu", "spent_usd", "held_usd", "started_at")
        head = ("RUN", "STATUS", "STEP", "GPU", "SPENT", "HELD", "STARTED")
        output.table(head, [[str(result[column] or "-") for column in columns] for result in results])


def _name_leftovers(log: SqliteSpendLog) -> None:
    """What somebody should see to, with the command that does."""
    now, here = datetime.now(UTC), this_process()
    leases = [(run.run_id, log.lease(run.run_id)) for run in log.runs(unfinished=True)]
    undriven = [run_id for run_id, lease in leases if not lease or not stands_against(lease, here, now, is_alive)]
    works = any(lives(worker, here, now, is_alive) for worker in log.workers())
    if undriven and not works:
        output.aside(f"nobody drives {', '.join(undriven)}: `swineherd resume` goes on")
    for charge in log.charges(states=[ChargeState.IN_DOUBT]):
        output.aside(f"${usd(charge.amount)} of {charge.run_id} is in doubt: `swineherd show {charge.run_id}` says why")
    for charge in log.charges(states=[ChargeState.ACCRUING]):
        output.aside(f"{charge.run_id}: {charge.note} (${usd(charge.amount)}): `swineherd sweep` ends what is due")
    if log.frozen():
        output.aside("spending is frozen: `swineherd doctor` says why")


def show(run_id: str, *, as_json: bool) -> None:
    """Everything about one run. The approval code is printed here and nowhere else."""
    with output.clear_errors(), found(settings_or_fail(), run_id) as (log, _):
        result = run_result(log, run_id, datetime.now(UTC))
        open_question = _open_question(log, run_id)
        if as_json:
            asked = _question(open_question) if open_question else None
            output.document(result | ({"approval": asked} if asked else {}))
            return
        for key, value in result.items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            output.line(f"{key:<14}{'-' if shown in (None, '') else shown}")
        _offers(log.attempts(run_id))
        _history(log.events(run_id))
        if open_question:
            _how_to_answer(open_question)


def _open_question(log: SqliteSpendLog, run_id: str) -> Approval | None:
    """The question that may still be answered: a run that has ended asks nothing any more."""
    run, approval = log.run(run_id), log.approval(run_id)
    if run is None or run.status in ENDED or approval is None or approval.decision is not None:
        return None
    return approval


def _question(approval: Approval) -> dict[str, object]:
    return {
        "code": approval.code,
        "amount_usd": usd(approval.offer.amount),
        "expires_at": timestamp(approval.expires_at),
    }


def _offers(attempts: list[Attempt]) -> None:
    for attempt in attempts:
        offer = attempt.offer
        outcome = f" → {attempt.outcome}" if attempt.outcome else ""
        money = f"{offer.gpu_name}, {offer.hours} h, ${usd(offer.amount)} by {offer.rail}"
        output.line(f"offer {offer.attempt}: {money}: {attempt.reason}{outcome}")


def _history(events: list[Event]) -> None:
    output.line("history")
    for event in events:
        output.line(f"  {timestamp(event.at)}  {event.kind}  {event.body[:160]}")


def _how_to_answer(approval: Approval) -> None:
    run_id, amount = approval.offer.run_id, usd(approval.offer.amount)
    output.line(f"waits for a human until {timestamp(approval.expires_at)}:")
    output.line(f"  swineherd approve {run_id} --code {approval.code} --amount {amount}")
    output.line(f"  swineherd deny {run_id} --code {approval.code} --amount {amount}")


def logs(run_id: str, *, follow: bool) -> None:
    """The job's log; colours only where stdout is a terminal."""
    with output.clear_errors(), found(settings_or_fail(), run_id) as (log, home):
        path = home.run(run_id).log
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        offset = _print_from(path, 0, decoder)
        while follow:
            run = log.run(run_id)
            offset = _print_from(path, offset, decoder)
            if run is None or run.status in ENDED:
                return
            try:
                time.sleep(FOLLOW_SECONDS)
            except KeyboardInterrupt:
                return


def _print_from(path: Path, offset: int, decoder: codecs.IncrementalDecoder) -> int:
    """Print what was added since `offset`; a log that a later pod began anew is printed from its start.

    The decoder keeps the beginning of a letter whose rest is not written yet.
    """
    if not path.exists():
        return 0
    if path.stat().st_size < offset:
        offset = 0
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read()
    sys.stdout.write(output.printable(decoder.decode(data), colours=sys.stdout.isatty()))
    sys.stdout.flush()
    return offset + len(data)
