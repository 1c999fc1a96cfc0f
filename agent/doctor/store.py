"""The spend log: whether it can be believed, and what earlier runs left that somebody should see to."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from agent.doctor.check import Check
from agent.doctor.patient import Patient
from agent.errors import BadSettings
from agent.frozen import why_frozen
from agent.result import timestamp
from policies.charge import ChargeState
from policies.money import usd
from policies.order import short_id
from policies.text import counted
from tools.errors import StoreUnusable
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Charge, OrderRow, Run

SHOWN = 20

_DAMAGED = (
    "`swineherd freeze`, copy the folder away, and compare `swineherd spend` with the provider's own figures before"
    " anything is bought; a backup of the spend log and orders.jsonl, both of one moment, puts it right"
)
_UNOPENED = "until it opens nothing is bought; orders.jsonl beside it names every order in plain text"
_LOST_ORDER = "take the whole id from orders.jsonl and end it: POST /order/ID/terminate; then put a backup back"
_LINKS = frozenset({ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED})


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """What the store had to say.

    Attributes:
        opened: False also where there is no store yet.
        known_order: an order that the provider named to us, the likeliest to be there still.
    """

    checks: tuple[Check, ...]
    opened: bool = False
    known_order: OrderRow | None = None


def look_at_store(patient: Patient) -> StoreSeen:
    """Open the spend log, if there is one, and look; makes no store where there is none."""
    try:
        if not patient.store.is_there():
            return StoreSeen((_no_store(patient),))
        with closing(patient.open_log()) as log:
            return StoreSeen(
                (*_audited(log, shared=patient.store.is_shared), *_leftovers(patient, log)),
                opened=True,
                known_order=_known(patient, log),
            )
    except StoreUnusable as error:
        return StoreSeen((Check("store", "bad", str(error), _UNOPENED),))
    except BadSettings as error:
        return StoreSeen((Check("store", "bad", str(error), _UNOPENED),))
    except OSError as error:
        return StoreSeen((Check("store", "bad", f"{error.filename or patient.store}: {error.strerror}", _UNOPENED),))
    except ValueError as error:
        # Somebody wrote into a row what no row may hold; which one, the audit has said if it got so far.
        return StoreSeen(
            (Check("store", "bad", f"{patient.store} holds a value that can't be read: {error}", _DAMAGED),)
        )


def _no_store(patient: Patient) -> Check:
    store = patient.store
    if store.journal.exists() and store.journal.stat().st_size:
        found = f"{store} is gone, and {store.journal} beside it names orders"
        return Check("store", "bad", found, _LOST_ORDER)
    return Check("store", "ok", f"no spend log at {store} yet")


def _audited(log: SpendLog, *, shared: bool) -> Iterator[Check]:
    findings = log.audit()
    for finding in findings[:SHOWN]:
        remedy = _LOST_ORDER if "does not have it" in finding.problem else _DAMAGED
        yield Check("store", "bad", str(finding), remedy)
    if len(findings) > SHOWN:
        yield Check("store", "bad", f"and {len(findings) - SHOWN} more findings", _DAMAGED)
    if not findings:
        found = f"{counted(len(log.charges()), 'charge')}, each as its history says; head {log.chain_head()[:12]}"
        yield Check("store", "ok", found + ("; the server's own files are for pg_amcheck" if shared else ""))


def _known(patient: Patient, log: SpendLog) -> OrderRow | None:
    """The newest that is not gone; else the newest, which the provider may have forgotten."""
    ours: list[OrderRow | None] = [order for order in log.orders() if _named_by(patient, log, order)]
    standing = [order for order in ours if order and order.gone_at is None]
    return (standing or ours or [None])[-1]


def _named_by(patient: Patient, log: SpendLog, order: OrderRow) -> bool:
    """Whoever knows an order id can end its pod: it is told to nobody but the provider that named it."""
    charge = log.charge(order.charge_id)
    return charge is not None and charge.base_url == patient.provider


def _leftovers(patient: Patient, log: SpendLog) -> Iterator[Check]:
    found = [
        *_frozen(log),
        *_doubts(patient, log),
        *_pods(patient, log),
        *_storage(log),
        *_links(patient, log),
        *_unfinished(patient, log),
        *_schedules(patient, log),
    ]
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        yield Check("leftovers", "warn", f"and {len(found) - SHOWN} more", "`swineherd ps --all`, `swineherd spend`")
    if not found:
        yield Check("leftovers", "ok", "none")


def _frozen(log: SpendLog) -> Iterator[Check]:
    causes = why_frozen(log)
    if causes is not None:
        yield Check("frozen", "warn", causes.text(), "`swineherd unfreeze`, once that is settled")


def _doubts(patient: Patient, log: SpendLog) -> Iterator[Check]:
    for charge in log.charges(states=[ChargeState.SUBMITTING, ChargeState.IN_DOUBT]):
        if charge.state is ChargeState.SUBMITTING and patient.drives(log.lease(charge.run_id)):
            continue
        what = "is in doubt" if charge.state is ChargeState.IN_DOUBT else "was sent by a process that is gone"
        found = f"{_named(charge)} {what}: it counts as spent"
        options = "--order ID | --not-charged | --refunded"
        remedy = f"`swineherd resume {charge.run_id}`; if it stays, `swineherd settle {charge.charge_id} {options}`"
        yield Check("doubt", "warn", found, remedy)


def _pods(patient: Patient, log: SpendLog) -> Iterator[Check]:
    for order in patient.left_running(log):
        tried = f"asked {counted(order.terminate_tries, 'time')}" if order.terminate_tries else "not asked yet"
        found = (
            f"{short_id(order.order_id)} of the ended {order.run_id} is not proven gone ({tried}): it may be billing"
        )
        yield Check("pod", "bad", found, "`swineherd sweep`")


def _storage(log: SpendLog) -> Iterator[Check]:
    for charge in log.charges(states=[ChargeState.ACCRUING]):
        found = f"{_named(charge)} accrues: a stopped pod keeps results that were not fetched"
        yield Check("storage", "warn", found, "`swineherd sweep` ends it when its time is over")


def _links(patient: Patient, log: SpendLog) -> Iterator[Check]:
    for charge in log.charges(states=sorted(_LINKS)):
        if not patient.drives(log.lease(charge.run_id)):
            what = "expired" if charge.state is ChargeState.EXPIRED else "not paid"
            found = f"the link of {_named(charge)} is {what}, and counts until it can't be paid any more"
            yield Check("link", "warn", found, f"`swineherd resume {charge.run_id}` looks at it")


def _unfinished(patient: Patient, log: SpendLog) -> Iterator[Check]:
    for run in log.runs(unfinished=True):
        if not patient.drives(log.lease(run.run_id)):
            yield Check("run", "warn", _standing(run), f"`swineherd resume {run.run_id}`")


def _schedules(patient: Patient, log: SpendLog) -> Iterator[Check]:
    """Nothing tells a human in the morning that no worker ran at night."""
    kept = [one.schedule_id for one in log.schedules() if not one.rests]
    if kept and not any(patient.works(worker) for worker in log.workers()):
        found = f"{counted(len(kept), 'schedule')} ({', '.join(kept[:3])}) and no worker that runs them"
        yield Check("schedule", "warn", found, "keep `swineherd serve` running, or `swineherd schedule pause`")


def _standing(run: Run) -> str:
    since = timestamp(run.started_at or run.created_at)
    return f"{run.run_id} is {run.status} since {since}{f' at {run.step}' if run.step else ''}, and nobody drives it"


def _named(charge: Charge) -> str:
    order = f", order {short_id(charge.order_id)}" if charge.order_id else ""
    return f"charge {charge.charge_id} (${usd(charge.amount)}, {charge.run_id or 'no run'}{order})"
