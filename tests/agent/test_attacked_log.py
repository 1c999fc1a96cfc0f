"""The job's log and the way to the pod: whatever happens to them, the outputs come home."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.agent.world import JOB, World
from tests.fakes.faults import Garble, Refuse
from tests.fakes.pods import LOG, Script
from tools.spend_log.rows import RunStatus

SECRET = {"TOKEN": "t0ken"}
SECRET_JOB = JOB + "secrets: {TOKEN: null}\n"

pytestmark = pytest.mark.timeout(60)


def outputs_here(world: World, run_id: str) -> bool:
    return (world.home.run(run_id).outputs / "metrics.json").exists()


async def left_at(world: World, run_id: str, seconds: float) -> None:
    """Drive, and leave it while the job runs; another process is ready."""
    driving = asyncio.create_task(world.drive(run_id))
    world.clock.at(seconds, driving.cancel)
    with pytest.raises(asyncio.CancelledError):
        await driving
    world.restart()


async def test_a_job_that_begins_its_log_anew(world: World) -> None:
    """`echo x > /dev/stderr` cuts the log: what was here is kept beside it, the rest copied, the outputs fetched."""
    run_id = world.submit()
    world.clock.at(90, world.pods.cut_logs)
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    folder = world.home.run(run_id)
    kept, log = (folder.path / "log.cut-1-1.txt").read_bytes(), folder.log.read_bytes()
    assert kept
    assert log
    assert LOG.startswith(kept)
    assert LOG.endswith(log)
    assert outputs_here(world, run_id)
    world.check()


async def test_a_log_cut_while_nobody_looked(world: World) -> None:
    """The next process finds less than is here already, and the job over: exit 0 all the same."""
    run_id = world.submit()
    await left_at(world, run_id, 110)
    world.pods.cut_logs()
    world.clock.advance(60)
    run = await world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    folder = world.home.run(run_id)
    assert LOG.startswith((folder.path / "log.cut-1-1.txt").read_bytes())
    assert LOG.endswith(folder.log.read_bytes())
    assert outputs_here(world, run_id)
    world.check()


async def test_a_log_that_cannot_be_written_here(world: World) -> None:
    """The job is judged by its exit code and its outputs are fetched; what is missing is told."""
    run_id = world.submit()
    await left_at(world, run_id, 90)
    log = world.home.run(run_id).log
    log.unlink()
    log.mkdir()
    run = await world.drive(run_id)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.SUCCEEDED, 0, 0)
    assert outputs_here(world, run_id)
    assert any("the log can't be written here" in line for line in world.face.lines)
    world.check()


def no_login(world: World) -> None:
    world.pods.login_refused = True
    world.clock.at(100, lambda: setattr(world.pods, "login_refused", False))


@pytest.mark.parametrize(
    "trouble",
    [
        lambda world: world.market.fail("order", Garble()),
        lambda world: world.market.fail("order", Refuse(404)),
        no_login,
    ],
    ids=["garbled", "refused", "login"],
)
async def test_one_bad_answer_in_the_middle_of_a_job(world: World, trouble: Callable[[World], object]) -> None:
    """The connection drops and the first look after that goes wrong: the job goes on and is collected."""

    def drop() -> None:
        world.pods.drops.append(1)
        trouble(world)

    world.clock.at(90, drop)
    run = await world.run()
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    assert (world.home.run(run.run_id).log).read_bytes() == LOG
    assert outputs_here(world, run.run_id)
    assert len(world.pods.starts) == 1
    assert world.calls.index("fetch") < world.calls.index("terminate")
    world.check()


async def test_a_secret_that_is_gone_does_not_keep_results_on_the_pod(world: World) -> None:
    """A job that runs needs no variable of ours: it is waited for and collected; its log, unmasked, is not copied."""
    world.change(variables=SECRET)
    run_id = world.submit(SECRET_JOB)
    await left_at(world, run_id, 90)
    before = world.home.run(run_id).log.read_bytes()
    world.change(variables={})
    run = await world.drive(run_id, wait=False)
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    assert world.home.run(run_id).log.read_bytes() == before
    assert any("the log is not copied" in line and "TOKEN" in line for line in world.face.lines)
    assert outputs_here(world, run_id)
    world.check()


async def test_a_secret_that_is_gone_does_not_keep_a_run_from_being_cancelled(world: World) -> None:
    """The job is stopped, what is there comes home, the pod is ended."""
    world.change(variables=SECRET)
    world.pods.script = replace(Script(), seconds=5000)
    run_id = world.submit(SECRET_JOB)
    await left_at(world, run_id, 90)
    world.change(variables={})
    world.cancel(run_id)
    run = await world.drive(run_id, wait=False)
    assert (run.status, run.code) == (RunStatus.CANCELLED, 130)
    assert world.calls.count("stop_job") == 1
    assert outputs_here(world, run_id)
    world.check()
