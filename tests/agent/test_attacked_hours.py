"""The end of the paid hours, and what takes for ever: results come home, no second pod is bought for a job that ran."""

import asyncio
from collections.abc import Callable

import pytest

from tests.agent.world import ANY_GPU, World
from tests.fakes.pods import Script
from tools.spend_log.rows import RunStatus

OFFLINE, BACK = 90, 6620
"""Our own network is away from the middle of the job until after the moment at which a job is stopped."""

STOP_JOB = 6600
COLLECT_UNTIL = 7080
HOURS = 3600.0

pytestmark = pytest.mark.timeout(60)


def outputs_here(world: World, run_id: str) -> bool:
    return (world.home.run(run_id).outputs / "metrics.json").exists()


def ends_at(world: World, run_id: str) -> float:
    """When the run's only pod was proven gone, in seconds since the start."""
    (order,) = world.log.orders(run_id)
    assert order.gone_at is not None
    return (order.gone_at - order.created_at).total_seconds()


def offline(world: World) -> None:
    world.clock.at(OFFLINE, lambda: setattr(world.pods, "lost", True))
    world.clock.at(BACK, lambda: setattr(world.pods, "lost", False))


async def test_a_job_that_succeeded_while_we_were_offline_succeeded(world: World) -> None:
    """Another GPU could be had; the pod that seemed lost has done the job, and that is what counts."""
    offline(world)
    run = await world.run(ANY_GPU)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.SUCCEEDED, 0, 0)
    assert world.purchases == ["rent_with_credits"]
    assert outputs_here(world, run.run_id)
    world.check()


async def test_a_job_that_failed_while_we_were_offline_failed(world: World) -> None:
    """Its own exit code is told, and it is not run again."""
    world.pods.script = Script(code=3)
    offline(world)
    run = await world.run(ANY_GPU)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.FAILED, 1, 3)
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_a_job_that_ended_before_its_time_was_over_was_not_stopped(world: World) -> None:
    """Its end is seen only when jobs are stopped already: its own exit code counts all the same."""
    run_id = world.submit()
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(OFFLINE, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    world.restart()
    world.clock.advance(STOP_JOB - OFFLINE + 20)
    run = await world.drive(run_id)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.SUCCEEDED, 0, 0)
    assert outputs_here(world, run_id)
    world.check()


async def test_a_job_that_still_runs_when_we_are_back_is_stopped_and_collected(world: World) -> None:
    """The hours are over: what is there comes home, the pod is ended, nothing is bought for the same money again."""
    world.pods.script = Script(seconds=5 * HOURS)
    offline(world)
    run = await world.run(ANY_GPU)
    assert (run.status, run.code) == (RunStatus.FAILED, 5)
    assert "before its paid hours ended" in run.reason
    assert world.calls.count("stop_job") == 1
    assert outputs_here(world, run.run_id)
    assert world.purchases == ["rent_with_credits"]
    assert ends_at(world, run.run_id) < 2 * HOURS
    world.check()


async def test_a_cancel_interrupts_an_endless_upload(world: World) -> None:
    """The pod is ended within seconds, no job is started."""
    world.pods.slow["upload"] = 5 * HOURS
    run_id = world.submit()
    world.clock.at(100, lambda: world.cancel(run_id))
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.pods.starts == []
    assert ends_at(world, run_id) < 110
    world.check()


async def test_the_end_of_the_hours_interrupts_an_endless_upload(world: World) -> None:
    """A job is not started so late that it would have to be stopped at once."""
    world.pods.slow["upload"] = 5 * HOURS
    run = await world.run()
    assert run.code == 5
    assert world.pods.starts == []
    assert STOP_JOB <= ends_at(world, run.run_id) < STOP_JOB + 10
    world.check()


async def test_no_job_is_started_when_its_time_is_over(world: World) -> None:
    """A process that comes back that late uploads nothing and ends the pod."""
    run_id = world.submit()
    driver = world.driver()
    await driver.leg(run_id, None)
    world.clock.advance(STOP_JOB)
    run = await world.drive(run_id)
    assert run.code == 5
    assert world.pods.starts == []
    assert world.calls.count("upload") == 0
    world.check()


def cancel_at(seconds: float) -> Callable[[World, str], None]:
    return lambda world, run_id: world.clock.at(seconds, lambda: world.cancel(run_id))


@pytest.mark.parametrize(
    ("plan", "earliest", "latest"),
    [(cancel_at(300), 300, 300 + 125), (lambda *_: None, COLLECT_UNTIL - 20, COLLECT_UNTIL + 5)],
    ids=["cancelled", "hours-over"],
)
async def test_an_endless_fetch_is_interrupted(
    world: World, plan: Callable[[World, str], None], earliest: float, latest: float
) -> None:
    """Two minutes after a cancel, else within the paid hours: the outputs are lost, which is told, and the pod ends."""
    world.pods.slow["fetch"] = 9 * HOURS
    run_id = world.submit()
    plan(world, run_id)
    run = await world.drive(run_id)
    assert run.code == 5
    assert "the outputs were not fetched" in run.reason
    assert earliest <= ends_at(world, run_id) <= latest
    assert world.purchases == ["rent_with_credits"]
    world.check()
