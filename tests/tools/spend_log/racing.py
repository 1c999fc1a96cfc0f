"""What the processes do that race on one store. They meet at a barrier, so that the race is one."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier
from typing import Any

from policies.budget import CapHit
from policies.charge import Paid
from policies.money import Cents
from policies.offer import Rail
from policies.wish import Wish
from tests.tools.spend_log.nights import new_night
from tests.tools.spend_log.stores import Store
from tests.tools.spend_log.things import BALANCE, CODE, HOUR, ME, NOW, ORDER, WIDE, an_offer, an_order, offered, wide
from tools.errors import IntentAlreadyOpen
from tools.spend_log.answer_rows import NewRunGrant
from tools.spend_log.port import NotRecorded, SpendLog
from tools.spend_log.rows import Charge, Decision, Holder
from tools.spend_log.stored_log import StoredLog

Racer = Callable[[SpendLog, int], object]


def forking() -> ForkServerContext:
    """Processes that begin with everything imported: interpreters would take longer to start than to race."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "tests.tools.spend_log.cap_racing"])
    return context


def race(store: Store, racer: Racer, count: int) -> list[str]:
    """Run `racer` in `count` processes at once; what each returned, as text."""
    context = forking()
    barrier, results = context.Barrier(count), context.SimpleQueue()
    processes = [
        context.Process(target=_enter, args=(store, racer, number, barrier, results)) for number in range(count)
    ]
    for process in processes:
        process.start()
    told = [results.get() for _ in processes]
    for process in processes:
        process.join(30)
    return sorted(told)


def _enter(store: Store, racer: Racer, number: int, barrier: Barrier, results: Any) -> None:
    barrier.wait(60)
    try:
        log = store.open()
        told = str(racer(log, number))
        log.close()
    except Exception as exc:  # noqa: BLE001  (whatever it was, the parent must hear of it and not wait)
        told = repr(exc)
    results.put(told)


def buy_for_a_dollar(log: SpendLog, number: int) -> object:
    """Three runs of each process want $1 each of a day's $10."""
    bought = 0
    for turn in range(3):
        offer = offered(log, an_offer(f"run-{number}-{turn}", 100, account=f"key-{number}"))
        result = log.reserve(f"c-{number}-{turn}", offer, wide(per_day=1000), NOW, None)
        assert isinstance(result, Charge | CapHit), result
        bought += isinstance(result, Charge)
    return bought


def use_the_approval(log: SpendLog, number: int) -> object:
    """All want the one approval of run-1."""
    try:
        result = log.reserve(f"c-{number}", an_offer(), WIDE, NOW, "run-1/1")
    except IntentAlreadyOpen:
        return "refused"
    return type(result).__name__


def answer(log: SpendLog, number: int) -> object:
    """All answer the one question, half of them with a no."""
    decision = Decision.DENIED if number % 2 else Decision.APPROVED
    return type(log.decide("run-1", CODE, Cents(147), decision, f"human-{number}", NOW)).__name__


def say_anything(log: SpendLog, number: int) -> object:
    """All answer the one question, each in another way."""
    new = NewRunGrant(f"gra-{number}", Cents(300), 3, NOW + HOUR)
    said = (
        lambda: log.decide("run-1", CODE, Cents(147), Decision.APPROVED, "me", NOW),
        lambda: log.decide("run-1", CODE, Cents(147), Decision.DENIED, "me", NOW),
        lambda: log.instead("run-1", CODE, Cents(147), Wish(Rail.STRIPE, None), "me", NOW),
        lambda: log.grant_run("run-1", CODE, Cents(147), new, "me", NOW),
    )[number % 4]()
    return said.reason.partition(" ")[0] if isinstance(said, NotRecorded) else "recorded"


def freeze_or_thaw(log: SpendLog, number: int) -> object:
    """Half of them have a new reason to freeze, the others have read the first one alone."""
    if number % 2 == 0:
        return log.unfreeze(NOW, seen=1)
    log.freeze(f"reason {number}", NOW)
    return "frozen"


def use_the_grant(log: SpendLog, number: int) -> object:
    """All want the one order that is left under the grant of run-1, each with an approval or without."""
    approval = "run-1/1" if number % 2 else None
    caps = replace(WIDE, auto_pay=Cents(0))
    try:
        return type(log.reserve(f"c-{number}", an_offer(), caps, NOW, approval)).__name__
    except IntentAlreadyOpen:
        return "refused"


def submit_own(log: SpendLog, number: int) -> object:
    """Each has a charge held on the same key."""
    try:
        return log.submit(f"c-{number}", NOW, BALANCE, ME).state
    except IntentAlreadyOpen:
        return "refused"


def take_the_lease(log: SpendLog, number: int) -> object:
    """Each is another process that wants to drive run-1."""
    holder = Holder("boot", 1000 + number, "1", "here")
    return log.take_lease("run-1", holder, NOW, 60, lambda _: True) is not None


def begin_the_night(log: SpendLog, number: int) -> object:
    """All want one night to begin, each with a batch of its own."""
    return log.begin_night(new_night(number, f"run-{number}", night="tonight"), NOW).batch_id


def only_open(log: SpendLog, number: int) -> object:
    """The file may not be there yet."""
    log.note("", "opened", {"by": number}, NOW)
    return "opened"


def die_after(store: Store, steps: Sequence[str]) -> None:
    """Take the steps of a purchase and be killed, no clean-up of any kind, right after the last one."""
    log = store.open()
    for step in steps:
        _STEPS[step](log)
    os.kill(os.getpid(), signal.SIGKILL)


def _die_in_the_transaction(log: StoredLog) -> None:
    with log._write() as db:
        db.execute("UPDATE runs SET step = 'half done'")
        db.execute("INSERT INTO meta VALUES ('frozen', 'half done')")
        os.kill(os.getpid(), signal.SIGKILL)


_STEPS: dict[str, Callable[[StoredLog], object]] = {
    "reserve": lambda log: log.reserve("c", an_offer(), WIDE, NOW, "run-1/1"),
    "lease": lambda log: log.take_lease("run-1", ME, NOW, 60, lambda _: True),
    "submit": lambda log: log.submit("c", NOW, BALANCE, ME),
    "answer": lambda log: log.keep_answer("c", 200, b'{"order_id": "HOG-a1b2c3d4e5f6"}', NOW),
    "order": lambda log: log.add_order(an_order(charge_id="c")),
    "settle": lambda log: log.settle("c", Paid(Cents(147), ORDER), NOW),
    "half": _die_in_the_transaction,
}
