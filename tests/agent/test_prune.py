"""What ended runs left on the disk goes; what is about money, or not over, stays."""

from datetime import timedelta

from agent.prune import prune
from policies.retention import Limits
from tests.agent.batch.herd_of import submitted
from tests.agent.watched import KeptSaver
from tests.agent.world import World
from tools.spend_log.rows import RunStatus

ALL = Limits(older_than=timedelta(0))


async def ended(world: World) -> str:
    """A run that succeeded a minute ago, and whose process was killed before it dropped the checkpoints."""
    world.saver = saver = KeptSaver()
    run = await world.run()
    assert run.status is RunStatus.SUCCEEDED
    saver.kept = False
    world.clock.advance(60)
    return run.run_id


async def test_checkpoints_of_finished_runs_go_by_default(world: World) -> None:
    """And nothing else; the run is shown as before."""
    run_id = await ended(world)
    shown = world.log.run(run_id)
    pruned = await prune(world.driver(), Limits(), dry_run=False)
    assert (pruned.checkpoints, pruned.removals) == ((run_id,), ())
    assert await world.saver.aget_tuple(world.config(run_id)) is None
    assert world.log.run(run_id) == shown
    assert (world.home.run(run_id).outputs / "metrics.json").exists()
    again = await prune(world.driver(), Limits(), dry_run=False)
    assert again.checkpoints == ()


async def test_files_go_and_the_last_word_stays(world: World) -> None:
    """Log, outputs and snapshots; not the job, the report or a row of the spend log."""
    run_id = await ended(world)
    folder, events = world.home.run(run_id), world.log.events()
    pruned = await prune(world.driver(), ALL, dry_run=False)
    assert [one.stored.run_id for one in pruned.removals] == [run_id]
    assert sorted(path.name for path in folder.path.iterdir()) == ["job.yaml", "report.json"]
    assert world.log.events() == events
    assert world.log.broken_chain() is None


async def test_a_dry_run_removes_nothing(world: World) -> None:
    """It says the same."""
    run_id = await ended(world)
    wet_names = sorted(path.name for path in world.home.run(run_id).path.iterdir())
    pruned = await prune(world.driver(), ALL, dry_run=True)
    assert [one.stored.run_id for one in pruned.removals] == [run_id] == list(pruned.checkpoints)
    assert sorted(path.name for path in world.home.run(run_id).path.iterdir()) == wet_names
    assert await world.saver.aget_tuple(world.config(run_id)) is not None


async def test_what_is_not_over_stays(world: World) -> None:
    """A run that waits, one that somebody drives, and one whose pod is not proven gone."""
    driven_id, left_id, waiting_id = await ended(world), await ended(world), world.submit()
    world.log.take_lease(driven_id, world.holder, world.clock.now(), 60, lambda _: True)
    (order,) = world.log.orders(left_id)
    world.log.see_order(order.order_id, "running", world.clock.now())
    pruned = await prune(world.driver(), ALL, dry_run=False)
    assert (pruned.checkpoints, pruned.removals) == ((), ())
    assert world.home.run(waiting_id).workdir.exists()


async def test_what_was_synced_stays_where_nothing_better_came_home(world: World) -> None:
    """A run that failed has no other copy; money in doubt keeps everything."""
    failed_id, doubted_id = world.submit(), world.submit()
    for run_id, status, code in ((failed_id, RunStatus.FAILED, 5), (doubted_id, RunStatus.IN_DOUBT, 7)):
        folder = world.home.run(run_id)
        folder.synced.mkdir()
        (folder.synced / "model.bin").write_text("weights")
        folder.log.write_text("log")
        world.log.set_status(run_id, status, world.clock.now(), reason="", code=code)
    world.clock.advance(60)
    await prune(world.driver(), ALL, dry_run=False)
    assert (world.home.run(failed_id).synced / "model.bin").exists()
    assert not world.home.run(failed_id).log.exists()
    assert world.home.run(doubted_id).log.exists()


async def test_outputs_elsewhere_are_their_owners(world: World) -> None:
    """`--outputs DIR` lies outside the home; nothing there is touched."""
    run_id = await ended(world)
    theirs = world.root / "mine"
    theirs.mkdir()
    (theirs / "model.bin").write_text("weights")
    (world.home.run(run_id).path / "link").symlink_to(theirs)
    await prune(world.driver(), ALL, dry_run=False)
    assert (theirs / "model.bin").read_text() == "weights"


async def test_a_shared_snapshot_is_counted_once(world: World) -> None:
    """The runs of a batch have one archive under several names; all of them go."""
    jobs = world.log.batch_jobs(submitted(world, 2))
    for job in jobs:
        world.log.set_status(job.run_id, RunStatus.REFUSED, world.clock.now(), reason="", code=3)
    archive = world.home.run(jobs[0].run_id).workdir
    world.clock.advance(60)
    size = archive.stat().st_size
    pruned = await prune(world.driver(), ALL, dry_run=False)
    assert sorted(one.stored.size for one in pruned.removals) == [0, size]
    assert not any(world.home.run(job.run_id).workdir.exists() for job in jobs)
