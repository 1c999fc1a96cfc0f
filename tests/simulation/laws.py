"""The nine laws of MONEY.md, each as a judge of one moment, against the provider's own books and not our words."""

import json
from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from tests.simulation.books import Order, Taken
from tests.simulation.granting import not_granted
from tests.simulation.provider import HOUR
from tests.simulation.witness import Moment, Row, Witness

DOUBTED = ("submitting", "in_doubt")
HELD = ("held", "awaiting_payment", "expired")
SPENT = ("paid", "mismatch", "orphaned", "accruing")
COUNTED = (*DOUBTED, *HELD, *SPENT)
ENDED = ("succeeded", "failed", "refused", "denied", "cancelled", "in_doubt")

Law = Callable[[Moment], Iterator[str]]


def law_1(moment: Moment) -> Iterator[str]:
    """Nothing is sent before it is written; the raw answer is stored first; order ids are in orders.jsonl."""
    witness = moment.witness
    if moment.kind == "spend":
        if moment.charge is None:
            yield "a spending call without a committed intent of its own"
        elif moment.now - witness.passed(moment.charge["submitted_at"]) > 5.001:
            yield "sent more than 5 seconds after its intent"
    if moment.process is not None and moment.process.holder.pid in witness.unkept:
        charge_id, heard = witness.unkept.pop(moment.process.holder.pid)
        kept = [(row["status"], row["body"]) for row in witness.answers if row["charge_id"] == charge_id]
        if (heard.status, heard.body) not in kept:
            yield f"the answer for {charge_id} was not stored before anything else was done"
    if moment.kind == "rest":
        journal = witness.home.spend_log.with_name("orders.jsonl").read_text(encoding="utf-8")
        for row in witness.answers:
            for order_id in _named(witness, row["body"]):
                if f'"{order_id}"' not in journal:
                    yield f"{order_id} was named and is not in orders.jsonl"


def _named(witness: Witness, body: bytes) -> list[str]:
    return [order_id for order_id in witness.provider.orders if f'"{order_id}"'.encode() in body]


def law_2(moment: Moment) -> Iterator[str]:
    """An unknown outcome counts as spent, and is never repeated."""
    witness = moment.witness
    if moment.kind == "spend" and moment.charge is not None:
        yield from _repeated(moment, moment.charge)
    if moment.kind in ("write", "rest"):
        for taken in witness.provider.taken:
            if taken.charge_id and not _counts(witness, taken):
                yield f"{taken.cents} cents were taken for {taken.charge_id}, which does not count"
    if moment.kind == "rest":
        counted = sum(row["amount"] for row in witness.charges if row["state"] in COUNTED)
        really = sum(one.cents for one in witness.provider.taken if one.account and not _elsewhere(one))
        if counted < really:
            yield f"{counted} cents count, {really} were taken"


def _elsewhere(taken: Taken) -> bool:
    return not taken.order_id


def _repeated(moment: Moment, charge: Row) -> Iterator[str]:
    witness = moment.witness
    if charge["charge_id"] in witness.sent:
        yield f"{charge['charge_id']} is sent again"
    for other in witness.charges:
        if other["run_id"] != charge["run_id"] or other["charge_id"] == charge["charge_id"]:
            continue
        if other["kind"] == "rent" and (other["state"] in (*DOUBTED, *HELD) or other["state"] == "orphaned"):
            yield f"{charge['charge_id']} is bought while {other['charge_id']} is {other['state']}"


def _counts(witness: Witness, taken: Taken) -> bool:
    """A debit that nobody could see while its purchase was released is found later, as a row of its own."""
    row = witness.charge(taken.charge_id)
    if row is None:
        return False
    if row["state"] == "released":
        return taken.posted_at > witness.passed(row["settled_at"])
    return row["state"] in DOUBTED or (row["state"] in COUNTED and bool(row["amount"] >= taken.cents))


def law_3(moment: Moment) -> Iterator[str]:
    """Every cap holds over all money that is not final and all that was spent, whenever more is reserved."""
    if moment.kind != "write":
        return
    witness = moment.witness
    for row in witness.charges:
        if row["state"] == "held" and row["charge_id"] not in witness.reserved:
            witness.reserved.add(row["charge_id"])
            yield from _over(witness, row)


def _over(witness: Witness, new: Row) -> Iterator[str]:
    budget, payment, day = witness.policy.budget, witness.policy.payment, new["created_at"][:10]
    counting = [row for row in witness.charges if row["state"] in COUNTED]
    ceiling = witness.runs[new["run_id"]]["ceiling"]
    run_cap = budget.per_run if ceiling is None else min(budget.per_run, ceiling)
    of_day = [row for row in counting if _in_period(row, day)]
    sums = {
        "per_run": (sum(row["amount"] for row in counting if row["run_id"] == new["run_id"]), run_cap),
        "per_day": (sum(row["amount"] for row in of_day), budget.per_day),
        "per_month": (sum(row["amount"] for row in counting if _in_period(row, day[:7])), budget.per_month),
        "max_open_pods": (_open(witness), budget.max_open_pods),
    }
    if new["auto"]:
        auto = sum(row["amount"] for row in of_day if row["auto"] and row["rail"] == "credits")
        sums |= {"auto_pay": (new["amount"], payment.auto_pay), "auto_pay_per_day": (auto, payment.auto_pay_per_day)}
    for name, (used, cap) in sums.items():
        if used > cap:
            yield f"{name} is {cap}, and {used} are held or spent"


def _in_period(row: Row, period: str) -> bool:
    return row["settled_at"] is None or row["settled_at"].startswith(period)


def _open(witness: Witness) -> int:
    """Orders that are or may be pods, and purchases under way that have none yet."""
    named = {row["charge_id"] for row in witness.orders}
    waiting = [row for row in witness.charges if row["settled_at"] is None and row["charge_id"] not in named]
    without_order = sum(not row["order_id"] for row in waiting)
    return without_order + sum(row["gone_at"] is None and not row["unpaid"] for row in witness.orders)


def law_4(moment: Moment) -> Iterator[str]:
    """Beyond the auto-pay limits a human said yes to exactly this offer, in time, once; codes are for humans only."""
    witness = moment.witness
    if moment.kind == "spend" and moment.charge is not None and moment.charge["rail"] == "credits":
        yield from _not_approved(witness, moment.charge)
    if moment.kind == "rest" and witness.words.codes:
        seen = _everything_said(witness)
        yield from (f"the code {code} was said" for code in witness.words.codes if code in seen)


def _not_approved(witness: Witness, charge: Row) -> Iterator[str]:
    used = [row for row in witness.approvals if row["charge_id"] == charge["charge_id"]]
    if charge["auto"] and not used:
        return
    grant = witness.grant_used(charge["charge_id"])
    if grant is not None:
        yield from not_granted(witness, charge, grant)
    if grant is not None and not used:
        return
    if len(used) != 1:
        yield f"{charge['charge_id']} used {len(used)} approvals"
        return
    approval = used[0]
    seen = witness.words.approved.get(approval["approval_id"])
    offer = witness.offer(charge["run_id"], charge["attempt"])
    if seen is None or approval["decision"] != "approved":
        yield f"no human approved {charge['charge_id']}"
    elif seen != offer or json.loads(approval["offer"]) != offer:
        yield f"what was approved is not what is bought: {seen} {offer}"
    elif approval["expires_at"] <= charge["created_at"]:
        yield f"the approval of {charge['charge_id']} had expired"


def _everything_said(witness: Witness) -> str:
    events = "".join(row["body"] for row in witness.rows("SELECT body FROM events"))
    reports = "".join(path.read_text(encoding="utf-8") for path in sorted(witness.home.path.glob("runs/*/report.json")))
    return f"{events}{reports}{witness.said()}"


def law_5(moment: Moment) -> Iterator[str]:
    """What is paid, for what, and where a human is sent is the provider's listing and our arithmetic, nothing else."""
    witness = moment.witness
    if moment.kind == "spend" and moment.charge is not None:
        charge = moment.charge
        since = moment.now - 60
        listed = [price for at, gpu_id, price in _prices(witness, since) if gpu_id == charge["gpu_id"]]
        right = {_cents(price, charge["hours"]) for price in listed}
        if charge["amount"] not in right:
            yield f"{charge['amount']} cents for {charge['hours']} h of {charge['gpu_id']}, listed at {listed}"
        needed, said = witness.hours[charge["gpu_id"]], witness.words.hours.get(charge["run_id"], set())
        if charge["hours"] not in {needed, *said}:
            yield f"{charge['hours']} h are bought, the job needs {needed}, and humans said {said}"
    if moment.kind == "write":
        for order_id, url in witness.links_shown():
            if url != f"https://checkout.stripe.com/c/pay/{order_id}":
                yield f"a human is shown {url}"


def _prices(witness: Witness, since: float) -> list[tuple[float, str, str]]:
    """Every price that stood at some moment since then."""
    listed = witness.provider.prices
    standing = {gpu_id: (at, gpu_id, price) for at, gpu_id, price in listed if at <= since}
    return [*standing.values(), *(one for one in listed if one[0] > since)]


def _cents(price: str, hours: int) -> int:
    return int((Decimal(price) * hours * 100).to_integral_value(ROUND_CEILING))


def law_6(moment: Moment) -> Iterator[str]:
    """At most one checkout link of a run is shown and unsettled, and only while something watches it."""
    witness = moment.witness
    if moment.kind == "spend" and moment.charge is not None and moment.charge["rail"] == "stripe":
        for order in witness.provider.orders.values():
            theirs = witness.charge(order.charge_id)
            if theirs and theirs["run_id"] == moment.charge["run_id"] and _payable(moment, order):
                yield f"another link is asked for while {order.order_id} can be paid"
    if moment.kind == "write":
        for order_id, _ in witness.links_shown():
            yield from _watched(moment, order_id)


def _payable(moment: Moment, order: Order) -> bool:
    """A link that a human has seen, and that our books do not count as watched to its end."""
    if order.order_id not in moment.witness.words.shown or order.status != "reserved":
        return False
    row = moment.witness.charge(order.charge_id)
    return moment.now < order.link_dies_at and row is not None and row["settled_at"] is None


def _watched(moment: Moment, order_id: str) -> Iterator[str]:
    witness = moment.witness
    order = witness.order(order_id)
    charge = witness.charge(order["charge_id"]) if order else None
    if order is None or charge is None or charge["state"] != "awaiting_payment":
        yield f"the link of {order_id} is shown, and it does not await a payment"
    elif witness.runs[order["run_id"]]["status"] in ENDED:
        yield f"the link of {order_id} is shown, and its run has ended"


def law_7(moment: Moment) -> Iterator[str]:
    """No pod outlives its purpose."""
    witness = moment.witness
    if moment.kind not in ("write", "rest"):
        return
    for row in witness.orders:
        order = witness.provider.orders.get(row["order_id"])
        if order is None or not order.lives:
            continue
        if moment.kind == "rest":
            yield f"{row['order_id']} still lives ({order.status}), days after its run"
        elif _thought_well(witness, row) and row["order_id"] not in witness.provider.said_gone:
            yield f"the run of {row['order_id']} succeeded, and the pod is {order.status}"


def _thought_well(witness: Witness, order: Row) -> bool:
    """A run that succeeded says that its pods are gone."""
    return bool(witness.runs[order["run_id"]]["status"] == "succeeded")


def law_8(moment: Moment) -> Iterator[str]:
    """Results first: a pod whose job ran is ended only when the outputs are here, or nothing can be done for them."""
    if moment.kind != "end":
        return
    witness, provider = moment.witness, moment.witness.provider
    row, order = witness.order(moment.order_id), provider.orders.get(moment.order_id)
    if row is None or order is None or order.status == "terminated":
        return
    files = witness.outputs_on(order)
    if files is None or _are_here(Path(witness.runs[row["run_id"]]["outputs_dir"]), files):
        return
    if not _hopeless(moment, order, row):
        yield f"{moment.order_id} is ended, and its outputs are not here"


def _are_here(folder: Path, files: dict[str, bytes]) -> bool:
    return all((folder / name).is_file() and (folder / name).read_bytes() == data for name, data in files.items())


def _hopeless(moment: Moment, order: Order, row: Row) -> bool:
    """Its hours are nearly over, its machine is dead, or a human who cancelled was waited for long enough."""
    witness = moment.witness
    storage = [one for one in witness.charges if one["kind"] == "storage" and one["order_id"] == order.order_id]
    if any(_over_by_now(witness, one) for one in storage):
        return True  # stopped for its volume, and `uncollected_hours` are over: that is its end, paid hours left or not
    kept = bool(row["on_volume"])
    nearly_over = moment.now >= _hours_begin(moment, order, row) + order.hours * HOUR - 240
    cancelled = moment.now >= witness.words.cancelled.get(row["run_id"], moment.now) + 120
    return (nearly_over or cancelled) and not kept


def _hours_begin(moment: Moment, order: Order, row: Row) -> float:
    """When the paid hours begin as far as anybody but the provider can know: at the earliest moment of a payment."""
    paid_at = order.paid_at if order.paid_at is not None else moment.now
    known = moment.witness.passed(row["paid_from"]) if row["paid_from"] else moment.now
    return min(paid_at, max(order.made_at, known))


def _over_by_now(witness: Witness, storage: Row) -> bool:
    ends_at = witness.passed(storage["created_at"]) + int(storage["hours"]) * HOUR
    return witness.clock.monotonic() >= ends_at - 1


def law_9(moment: Moment) -> Iterator[str]:
    """Freezing stops spending."""
    if moment.kind == "spend" and moment.witness.frozen:
        yield "a spending call while spending is frozen"


LAWS: tuple[Law, ...] = (law_1, law_2, law_3, law_4, law_5, law_6, law_7, law_8, law_9)
