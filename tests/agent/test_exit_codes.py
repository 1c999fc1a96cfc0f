"""Every exit code of CONTRACT §6, and what must be true of the money and the pods when a run ends with it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from agent.submit import BadJob
from agent.variables import MissingVariable
from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Rail
from policies.policy import Budget, Payment, Policy, Time
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, CHECKOUT, JOB, PRICE, World
from tests.fakes.faults import AnswerLost, Fault, Garble, Refuse, RequestLost, Unreachable
from tools.spend_log.rows import Awaited, RunStatus

NEEDS_TOKEN = JOB + "envs: {TOKEN: null}\n"
ONE_MINUTE = Policy(payment=Payment(approval_minutes=1))


async def test_2_a_variable_missing_at_submit_is_no_run(world: World) -> None:
    """The command names it; no run exists and nothing was asked of the market."""
    with pytest.raises(BadJob, match="TOKEN"):
        world.submit(NEEDS_TOKEN)
    assert world.log.runs() == []
    assert world.calls == []


async def test_2_a_variable_missing_when_the_run_is_driven(world: World) -> None:
    """Another process without it refuses before money, and leaves the run to one that has it."""
    world.change(variables={"TOKEN": "t"})
    run_id = world.submit(NEEDS_TOKEN)
    world.change(variables={})
    with pytest.raises(MissingVariable, match="TOKEN"):
        await world.drive(run_id)
    assert world.calls == []
    assert world.parts.run(run_id).status is RunStatus.QUEUED


async def test_2_a_variable_missing_at_intake(world: World) -> None:
    """Even past the driver's own check, the first step ends the run before money."""
    world.change(variables={"TOKEN": "t"})
    run_id = world.submit(NEEDS_TOKEN)
    world.change(variables={})
    await world.driver().leg(run_id, None)
    run = world.parts.run(run_id)
    assert (run.status, run.code) == (RunStatus.FAILED, 2)
    assert "TOKEN" in run.reason
    assert world.calls == []


@pytest.mark.parametrize("status", [401, 403])
async def test_2_a_bad_api_key(world: World, status: int) -> None:
    """A key that is refused is bad input; nothing was spent."""
    world.market.fail("balance", Refuse(status))
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.FAILED, 2)
    assert world.purchases == []


@pytest.mark.parametrize(
    ("budget", "time", "named"),
    [
        (Budget(per_run=Cents(PRICE - 1)), Time(), "per_run_usd"),
        (Budget(per_day=Cents(PRICE - 1)), Time(), "per_day_usd"),
        (Budget(per_month=Cents(PRICE - 1)), Time(), "per_month_usd"),
        (Budget(max_price_per_hour=Decimal("0.48")), Time(), "max_price_per_hour_usd"),
        (Budget(), Time(max_hours=1), "max_hours"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_3_each_cap_refuses(make_world: MakeWorld, budget: Budget, time: Time, named: str) -> None:
    """One cent or one hour beyond a cap: refused with its name, nothing is sent."""
    world = make_world(replace(AUTO, budget=budget, time=time))
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.REFUSED, 3)
    assert named in run.reason
    assert world.purchases == []


@pytest.mark.parametrize(
    "budget",
    [Budget(per_run=Cents(PRICE)), Budget(per_day=Cents(PRICE)), Budget(per_month=Cents(PRICE))],
    ids=["run", "day", "month"],
)
async def test_0_a_cap_that_is_met_exactly_is_kept(make_world: MakeWorld, budget: Budget) -> None:
    """Equal to a cap is allowed."""
    world = make_world(replace(AUTO, budget=budget))
    assert (await world.run()).code == 0


async def test_3_the_runs_own_ceiling(world: World) -> None:
    """`--max-usd` lowers the cap of this run."""
    run = await world.run(ceiling=PRICE - 1)
    assert run.code == 3
    assert world.purchases == []


async def test_3_too_many_open_pods(make_world: MakeWorld) -> None:
    """A pod that is not proven gone takes up its place."""
    world = make_world(replace(AUTO, budget=Budget(max_open_pods=1)))
    parked = await world.driver().leg(world.submit(), None)
    assert parked is not None
    assert parked.awaited is Awaited.DEPLOY
    second = await world.run()
    assert second.code == 3
    assert "max_open_pods" in second.reason
    assert world.purchases == ["rent_with_credits"]


async def test_3_frozen(world: World) -> None:
    """While spending is frozen nothing is reserved and nothing is sent."""
    world.log.freeze("by hand", world.clock.now())
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.REFUSED, 3)
    assert "frozen" in run.reason
    assert world.purchases == []
    assert world.log.charges() == []


async def test_3_balance_short_without_another_rail(make_world: MakeWorld) -> None:
    """One cent short, and the policy names no other way to pay."""
    world = make_world(replace(AUTO, payment=replace(AUTO.payment, rails=(Rail.CREDITS,))))
    world.market.purchased = Cents(PRICE - 1)
    run = await world.run()
    assert run.code == 3
    assert "short" in run.reason
    assert world.purchases == []


async def test_4_nobody_is_waited_for(make_world: MakeWorld) -> None:
    """`--no-wait` leaves the question; an approval recorded meanwhile is heeded by the next resume."""
    world = make_world(ASK)
    run_id = world.submit()
    run = await world.drive(run_id, wait=False)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert world.purchases == []
    world.approve_at(0, run_id)
    world.clock.catch_up()
    assert (await world.drive(run_id, wait=False)).code == 0


async def test_4_the_approval_expires(make_world: MakeWorld) -> None:
    """Nobody answers in time: the run is left waiting, and `resume RUN` asks anew with another code."""
    world = make_world(ONE_MINUTE)
    run_id = world.submit()
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert world.clock.monotonic() == pytest.approx(60, abs=1)
    first = world.log.approval(run_id)
    assert first is not None
    await world.drive(run_id, wait=False, fresh=True)
    second = world.log.approval(run_id)
    assert second is not None
    assert first.code != second.code
    assert world.purchases == []


async def test_4_the_link_expires(make_world: MakeWorld) -> None:
    """Nobody pays: left waiting after the link's end and the grace; the money stays held, the link is not shown."""
    world = make_world(CHECKOUT)
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert world.charge(run.run_id).state is ChargeState.EXPIRED
    assert world.log.totals().held == PRICE
    assert world.clock.monotonic() == pytest.approx(35 * 60, abs=15)


async def test_5_the_provider_is_down(world: World) -> None:
    """No list of GPUs: nothing was spent."""
    world.market.fail("gpus", Unreachable())
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert world.purchases == []


async def test_5_the_pod_refuses_the_login(world: World) -> None:
    """The message names the keys, and the pod is ended: another one would refuse them too."""
    world.pods.login_refused = True
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert "id_ed25519" in run.reason
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_5_the_outputs_do_not_arrive(world: World) -> None:
    """The job succeeded and its outputs are lost: not a success."""
    world.pods.failing["fetch"] = 1_000_000
    world.clock.at(200, lambda: world.clock.advance(6700))
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert "outputs" in run.reason
    world.check()


async def test_5_the_end_of_the_pod_is_not_proven(world: World) -> None:
    """A provider that answers terminate with lies: tried again and again, then named."""
    world.market.fail("terminate", *[Unreachable()] * 1000)
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert "not proven" in run.reason
    assert any(line.startswith("WARNING") for line in world.face.lines)
    assert len(world.log.orders(run.run_id, open_only=True)) == 1


async def test_6_a_human_says_no(make_world: MakeWorld) -> None:
    """Nothing is bought."""
    world = make_world(ASK)
    run_id = world.submit()
    world.deny_at(10, run_id)
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.DENIED, 6)
    assert world.purchases == []


@pytest.mark.parametrize(
    "fault",
    [AnswerLost(), RequestLost(), Refuse(500), Refuse(503), Refuse(409), Garble(), Garble(b"")],
    ids=["lost", "never-arrived", "500", "503", "409", "garbled", "empty"],
)
async def test_7_money_in_doubt(world: World, fault: Fault) -> None:
    """An unknown outcome that the account does not tell either, because somebody else spends on it, counts as spent, is
    sent once, and resuming does not send it again.
    """
    world.market.fail("rent_with_credits", fault)
    world.market.before_spending = lambda: world.market.spend_elsewhere(13)
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.IN_DOUBT, 7)
    assert world.states(run.run_id) == ["held", "submitting", "in_doubt"]
    assert world.log.totals().in_doubt == PRICE
    world.restart()
    await world.drive(run.run_id, fresh=True)
    assert world.purchases == ["rent_with_credits"]


async def test_130_cancelled_while_the_pod_deploys(world: World) -> None:
    """The pod is ended; what was paid stays spent."""
    run_id = world.submit()
    world.clock.at(10, lambda: world.cancel(run_id))
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.log.totals().spent == PRICE
    world.check()


@pytest.mark.parametrize(
    "payment",
    [replace(AUTO.payment, auto_pay=Cents(PRICE - 1)), replace(AUTO.payment, auto_pay_per_day=Cents(PRICE - 1))],
    ids=["auto_pay_usd", "auto_pay_per_day_usd"],
)
async def test_4_beyond_auto_pay_a_human_is_asked(make_world: MakeWorld, payment: Payment) -> None:
    """One cent over what may be paid unasked: a question, no refusal."""
    world = make_world(replace(AUTO, payment=payment))
    run = await world.run(wait=False)
    assert run.code == 4
    assert world.purchases == []
