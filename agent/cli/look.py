"""ps, show, logs: what is known, from the stores alone."""

import codecs
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent.cli import output
from agent.cli.places import is_batch, is_schedule, no_run, settings_or_fail, stores
from agent.cli.waiting import all_waiting
from agent.folders import Home
from agent.peak_words import peak_words
from agent.result import run_result, summary_in, timestamp
from agent.settings import Settings
from policies.charge import ChargeState
from policies.money import usd
from policies.printable import printable
from tools.spend_log.holder import is_alive, this_process
from tools.spend_log.peak_rows import Peak
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import ENDED, Approval, Attempt, Event, Holder
from tools.spend_log.standing import lives, stands_against

FOLLOW_SECONDS = 0.5


@contextmanager
def found(settings: Settings, run_id: str) -> Iterator[tuple[SpendLog, Home]]:
    """The store that has the run."""
    for store in stores(settings):
        with closing(store.open()) as log:
            if log.run(run_id) is not None:
                yield log, store.home
                return
    no_run(settings, run_id)


def ps(*, everything: bool, as_json: bool) -> None:
    """Runs of both stores, newest first."""
    with output.clear_errors():
        results: list[dict[str, object]] = []
        for store in stores(settings_or_fail()):
            with closing(store.open()) as log:
                listed = log.runs(unfinished=not everything)
                where = {"sandbox": store.is_sandbox}
                for words in all_waiting(log, listed, datetime.now(UTC)):
                    output.aside(words)
                _name_leftovers(log, this_process(among_machines=store.is_shared))
                results += [run_result(log, run.run_id, datetime.now(UTC)) | where for run in listed]
        if as_json:
            output.document({"runs": results})
            return
        columns = ("run_id", "status", "step", "gpu", "spent_usd", "held_usd", "started_at")
        head = ("RUN", "STATUS", "STEP", "GPU", "SPENT", "HELD", "STARTED", "MONEY")
        rows = [[*(str(result[column] or "-") for column in columns), output.money_word(result)] for result in results]
        output.table(head, rows)


def _name_leftovers(log: SpendLog, here: Holder) -> None:
    """What somebody should see to, with the command that does."""
    now = datetime.now(UTC)
    unfinished = log.runs(unfinished=True)
    queues = {
        run.run_id: job.batch_id for run in unfinished if not run.started_at and (job := log.batch_of(run.run_id))
    }
    leases = [(run.run_id, log.lease(run.run_id)) for run in unfinished]
    undriven = [run_id for run_id, lease in leases if not lease or not stands_against(lease, here, now, is_alive)]
    for batch_id in sorted({queues[run_id] for run_id in undriven if run_id in queues}):
        output.aside(f"jobs of {batch_id} wait and nobody drives it: `swineherd batch --resume {batch_id}` goes on")
    worked_at = {worker.home for worker in log.workers() if lives(worker, here, now, is_alive)}
    begun = [run_id for run_id in undriven if run_id not in queues and log.home_of(run_id) not in worked_at]
    if begun:
        output.aside(f"nobody drives {', '.join(begun)}: `swineherd resume` goes on")
    for charge in log.charges(states=[ChargeState.IN_DOUBT]):
        output.aside(f"${usd(charge.amount)} of {charge.run_id} is in doubt: `swineherd show {charge.run_id}` says why")
    for charge in log.charges(states=[ChargeState.ACCRUING]):
        output.aside(f"{charge.run_id}: {charge.note} (${usd(charge.amount)}): `swineherd sweep` ends what is due")
    if log.frozen():
        output.aside("spending is frozen: `swineherd doctor` says why")


def show(run_id: str, *, as_json: bool) -> None:
    """Everything about one run or batch. The approval code is printed here and nowhere else."""
    with output.clear_errors():
        settings = settings_or_fail()
        if is_batch(settings, run_id) is not None:
            from agent.cli.batches import show_batch

            show_batch(settings, run_id, as_json=as_json)
        elif is_schedule(settings, run_id) is not None:
            from agent.cli.schedules import show_schedule

            show_schedule(run_id, as_json=as_json)
        else:
            _show_run(settings, run_id, as_json=as_json)


def _show_run(settings: Settings, run_id: str, *, as_json: bool) -> None:
    with found(settings, run_id) as (log, home):
        result = run_result(log, run_id, datetime.now(UTC))
        open_question = _open_question(log, run_id)
        if as_json:
            asked = _question(open_question) if open_question else None
            output.document(result | ({"approval": asked} if asked else {}))
            return
        for key, value in result.items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            output.line(f"{key:<14}{'-' if shown in (None, '') else shown}")
        for line in summary_in(home.run(run_id).report, result):
            output.line(line)
        if result["ended_at"] is None:
            _used(log.peaks(run_id))
        _offers(log.attempts(run_id))
        _history(log.events(run_id))
        if open_question:
            _how_to_answer(open_question)


def _open_question(log: SpendLog, run_id: str) -> Approval | None:
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
        money = f"{offer.gpu_name}, {offer.hours} h, ${usd(offer.amount)} {offer.rail.words}"
        output.line(f"offer {offer.attempt}: {money}: {attempt.reason}{outcome}")


def _used(peaks: list[Peak]) -> None:
    """Of a run that goes on; once it has ended, its summary says it."""
    for words in filter(None, map(peak_words, peaks)):
        output.line(words)


def _history(events: list[Event]) -> None:
    output.line("history")
    for event in events:
        output.line(f"  {timestamp(event.at)}  {event.kind}  {event.body[:160]}")


def _how_to_answer(approval: Approval) -> None:
    run_id, amount = approval.offer.run_id, usd(approval.offer.amount)
    output.line(f"waits for a human until {timestamp(approval.expires_at)}:")
    output.line(f"  swineherd approve {run_id} --code {approval.code} --amount {amount}")
    output.line(f"  swineherd deny {run_id} --code {approval.code} --amount {amount}")
    output.line(
        "`approve` takes --by-card and --hours N too, for another offer; or --up-to N --pods N, for all its pods"
    )


def logs(run_id: str, *, follow: bool) -> None:
    """The job's log; colours only where stdout is a terminal."""
    with output.clear_errors():
        settings = settings_or_fail()
        if is_batch(settings, run_id) is not None:
            from agent.cli.batches import name_logs

            name_logs(settings, run_id)
        _print_log(settings, run_id, follow=follow)


def _print_log(settings: Settings, run_id: str, *, follow: bool) -> None:
    with found(settings, run_id) as (log, home):
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
    sys.stdout.write(printable(decoder.decode(data), colours=sys.stdout.isatty()))
    sys.stdout.flush()
    return offset + len(data)
