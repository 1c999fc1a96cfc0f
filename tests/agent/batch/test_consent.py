"""One question for a whole batch, where there would be one for each order."""

import pytest

from agent.batch.consent import GRANTED_FOR, Expected, ask, deny, expect, needs_a_yes, standing_grant
from agent.batch.drive import BatchDriver, to_do
from policies.money import Cents
from policies.policy import Payment, Policy
from tests.agent.batch.herd_of import COST, driven, short_runs, submitted
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, CHECKOUT, PRICE, World
from tests.tools.spend_log.things import an_offer, held
from tools.spend_log.batch_rows import Batch, Grant
from tools.spend_log.rows import Decision, Holder, RunStatus

TWO = Expected((Cents(98), Cents(98)), 0)


def batch_of(world: World, count: int, budget: int | None = None) -> Batch:
    batch = world.log.batch(submitted(world, count, budget=budget))
    assert batch is not None
    return batch


def say_yes(world: World, grant: Grant, decision: Decision = Decision.APPROVED) -> None:
    said = world.log.decide_grant(grant.grant_id, grant.code, grant.amount, decision, "me", world.clock.now())
    assert isinstance(said, Grant)


async def test_what_the_jobs_would_cost_is_what_pick_would_offer(world: World) -> None:
    """And those that no offer fits are counted apart."""
    batch = batch_of(world, 2)
    assert await expect(world.parts, to_do(world.parts, batch.batch_id)) == TWO
    none = submitted(world, 1, text="run: x\nresources: {vram_gb: 900}\nhours: 1")
    assert await expect(world.parts, to_do(world.parts, none)) == Expected((), 1)


@pytest.mark.parametrize(
    ("policy", "needed"),
    [
        (ASK, True),
        (AUTO, False),
        (CHECKOUT, False),
        (Policy(payment=Payment(auto_pay=Cents(97), auto_pay_per_day=Cents(5000))), True),
        (Policy(payment=Payment(auto_pay=Cents(98), auto_pay_per_day=Cents(195))), True),
        (Policy(payment=Payment(auto_pay=Cents(98), auto_pay_per_day=Cents(196))), False),
    ],
    ids=["ask", "auto", "checkout", "one order", "the day", "just enough"],
)
def test_a_yes_is_needed_where_some_order_would_wait(make_world: MakeWorld, policy: Policy, needed: bool) -> None:
    """To the cent, for the dearest order and for the day."""
    world = make_world(policy)
    assert needs_a_yes(world.parts, batch_of(world, 2), TWO) is needed


def test_without_a_key_or_a_fitting_job_nothing_is_asked(make_world: MakeWorld) -> None:
    """There is nothing to say yes to."""
    keyless, nothing = make_world(ASK, has_key=False), make_world(ASK)
    assert not needs_a_yes(keyless.parts, batch_of(keyless, 2), TWO)
    assert not needs_a_yes(nothing.parts, batch_of(nothing, 2), Expected((), 2))


@pytest.mark.parametrize(("budget", "needed"), [(97, False), (98, True)])
def test_a_budget_that_fits_no_job_asks_nobody(make_world: MakeWorld, budget: int, needed: bool) -> None:
    """They are refused, to the cent, with the figures."""
    world = make_world(ASK)
    assert needs_a_yes(world.parts, batch_of(world, 2, budget=budget), TWO) is needed


def test_a_no_ends_only_what_is_still_unbought_and_ours(make_world: MakeWorld) -> None:
    """What another process drives, has ended, or has bought since the question was asked stays as it is."""
    world = make_world(ASK)
    ids = to_do(world.parts, batch_of(world, 4).batch_id)
    elsewhere = Holder(boot_id="elsewhere", pid=1, started="2", host="there")
    world.change(alive=lambda _: True)
    world.log.take_lease(ids[1], elsewhere, world.clock.now(), 60, lambda _: True)
    world.log.set_status(ids[2], RunStatus.FAILED, world.clock.now(), reason="", code=5)
    held(world.log, an_offer(ids[3], account="key-9"), world.clock.now())
    deny(world.parts, ids, "me")
    assert [str(world.parts.run(run_id).status) for run_id in ids] == ["denied", "queued", "failed", "queued"]


def test_the_question_names_what_it_covers(world: World) -> None:
    """The amount, as many pods as the runs may have, a day; who pays whom."""
    grant = ask(world.parts, batch_of(world, 2), TWO)
    assert (grant.amount, grant.pods) == (196, 2 * world.parts.policy.recovery.max_pods_per_run)
    assert grant.until == world.clock.now() + GRANTED_FOR
    assert (grant.account, grant.base_url) == (world.parts.account, world.parts.base_url)


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.DENIED, None])
async def test_with_a_yes_no_run_of_the_batch_asks(make_world: MakeWorld, decision: Decision | None) -> None:
    """On the real road: with it the run pays and succeeds; without it a human is asked about the run itself."""
    world = make_world(ASK)
    batch = batch_of(world, 1)
    (run_id,) = to_do(world.parts, batch.batch_id)
    grant = ask(world.parts, batch, Expected((Cents(98),), 0))
    if decision is not None:
        say_yes(world, grant, decision)
    run = await world.drive(run_id, wait=False)
    if decision is Decision.APPROVED:
        assert run.status is RunStatus.SUCCEEDED
        assert world.log.grant_used(grant.grant_id).amount == world.log.totals().spent == PRICE
        assert world.log.approval(run_id) is None
        world.check()
    else:
        assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
        assert world.purchases == []


def test_with_a_budget_the_question_is_for_what_it_leaves(world: World) -> None:
    """Not for more than the human said, whatever the market asks."""
    assert ask(world.parts, batch_of(world, 2, budget=150), TWO).amount == 150
    assert ask(world.parts, batch_of(world, 2), TWO).amount == TWO.total


async def test_of_a_budget_that_is_partly_used_only_the_rest_is_asked(world: World) -> None:
    """As when an interrupted batch goes on."""
    batch = batch_of(world, 2, budget=150)
    await driven(BatchDriver(short_runs(world), 1), batch.batch_id)
    assert ask(world.parts, batch, TWO).amount == 150 - COST


def test_a_grant_that_has_room_is_not_asked_for_again(world: World) -> None:
    """Given, not taken back, not over, and large enough."""
    batch = batch_of(world, 2)
    assert standing_grant(world.parts, batch, TWO) is None
    grant = ask(world.parts, batch, TWO)
    assert standing_grant(world.parts, batch, TWO) is None
    say_yes(world, grant)
    assert standing_grant(world.parts, batch, TWO) is not None
    more = Expected((*TWO.fitting, Cents(1)), 0)
    assert standing_grant(world.parts, batch, more) is None
    world.log.revoke_grant(grant.grant_id, "me", world.clock.now())
    assert standing_grant(world.parts, batch, TWO) is None


def test_a_no_is_no_grant(world: World) -> None:
    """Nor is one whose time is over."""
    batch = batch_of(world, 2)
    say_yes(world, ask(world.parts, batch, TWO), Decision.DENIED)
    assert standing_grant(world.parts, batch, TWO) is None
    say_yes(world, ask(world.parts, batch, TWO))
    world.clock.advance(GRANTED_FOR.total_seconds())
    assert standing_grant(world.parts, batch, TWO) is None
