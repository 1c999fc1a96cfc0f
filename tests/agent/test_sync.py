"""Results while the job runs: they come home, and a later pod goes on from them."""

from dataclasses import replace

import pytest

from policies.policy import Recovery
from tests.agent.conftest import MakeWorld
from tests.agent.lost_pods import OUT_OF_MEMORY, gpus, lose_first_pod_at
from tests.agent.world import ANY_GPU, AUTO, World
from tests.fakes.pods import Script

A100 = "NVIDIA A100 80GB"
LONG = Script(seconds=1000)
RESUMABLE = ANY_GPU + "resume: python train.py --resume\n"


async def test_outputs_come_home_while_the_job_runs(world: World) -> None:
    """Every `sync_minutes`: three times in 1000 seconds, told once; at the end they are fetched to their own place."""
    world.pods.script = LONG
    run_id = world.submit(ANY_GPU)
    here: list[bytes] = []
    synced = world.home.run(run_id).synced / "metrics.json"
    world.clock.at(500, lambda: here.append(synced.read_bytes()))
    run = await world.drive(run_id)
    assert run.code == 0
    assert here == [LONG.files["metrics.json"]]
    assert world.calls.count("fetch") == 4
    assert sum("the outputs are synced" in line for line in world.face.lines) == 1


async def test_nothing_is_synced_where_the_policy_says_so(make_world: MakeWorld) -> None:
    """`sync_minutes = 0`."""
    world = make_world(replace(AUTO, time=replace(AUTO.time, sync_minutes=0)))
    world.pods.script = LONG
    run = await world.run(ANY_GPU)
    assert (run.code, world.calls.count("fetch")) == (0, 1)
    assert not world.home.run(run.run_id).synced.exists()


async def test_a_sync_that_fails_is_no_error(world: World) -> None:
    """A file that changes meanwhile: told once, the next sync brings it, the job never notices."""
    world.pods.script = LONG
    world.pods.failing["fetch"] = 2
    run = await world.run(ANY_GPU)
    assert run.code == 0
    assert sum("could be synced (a checksum differs)" in line for line in world.face.lines) == 1
    assert (world.home.run(run.run_id).synced / "metrics.json").exists()


async def test_a_later_pod_goes_on_from_what_was_synced(world: World) -> None:
    """`resume` instead of `run`, with the synced outputs in place before it starts."""
    world.pods.script = LONG
    run_id = world.submit(RESUMABLE)
    lose_first_pod_at(world, 800)
    run = await world.drive(run_id)
    assert run.code == 0
    assert [start.run for start in world.pods.starts] == ["python train.py", "python train.py --resume"]
    first, second = world.pods.pods.values()
    assert (first.restored, second.restored) == ({}, LONG.files)
    restored = world.calls.index("restore")
    assert restored < len(world.calls) - 1 - world.calls[::-1].index("start_job")
    world.check()


async def test_files_that_can_not_be_restored_are_tried_again(world: World) -> None:
    """As any upload: the job starts once, with all of them in place."""
    world.pods.script = LONG
    world.pods.failing["restore"] = 2
    run_id = world.submit(RESUMABLE)
    lose_first_pod_at(world, 800)
    assert (await world.drive(run_id)).code == 0
    assert len(world.pods.starts) == 2
    assert list(world.pods.pods.values())[1].restored == LONG.files


@pytest.mark.parametrize(("text", "lost_at"), [(ANY_GPU, 800), (RESUMABLE, 200)], ids=["no resume", "nothing synced"])
async def test_a_job_begins_anew_that_can_not_go_on(world: World, text: str, lost_at: float) -> None:
    """`run` again, nothing put in place; what was synced before is kept beside the new."""
    world.pods.script = LONG
    run_id = world.submit(text)
    lose_first_pod_at(world, lost_at)
    run = await world.drive(run_id)
    assert run.code == 0
    assert [start.run for start in world.pods.starts] == ["python train.py"] * 2
    assert "restore" not in world.calls
    kept = world.home.run(run_id).path / "synced.before-2-1" / "metrics.json"
    assert kept.exists() == (lost_at == 800)


async def test_a_larger_pod_goes_on_from_the_last_outputs(world: World) -> None:
    """A job that ran out of memory before the first sync has left a checkpoint: it is brought here first."""
    world.pods.scripts.append(OUT_OF_MEMORY)
    run = await world.run(RESUMABLE)
    assert (run.code, gpus(world, run)[1]) == (0, A100)
    assert world.pods.starts[1].run == "python train.py --resume"
    assert list(world.pods.pods.values())[1].restored == OUT_OF_MEMORY.files


async def test_synced_outputs_are_named_when_the_last_ones_are_lost(make_world: MakeWorld) -> None:
    """The pod is gone and no other may be rented: the reason says where the last good copies are."""
    world = make_world(replace(AUTO, recovery=Recovery(max_pods_per_run=1)))
    world.pods.script = LONG
    run_id = world.submit(ANY_GPU)
    lose_first_pod_at(world, 800)
    run = await world.drive(run_id)
    assert run.code == 5
    assert f"outputs synced while it ran are in {world.home.run(run_id).synced}" in run.reason
    assert (world.home.run(run_id).synced / "metrics.json").read_bytes() == LONG.files["metrics.json"]


async def test_nothing_is_said_of_synced_outputs_where_the_last_ones_are_here(world: World) -> None:
    """A job that fails after an hour: its outputs came at its end."""
    world.pods.script = replace(LONG, code=3)
    run = await world.run(ANY_GPU)
    assert (run.code, run.reason) == (1, "the job exited with 3")
