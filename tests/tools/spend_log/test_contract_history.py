"""The history tells every move, in order, and nothing it must not."""

import json

from policies.charge import ChargeState, OrderMoved, Paid
from policies.money import Cents
from tests.tools.spend_log.things import NOW, ORDER, an_offer, approved, in_state, new_run, settled
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision


def kinds(log: SpendLog) -> list[str]:
    return [event.kind for event in log.events()]


def moves(log: SpendLog) -> list[tuple[str | None, str]]:
    bodies = [json.loads(event.body) for event in log.events() if event.kind == "charge"]
    return [(body.get("from"), body["to"]) for body in bodies]


def test_every_move_of_a_charge_is_told(log: SpendLog) -> None:
    """From its birth to its end, with the amount."""
    charge = in_state(log, ChargeState.EXPIRED)
    log.settle(charge.charge_id, OrderMoved(), NOW)
    assert moves(log) == [
        (None, "held"),
        ("held", "submitting"),
        ("submitting", "awaiting_payment"),
        ("awaiting_payment", "expired"),
        ("expired", "paid"),
    ]
    assert json.loads(log.events()[-1].body)["usd"] == "1.47"


def test_answers_freezes_and_sightings_are_told(log: SpendLog) -> None:
    """Who decided, why spending froze, what an order did."""
    approved(log, an_offer())
    log.freeze("stop", NOW)
    log.unfreeze(NOW)
    log.unfreeze(NOW)
    in_state(log, ChargeState.PAID, "other")
    log.see_order("HOG-other-000000", "running", NOW)
    told = kinds(log)
    for kind in ("run_added", "offer", "asked", "decided", "frozen", "order", "order_seen"):
        assert kind in told
    assert told.count("unfrozen") == 1


def test_a_chain_of_hashes(log: SpendLog) -> None:
    """Each event follows the one before; the head is the last one's hash; an empty log has a head too."""
    empty = log.chain_head()
    assert log.broken_chain() is None
    in_state(log, ChargeState.PAID)
    events = log.events()
    assert [event.prev_hash for event in events] == [empty, *(event.hash for event in events[:-1])]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert log.chain_head() == events[-1].hash
    assert log.broken_chain() is None


def test_events_of_one_run_and_the_last_few(log: SpendLog) -> None:
    """Oldest first, also of the last few."""
    log.add_run(new_run("a"))
    log.add_run(new_run("b"))
    log.note("a", "told", {"n": 1}, NOW)
    log.note("a", "told", {"n": 2}, NOW)
    assert [event.run_id for event in log.events()] == ["a", "b", "a", "a"]
    assert [event.body for event in log.events("a", limit=2)] == ['{"n": 1}', '{"n": 2}']


def test_a_note_is_part_of_the_history(log: SpendLog) -> None:
    """With its run, charge, kind, time and body."""
    log.note("run-1", "pod_lost", {"why": "ümlaut"}, NOW, "c")
    (event,) = log.events()
    assert (event.run_id, event.charge_id, event.kind, event.at) == ("run-1", "c", "pod_lost", NOW)
    assert json.loads(event.body) == {"why": "ümlaut"}


def test_no_whole_order_id_in_the_history(log: SpendLog) -> None:
    """Whoever reads it can't end a pod, not even through a careless note."""
    settled(log, an_offer(), Paid(Cents(147), ORDER))
    log.see_order(ORDER, "running", NOW)
    log.note("run-1", "oops", {"text": f"ended {ORDER}."}, NOW)
    told = " ".join(event.body for event in log.events())
    assert ORDER not in told
    assert '"ended HOG-…e5f6."' in told


def test_a_refused_answer_is_not_told_as_one(log: SpendLog) -> None:
    """Only what was recorded is a decision."""
    approved(log, an_offer())
    before = kinds(log).count("decided")
    log.decide("run-1", "ABCD-1234", Cents(147), Decision.DENIED, "you", NOW)
    assert kinds(log).count("decided") == before
