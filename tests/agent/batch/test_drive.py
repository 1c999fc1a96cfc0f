"""A few runs at a time, in the order of the jobs, under one budget and every cap."""

import asyncio
from dataclasses import replace

import pytest

from agent.batch.drive import NO_ROOM_SECONDS, BatchDriver, latest, to_do
from agent.herd import Herd
from policies.money import Cents
from policies.policy import Budget
from tests.agent.batch.herd_of import COST, driven, short_runs, submitted
from tests.agent.world import AUTO, World
from tools.errors import Malformed, StoreUnusable
from tools.spend_log.rows import Holder, Lease
from tools.ssh.snapshot import pack


def statuses(world: World, batch_id: str) -> list[str]:
    return [str(run.status) for run in latest(world.parts, batch_id)]


@pytest.mark.parametrize("at_once", [1, 3])
async def test_so_many_at_once_and_in_order(world: World, at_once: int) -> None:
    """Never more than wanted, as many as wanted, the first job first."""
    batch_id = submitted(world, 8)
    driver = short_runs(world)
    runs = await driven(BatchDriver(driver, at_once), batch_id)
    assert {str(run.status) for run in runs} == {"succeeded"}
    assert driver.seen.begun == [run.run_id for run in runs]
    assert driver.seen.most == [at_once]


async def test_what_has_a_pod_waits_for_no_turn(world: World) -> None:
    """Pods that were paid for are driven all at once, however few may begin."""
    batch_id = submitted(world, 4)
    driver = short_runs(world)
    await BatchDriver(driver, 1).drive(to_do(world.parts, batch_id), wait=True, in_turn=False)
    assert driver.seen.most == [4]


async def test_what_the_budget_does_not_fit_is_refused_with_its_reason(world: World) -> None:
    """The first that fit run; the others name the budget and what is used of it."""
    batch_id = submitted(world, 5, budget=3 * COST)
    runs = await driven(BatchDriver(short_runs(world), 2), batch_id)
    assert statuses(world, batch_id) == ["succeeded"] * 3 + ["refused"] * 2
    for run in runs[3:]:
        assert run.reason.startswith("batch_budget_usd = $2.94 for the whole batch: $0.98 more than the $2.94")
    assert world.log.totals().spent == 3 * COST


async def test_a_cap_on_pods_makes_a_job_wait(world: World) -> None:
    """Not fail: with room for one pod the jobs come one after the other, however many may run at once."""
    world.change(policy=replace(AUTO, budget=Budget(max_open_pods=1)))
    batch_id = submitted(world, 4)
    await driven(BatchDriver(short_runs(world), 4), batch_id)
    assert statuses(world, batch_id) == ["succeeded"] * 4


async def test_room_that_never_comes_is_told_by_the_cap(world: World) -> None:
    """A pod of nobody's is in the way: after a while the job is tried, and the reason is the cap."""
    world.change(policy=replace(AUTO, budget=Budget(max_open_pods=1)))
    batch_id = submitted(world, 2)
    driver = short_runs(world)
    first = to_do(world.parts, batch_id)[0]
    driver.stay.add(first)
    before = world.clock.monotonic()
    runs = await driven(BatchDriver(driver, 2), batch_id)
    assert statuses(world, batch_id) == ["succeeded", "refused"]
    assert "max_open_pods = 1" in runs[1].reason
    assert world.clock.monotonic() - before >= NO_ROOM_SECONDS


async def test_one_runs_trouble_is_no_others(world: World) -> None:
    """An error on purpose and a defect of ours are told; the other jobs go on."""
    batch_id = submitted(world, 3)
    driver = short_runs(world)
    ids = to_do(world.parts, batch_id)
    driver.breaks[ids[0]] = Malformed("a strange answer")
    driver.breaks[ids[1]] = ZeroDivisionError("oops")
    batch = BatchDriver(driver, 2)
    await driven(batch, batch_id)
    assert statuses(world, batch_id) == ["queued", "queued", "succeeded"]
    assert batch.trouble == {ids[0]: "a strange answer", ids[1]: "ZeroDivisionError('oops') (a defect of ours)"}


async def test_a_store_that_fails_is_everybodys_trouble(world: World) -> None:
    """It is raised, not noted beside one job."""
    batch_id = submitted(world, 2)
    driver = short_runs(world)
    driver.breaks[to_do(world.parts, batch_id)[0]] = StoreUnusable("the disk is full")
    with pytest.raises(StoreUnusable, match="the disk is full"):
        await driven(BatchDriver(driver, 1), batch_id)


async def test_runs_that_wait_are_held(world: World) -> None:
    """Nobody else may drive them while another runs; afterwards nothing is held."""
    batch_id = submitted(world, 3)
    driver, ids = short_runs(world), to_do(world.parts, batch_id)
    other = Holder(boot_id="boot", pid=1, started="2", host="here")
    taken: list[Lease | None] = []

    def rob(_: str) -> None:
        taken.extend(world.log.take_lease(one, other, world.clock.now(), 60, lambda _: True) for one in ids[1:])

    driver.at_first.append(rob)
    await driven(BatchDriver(driver, 1), batch_id)
    assert taken == [None, None]
    assert [world.log.lease(run_id) for run_id in ids] == [None, None, None]


async def test_a_run_that_somebody_else_drives_is_left_to_them(world: World) -> None:
    """And told."""
    batch_id = submitted(world, 2)
    ids = to_do(world.parts, batch_id)
    other = Holder(boot_id="elsewhere", pid=1, started="2", host="there")
    world.change(alive=lambda _: True)
    world.log.take_lease(ids[0], other, world.clock.now(), 60, lambda _: True)
    batch = BatchDriver(short_runs(world), 2)
    await driven(batch, batch_id)
    assert statuses(world, batch_id) == ["queued", "succeeded"]
    assert "there" in batch.trouble[ids[0]]
    lease = world.log.lease(ids[0])
    assert lease is not None
    assert lease.holder == other


async def test_a_cancelled_batch_buys_nothing_more(world: World) -> None:
    """What has not begun ends without a pod, though there is no room for one."""
    world.change(policy=replace(AUTO, budget=Budget(max_open_pods=0)))
    batch_id = submitted(world, 3)
    batch = BatchDriver(short_runs(world), 2)
    batch.cancel(to_do(world.parts, batch_id), "me")
    await driven(batch, batch_id)
    assert statuses(world, batch_id) == ["cancelled"] * 3
    assert world.log.charges() == []


async def test_a_batch_that_is_left_goes_on_later(world: World) -> None:
    """Leaving lets every run go; what had not ended is to do, in order."""
    batch_id = submitted(world, 6)
    driver = short_runs(world)
    ids = to_do(world.parts, batch_id)
    driving = asyncio.create_task(BatchDriver(driver, 1).drive(ids, wait=True))
    third = asyncio.Event()
    driver.at_first.extend([lambda _: None, lambda _: None, lambda _: third.set()])
    await third.wait()
    driving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await driving
    assert all(world.log.lease(run_id) is None for run_id in ids)
    left = to_do(world.parts, batch_id)
    assert left == ids[-len(left) :]
    assert 3 <= len(left) <= 4


async def test_resuming_everything_leaves_a_batchs_queue_to_the_batch(world: World) -> None:
    """A `resume` would drive all of it at once; a run of it that had begun goes on like any other."""
    batch_id = submitted(world, 3)
    ids = to_do(world.parts, batch_id)
    world.log.enter_step(ids[0], "intake", world.clock.now())
    resumed = await Herd(world.parts, short_runs(world), pack).resume_all()
    assert [run.run_id for run in resumed] == [ids[0]]
    assert Cents(world.log.totals().spent) == COST
