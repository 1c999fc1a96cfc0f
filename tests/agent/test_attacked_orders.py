"""Orders that nobody asked for in this way, errors nobody expected, and pods that are slow to go: all of them end."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from policies.answers import Answer
from policies.charge import ChargeState
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import ANY_GPU, CHECKOUT, PRICE, World
from tests.fakes.market import FakeOrder
from tools.spend_log.rows import RunStatus

ALARM_AFTER = 180

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_the_order_of_a_2xx_from_rent_is_ended(make_world: MakeWorld, status: int) -> None:
    """The money is in doubt, and a pod that may have been deployed for it is not left running."""
    world = make_world(CHECKOUT)

    def deployed(gpu_id: str, hours: int) -> Answer:
        return Answer(status, world.market._rent_with_credits(gpu_id, hours).body)

    world.market._rent = deployed  # type: ignore[method-assign]
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.IN_DOUBT, 7)
    assert world.charge(run.run_id).state is ChargeState.IN_DOUBT
    assert world.pods_left == []


@pytest.mark.parametrize(
    ("status", "code", "body"),
    [(402, 3, (b'"RTX 4090"', b'"H100"')), (402, 3, (b'"hours": 2', b'"hours": 3')), (404, 3, (b"", b""))],
    ids=["gpu", "hours", "refused"],
)
async def test_a_refused_link_whose_order_runs_is_ended(
    make_world: MakeWorld, status: int, code: int, body: tuple[bytes, bytes]
) -> None:
    """Nothing is paid, nothing is shown, and the pod that the answer named is gone."""
    world = make_world(CHECKOUT)
    honest = world.market._rent

    def running(gpu_id: str, hours: int) -> Answer:
        answered = honest(gpu_id, hours)
        list(world.market.orders.values())[-1].status = "running"
        return Answer(status, answered.body.replace(*body))

    world.market._rent = running  # type: ignore[method-assign]
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.REFUSED, code)
    assert world.charge(run.run_id).state is ChargeState.RELEASED
    assert world.pods_left == []


def slow_end(world: World, seconds: float) -> list[float]:
    """Pods show `terminating` for so long; returns where the times of the calls of `terminate` are noted."""
    tries: list[float] = []

    def end(order: FakeOrder) -> str:
        tries.append(world.clock.monotonic())
        if order.status not in ("terminating", "terminated"):
            order.status, order.ready_at = "terminating", None
            world.clock.at(world.clock.monotonic() + seconds, lambda: setattr(order, "status", "terminated"))
        return order.status

    world.market._terminate = end  # type: ignore[method-assign]
    return tries


async def test_a_provider_that_takes_a_minute_to_end_a_pod(world: World) -> None:
    """That is no failure; it is asked once per wake, ever more rarely."""
    tries = slow_end(world, 60)
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    assert not any("WARNING" in line for line in world.face.lines)
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert min(gaps) >= 1
    assert gaps == sorted(gaps)
    world.check()


async def test_a_pod_that_is_never_proven_gone(world: World) -> None:
    """After `terminate_alarm_tries` and three minutes the human is warned, and the run fails."""
    tries = slow_end(world, 1e9)
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert f"swineherd resume {run.run_id}" in run.reason
    assert any("WARNING" in line and "may go on billing" in line for line in world.face.lines)
    assert tries[-1] - tries[0] >= ALARM_AFTER
    assert world.parts.policy.recovery.terminate_alarm_tries <= len(tries) < 20


async def test_every_pod_of_a_run_has_its_own_three_minutes(world: World) -> None:
    """The first pod's slow end, long ago, does not count against the second."""
    slow_end(world, 60)
    world.market.deploy_seconds = 1e9
    world.clock.at(100, lambda: setattr(world.market, "deploy_seconds", 60.0))
    run = await world.run(ANY_GPU)
    assert len(world.purchases) == 2
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    world.check()


async def test_an_error_of_ours_leads_home(world: World) -> None:
    """A step that meets what cannot be: what is there is collected, the pod is ended, and the reason names the step."""
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    (order,) = world.log.orders(run_id)

    def break_it(_order_id: str, _key: str) -> None:
        raise ValueError("showed another host key before")

    world.log.pin_host_key = break_it  # type: ignore[assignment]
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert "run_job" in run.reason
    assert "host key" in run.reason
    assert order.order_id not in world.pods_left
    world.check()


def same_order(world: World, order_id: str) -> Callable[[str, int], Answer]:
    """The provider names an order that it had named before."""
    credits_, link = world.market._rent_with_credits, world.market._rent

    def rent(honest: Callable[[str, int], Answer], gpu_id: str, hours: int) -> Answer:
        answered = honest(gpu_id, hours)
        newest = list(world.market.orders)[-1]
        return Answer(answered.status, answered.body.replace(newest.encode(), order_id.encode()))

    world.market._rent = lambda gpu_id, hours: rent(link, gpu_id, hours)  # type: ignore[method-assign]
    return lambda gpu_id, hours: rent(credits_, gpu_id, hours)


@pytest.mark.parametrize("rail", ["credits", "checkout"])
@pytest.mark.parametrize("crash", [False, True], ids=["at-once", "after-a-crash"])
async def test_an_order_that_belongs_to_another_run(make_world: MakeWorld, rail: str, crash: bool) -> None:
    """In doubt, orphaned once the account shows it, and frozen; the other run's pod is left to it."""
    world = make_world() if rail == "credits" else make_world(CHECKOUT)
    owner, run_id = world.submit(), world.submit()
    await world.driver().leg(owner, None)
    (order,) = world.log.orders(owner)
    world.market._rent_with_credits = same_order(world, order.order_id)  # type: ignore[assignment]
    if crash:
        die_after_the_answer(world)
        assert await world.killed(run_id, wait=False)
    for _ in range(2):
        run = await world.drive(run_id, wait=False)
        assert (run.status, run.code) == (RunStatus.IN_DOUBT, 7)
    assert world.log.frozen()
    totals = world.log.totals(run_id)
    assert (totals.spent, totals.in_doubt) == ((PRICE, 0) if rail == "credits" else (0, PRICE))
    assert world.log.orders(run_id) == []
    assert world.calls.count("terminate") == 0


def die_after_the_answer(world: World) -> None:
    honest = world.log.keep_answer

    def keep(*arguments: object) -> None:
        honest(*arguments)  # type: ignore[arg-type]
        raise Killed

    world.log.keep_answer = keep  # type: ignore[assignment]
