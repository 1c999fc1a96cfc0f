"""A batch is written down whole or not at all, from one snapshot of what its jobs share."""

from datetime import timedelta
from pathlib import Path

import pytest

from agent.batch.again import take_up
from agent.batch.drive import BatchDriver, latest
from agent.batch.report import batch_result, usage_words, worst_code
from agent.batch.sources import read_batch
from agent.batch.submit import Wanted, submit_batch, try_again
from agent.prune import prune
from agent.submit import BadJob
from policies.charge import LinkShown, Paid
from policies.money import Cents
from policies.offer import Rail
from policies.retention import Limits
from tests.agent.batch.herd_of import COST, driven, short_runs, submitted, write_jobs
from tests.agent.world import JOB, World
from tests.tools.spend_log.things import an_offer, settled
from tools.spend_log.rows import RunStatus
from tools.ssh.snapshot import pack


def test_every_job_is_a_run_with_its_place(world: World) -> None:
    """Numbered and labelled, with the variables of its combination; the same workdir is on the disk once."""
    batch_id = submitted(world, 3, budget=500)
    jobs = world.log.batch_jobs(batch_id)
    assert [(job.position, job.label) for job in jobs] == [
        (1, "train SEED=1"),
        (2, "train SEED=2"),
        (3, "train SEED=3"),
    ]
    assert [dict(world.parts.job(job.run_id).envs)["SEED"] for job in jobs] == ["1", "2", "3"]
    archives = [world.home.run(job.run_id).workdir for job in jobs]
    assert len({archive.stat().st_ino for archive in archives}) == 1
    batch = world.log.batch(batch_id)
    assert batch is not None
    assert (batch.budget, batch.name) == (Cents(500), "nightly")


def test_outputs_go_to_a_folder_for_each(world: World) -> None:
    """Numbered, so that no two jobs share one."""
    wanted = Wanted("nightly", None, 2, outputs=world.root / "out")
    jobs = read_batch([write_jobs(world.root, 2)], frozenset())
    batch_id = submit_batch(world.parts, pack, jobs, wanted)
    folders = [Path(run.outputs_dir).name for run in latest(world.parts, batch_id)]
    assert folders == ["001-train-seed-1", "002-train-seed-2"]


@pytest.mark.parametrize("way", ["files in it", "a file"])
def test_outputs_go_to_no_folder_that_has_some(world: World, way: str) -> None:
    """Refused with the folder's name before anything is written down; an empty one is as good as none."""
    first, second = (world.root / "out" / f"00{number}-train-seed-{number}" for number in (1, 2))
    first.mkdir(parents=True)
    if way == "a file":
        second.touch()
    else:
        second.mkdir()
        (second / "metrics.json").touch()
    jobs = read_batch([write_jobs(world.root, 2)], frozenset())
    with pytest.raises(BadJob, match=f"--outputs: {second} has, or will have, outputs of another run"):
        submit_batch(world.parts, pack, jobs, Wanted("nightly", None, 2, outputs=world.root / "out"))
    assert world.log.runs() == []


def test_two_batches_at_once_do_not_share_folders(world: World) -> None:
    """Neither has any outputs yet; one that ended without any is in nobody's way."""
    wanted = Wanted("nightly", None, 2, outputs=world.root / "out")
    jobs = read_batch([write_jobs(world.root, 2)], frozenset())
    first = submit_batch(world.parts, pack, jobs, wanted)
    with pytest.raises(BadJob, match=r"001-train-seed-1 \(and 1 more\) has, or will have"):
        submit_batch(world.parts, pack, jobs, wanted)
    for run in latest(world.parts, first):
        world.log.set_status(run.run_id, RunStatus.CANCELLED, world.clock.now(), reason="", code=130)
    assert submit_batch(world.parts, pack, jobs, wanted) != first


def test_one_job_that_can_not_run_keeps_the_batch_from_being(world: World) -> None:
    """Every one is named; nothing is left behind."""
    text = JOB.replace("name: train", "name: train\nenvs: {TOKEN: null}")
    with pytest.raises(BadJob) as caught:
        submitted(world, 2, text=text)
    assert str(caught.value).count("not set in the environment: TOKEN") == 2
    assert world.log.batches() == []
    assert world.log.runs() == []


def test_a_job_whose_files_are_missing_leaves_no_folder(world: World) -> None:
    """Those that were packed before it are cleared away."""
    job = write_jobs(world.root, 2)
    lost = job.with_name("lost.yaml")
    lost.write_text("run: x\nworkdir: nowhere", encoding="utf-8")
    jobs = read_batch([job, lost], frozenset())
    with pytest.raises(BadJob, match="nowhere is not there"):
        submit_batch(world.parts, pack, jobs, Wanted("nightly", None, 2))
    assert world.log.batches() == []
    runs = world.home.path / "runs"
    assert not runs.exists() or list(runs.iterdir()) == []


async def test_what_could_not_be_done_is_tried_again_and_nothing_else(world: World) -> None:
    """Refused, or lost by the provider: a new run from the same snapshot. A job's own failure, a no, a cancel and money
    in doubt stay as they are, and so does what succeeded.
    """
    batch_id = submitted(world, 7)
    runs = latest(world.parts, batch_id)
    ways = [
        (RunStatus.SUCCEEDED, 0),
        (RunStatus.REFUSED, 3),
        (RunStatus.FAILED, 5),
        (RunStatus.FAILED, 1),
        (RunStatus.DENIED, 6),
        (RunStatus.IN_DOUBT, 7),
        (RunStatus.CANCELLED, 130),
    ]
    for run, (status, code) in zip(runs, ways, strict=True):
        world.log.set_status(run.run_id, status, world.clock.now(), reason="", code=code)
    (world.root / "project/train.py").write_text("changed meanwhile", encoding="utf-8")

    again = take_up(world.parts, batch_id)

    assert again.left == tuple(run.run_id for run in runs[3:])
    assert [run.run_id for run in latest(world.parts, batch_id)] == [runs[0].run_id, *again.retried, *again.left]
    for old, new_id in zip(runs[1:3], again.retried, strict=True):
        new = world.parts.run(new_id)
        assert (new.job_sha256, new.job_json, new.status) == (old.job_sha256, old.job_json, RunStatus.QUEUED)
        before, after = world.home.run(old.run_id), world.home.run(new_id)
        assert after.workdir.read_bytes() == before.workdir.read_bytes()
        assert after.job_file.read_bytes() == before.job_file.read_bytes()
        assert new.outputs_dir == str(after.outputs)


@pytest.mark.parametrize("left", ["pod", "link"])
def test_a_job_that_may_still_cost_is_not_tried_again(world: World, left: str) -> None:
    """Its pod is not proven gone, or its link may still be paid: another run would be a second pod for one job."""
    batch_id = submitted(world, 1)
    (run,) = latest(world.parts, batch_id)
    offer = an_offer(run.run_id, rail=Rail.STRIPE if left == "link" else Rail.CREDITS)
    event = LinkShown("HOG-a1b2c3d4e5f6", Cents(147)) if left == "link" else Paid(Cents(147), "HOG-a1b2c3d4e5f6")
    settled(world.log, offer, event, world.clock.now())
    world.log.set_status(run.run_id, RunStatus.FAILED, world.clock.now(), reason="", code=5)
    again = take_up(world.parts, batch_id)
    assert (again.retried, again.left) == ((), (run.run_id,))


def test_a_job_that_another_process_tries_again_is_left_to_it(world: World) -> None:
    """Two `--resume` at once: the slower one makes no second run, and leaves no folder."""
    batch_id = submitted(world, 1)
    (run,) = latest(world.parts, batch_id)
    (job,) = world.log.batch_jobs(batch_id)
    world.log.set_status(run.run_id, RunStatus.REFUSED, world.clock.now(), reason="", code=3)
    first = try_again(world.parts, run, job)
    assert first is not None
    assert try_again(world.parts, run, job) is None
    assert world.log.work_of(first) == world.log.work_of(run.run_id) is not None
    assert sorted(path.name for path in (world.home.path / "runs").iterdir()) == sorted([run.run_id, first])


async def test_without_its_snapshot_a_job_is_not_tried_again(world: World) -> None:
    """What would run would not be what was submitted."""
    batch_id = submitted(world, 1)
    (run,) = latest(world.parts, batch_id)
    world.log.set_status(run.run_id, RunStatus.REFUSED, world.clock.now(), reason="", code=3)
    world.clock.advance(1)
    await prune(world.driver(), Limits(older_than=timedelta(0)), dry_run=False)
    (job,) = world.log.batch_jobs(batch_id)
    with pytest.raises(BadJob, match=f"train SEED=1: the snapshot of {run.run_id} was pruned"):
        try_again(world.parts, run, job)
    again = take_up(world.parts, batch_id)
    assert (again.retried, again.left) == ((), (run.run_id,))


async def test_the_report_adds_up(world: World) -> None:
    """Each job's last run, the money of all, the counts, and the worst code."""
    batch_id = submitted(world, 3, budget=2 * COST)
    await driven(BatchDriver(short_runs(world), 1), batch_id)
    document = batch_result(world.log, batch_id, world.clock.now())
    assert document["counts"] == {"refused": 1, "succeeded": 2}
    assert (document["spent_usd"], document["budget_usd"]) == ("1.96", "1.96")
    assert document["ended_at"] is not None
    jobs = document["jobs"]
    assert isinstance(jobs, list)
    assert [(job["label"], job["status"]) for job in jobs] == [
        ("train SEED=1", "succeeded"),
        ("train SEED=2", "succeeded"),
        ("train SEED=3", "refused"),
    ]
    assert worst_code(latest(world.parts, batch_id)) == 3
    assert usage_words(world.parts, batch_id) == "spent $1.96 of $1.96"


async def test_money_of_a_run_that_was_tried_again_counts(world: World) -> None:
    """The budget is the batch's, not each run's: what the first try cost is not there for the second."""
    batch_id = submitted(world, 1, budget=2 * COST - 1)
    driver = short_runs(world)
    driver.lost.update(run.run_id for run in latest(world.parts, batch_id))
    await driven(BatchDriver(driver, 1), batch_id)
    take_up(world.parts, batch_id)
    (second,) = await driven(BatchDriver(driver, 1), batch_id)
    assert second.reason.startswith("batch_budget_usd = $1.95 for the whole batch")
    document = batch_result(world.log, batch_id, world.clock.now())
    assert (document["spent_usd"], document["counts"]) == ("0.98", {"refused": 1})


def test_a_batch_that_is_not_there(world: World) -> None:
    """Is no empty one."""
    with pytest.raises(KeyError):
        batch_result(world.log, "batch-nowhere", world.clock.now())


def test_a_batch_that_waits_ends_with_waiting(world: World) -> None:
    """Nobody drove it: the code of something that waits."""
    batch_id = submitted(world, 2)
    assert worst_code(latest(world.parts, batch_id)) == 4
    assert batch_result(world.log, batch_id, world.clock.now())["ended_at"] is None
