"""The doctor on a store: what the audit finds, what runs left over, and which order the provider is asked about."""

from dataclasses import replace
from typing import Any

import pytest

from agent.doctor.examine import examine
from agent.doctor.patient import Patient
from policies.charge import ChargeState, Unknown
from tests.agent.patients import Found, code, lines, patient, the, with_seen
from tests.agent.schedule.scheduled import scheduled
from tests.agent.world import World
from tests.tools.spend_log.things import an_offer, in_state, new_run, submitted
from tools.errors import StoreUnusable
from tools.gpuhog.shape import Read
from tools.spend_log.log import SqliteSpendLog

__all__ = ["patient"]


# the order that is asked about


async def test_an_order_of_ours_is_asked_about(patient: Patient, world: World) -> None:
    """One that is not gone before one that is; a provider that has forgotten the latter is no fault."""
    provider = Found(with_seen(Read.ORDER, status=404, failure="it is not there (404)"))
    asking = replace(patient, surveying=provider)
    run = await world.run()
    (order,) = world.log.orders(run.run_id)
    assert await code(asking) == 0
    assert provider.orders == [order.order_id]
    world.log.see_order(order.order_id, "running", world.clock.now())
    assert await lines(asking, "api /order/{id}", "bad") == ["it is not there (404)"]


async def test_an_order_that_stands_goes_before_a_newer_one_that_is_gone(patient: Patient, world: World) -> None:
    """Of an ended order the provider may know nothing any more."""
    older, newer = await world.run(), await world.run()
    (standing,) = world.log.orders(older.run_id)
    assert world.log.orders(newer.run_id)[0].gone_at is not None
    world.log.see_order(standing.order_id, "running", world.clock.now())
    provider = Found()
    await examine(replace(patient, surveying=provider))
    assert provider.orders == [standing.order_id]


async def test_an_order_of_another_provider_is_not_told(patient: Patient, world: World) -> None:
    """Whoever knows an order id can end its pod."""
    await world.run()
    provider = Found()
    await examine(replace(patient, surveying=provider, provider="https://other.test/api"))
    assert provider.orders == [""]


# store


async def test_a_store_that_does_not_open_is_a_finding(patient: Patient) -> None:
    """Corrupt, read-only, full: the message of whoever tried, exit 5, everything else looked at."""

    def fail() -> SqliteSpendLog:
        raise StoreUnusable("spend.db: it is damaged: restore a backup")

    sick = replace(patient, open_log=fail)
    found = await the(sick, "store")
    assert (found.status, found.found) == ("bad", "spend.db: it is damaged: restore a backup")
    assert await lines(sick, "clock") == ["agrees with the provider's"]
    assert await code(sick) == 5


async def test_a_store_that_is_gone_is_a_finding(patient: Patient, world: World) -> None:
    """Where `orders.jsonl` still names machines."""
    await world.run()
    world.log.close()
    for path in world.home.path.glob("spend.db*"):
        path.unlink()
    found = await the(patient, "store")
    assert found.status == "bad"
    assert "orders.jsonl" in found.found
    assert not world.home.spend_log.exists()


async def test_what_the_audit_finds_is_told(patient: Patient, world: World) -> None:
    """Row by row."""
    await world.run()
    for trigger in ("charges_final", "charges_amount"):
        world.log._db.execute(f"DROP TRIGGER {trigger}")
    world.log._db.execute("UPDATE charges SET amount = 1")
    told = await lines(patient, "store", "bad")
    assert any(one.startswith("charge chg-") and "the row says $0.01" in one for one in told)
    assert await code(patient) == 5


async def test_a_value_that_no_row_may_hold_is_no_crash(patient: Patient, world: World) -> None:
    """Somebody wrote into the file what the program can't read back."""
    await world.run()
    for (name,) in world.log._db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        world.log._db.execute(f"DROP TRIGGER {name}")
    world.log._db.execute("UPDATE orders SET created_at = 'yesterday'")
    told = await lines(patient, "store", "bad")
    assert any("can't be read" in one for one in told)


# what is left over


async def test_a_pod_left_running_is_bad(patient: Patient, world: World) -> None:
    """It may be billing: exit 5, with `sweep`; its whole id is not shown."""
    run = await world.run()
    (order,) = world.log.orders(run.run_id)
    world.log.see_order(order.order_id, "running", world.clock.now())
    found = await the(patient, "pod")
    assert (found.status, found.remedy) == ("bad", "`swineherd sweep`")
    assert run.run_id in found.found
    assert order.order_id not in found.found
    assert await code(patient) == 5


async def test_a_doubt_names_its_commands(patient: Patient, world: World) -> None:
    """The charge, its figure and how a human settles it; only a warning, for it counts as spent already."""
    log: Any = world.log
    charge = submitted(log, an_offer("run-1"), now=world.clock.now())
    log.settle(charge.charge_id, Unknown("timeout"), world.clock.now())
    found = await the(patient, "doubt")
    assert found.status == "warn"
    assert f"charge {charge.charge_id} ($1.47, run-1) is in doubt" in found.found
    assert f"swineherd settle {charge.charge_id}" in found.remedy


@pytest.mark.parametrize("driven", [True, False])
async def test_a_purchase_being_sent_is_left_in_peace(patient: Patient, world: World, driven: bool) -> None:
    """While a living process drives its run; one that is gone left it."""
    log: Any = world.log
    submitted(log, an_offer("run-1"), now=world.clock.now())
    if driven:
        assert log.take_lease("run-1", world.holder, world.clock.now(), 60, lambda _: True)
    assert await lines(patient, "doubt") == (
        [] if driven else ["charge charge-run-1 ($1.47, run-1) was sent by a process that is gone: it counts as spent"]
    )
    assert bool(await lines(patient, "run")) is not driven


async def test_a_lease_elsewhere_counts_until_it_expires(patient: Patient, world: World) -> None:
    """Of a process on another machine nothing else can be known."""
    world.log.add_run(new_run("run-9", created_at=world.clock.now()))
    elsewhere = replace(world.holder, host="elsewhere")
    world.log.take_lease("run-9", elsewhere, world.clock.now(), 60, lambda _: True)
    believing = replace(patient, alive=lambda _: True)
    assert await lines(believing, "run") == []
    await world.clock.sleep(61)
    assert len(await lines(believing, "run")) == 1


async def test_an_unpaid_link_is_told(patient: Patient, world: World) -> None:
    """With the run that looks at it; the link itself is shown nowhere here."""
    in_state(world.log, ChargeState.AWAITING_PAYMENT, "run-1")
    found = await the(patient, "link")
    assert found.status == "warn"
    assert "swineherd resume run-1" in found.remedy
    assert "checkout.stripe.com" not in found.found


async def test_freezing_is_told_with_its_reason(patient: Patient, world: World) -> None:
    """Since when, and what thaws it."""
    world.log.freeze("frozen by hand", world.clock.now())
    found = await the(patient, "frozen")
    assert "frozen by hand" in found.found
    assert "swineherd unfreeze" in found.remedy


async def test_schedules_without_a_worker_are_told(patient: Patient, world: World) -> None:
    """Until one lives; a schedule that rests needs none."""
    schedule = scheduled(world)
    told = f"1 schedule ({schedule.schedule_id}) and no worker that runs them"
    assert await lines(patient, "schedule", "warn") == [told]
    world.log.beat(world.holder, world.clock.now())
    assert await lines(patient, "schedule", "warn") == []
    world.log.retire(world.holder)
    world.log.pause_schedule(schedule.schedule_id, world.clock.now())
    assert await lines(patient, "schedule", "warn") == []
