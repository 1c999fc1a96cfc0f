"""A schedule is read and checked as its nights will be, before it is written down."""

from pathlib import Path

import pytest

from agent.batch.sources import STDIN
from agent.schedule.add import add_schedule, missing_here, read_schedule
from agent.submit import BadJob, load_job, work_of
from policies.file_problem import FileError
from policies.money import Cents
from policies.timetable import BadTimetable
from tests.agent.schedule.scheduled import BERLIN, TWO, files_of, wanted
from tests.agent.world import JOB, World
from tools.spend_log.schedule_rows import CatchUp


def test_it_is_kept_as_it_was_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With absolute paths: a worker runs somewhere else."""
    new = wanted(world, 2, budget=Cents(800), ceiling=Cents(300), max_parallel=3, catch_up=CatchUp.LAST)
    monkeypatch.chdir(world.root)
    relative = wanted(world, 2, sources=(Path("project"),), outputs=Path("out"))
    schedule, jobs = add_schedule(world.parts, new)
    assert (schedule.cron, schedule.timezone, schedule.name) == (TWO, BERLIN, "job")
    assert (schedule.budget, schedule.ceiling, schedule.max_parallel) == (Cents(800), Cents(300), 3)
    assert (schedule.catch_up, schedule.created_at) == (CatchUp.LAST, world.clock.now())
    assert [read.label for read in jobs] == ["train SEED=1", "train SEED=2"]
    folder, _ = add_schedule(world.parts, relative)
    assert folder.sources == (str(world.root / "project"),)
    assert folder.outputs == str(world.root / "out")
    assert world.log.schedules() == [schedule, folder]
    monkeypatch.chdir("/")
    assert len(read_schedule(folder)) == 2


def test_what_can_not_be_read_each_night_is_refused(world: World) -> None:
    """Nothing is written down."""
    with pytest.raises(BadJob, match="not `-`"):
        add_schedule(world.parts, wanted(world, sources=(STDIN,)))
    with pytest.raises(BadJob, match="no such file"):
        add_schedule(world.parts, wanted(world, sources=(world.root / "nothing.yaml",)))
    with pytest.raises(BadTimetable, match="five"):
        add_schedule(world.parts, wanted(world, cron="0 2"))
    with pytest.raises(FileError, match="hours"):
        add_schedule(world.parts, wanted(world, text="run: x\nhours: many"))
    add_schedule(world.parts, wanted(world, outputs=world.root / "out"))
    with pytest.raises(BadJob, match="name another folder"):
        add_schedule(world.parts, wanted(world, outputs=world.root / "out"))
    (taken,) = world.log.schedules()
    world.log.remove_schedule(taken.schedule_id, world.clock.now())
    world.change(absolute_mounts=False)
    with pytest.raises(BadJob, match="mount below ~/"):
        add_schedule(world.parts, wanted(world, text=f"{JOB}\nfile_mounts: {{/data: .}}"))
    assert world.log.schedules() == []


def test_variables_that_are_missing_here_are_named(world: World) -> None:
    """The worker may well have them."""
    new = wanted(world, text=f"{JOB}\nenvs: {{TOKEN: null}}\nsecrets: {{KEY: null}}")
    _, jobs = add_schedule(world.parts, new)
    assert missing_here(world.parts, jobs) == ["KEY", "TOKEN"]
    world.change(variables={"TOKEN": "x"})
    assert missing_here(world.parts, jobs) == ["KEY"]


def test_work_is_what_is_done_not_what_lies_in_the_files(world: World) -> None:
    """A script that changes is the same work; another command, folder, variable or output is not."""
    world.submit()
    project = files_of(world)
    other = world.root / "other"
    other.mkdir()
    (other / "job.yaml").write_text(JOB, encoding="utf-8")

    def work(text: str, folder: Path = project) -> str:
        (folder / "job.yaml").write_text(text, encoding="utf-8")
        return work_of(load_job(folder / "job.yaml", frozenset()))

    before = work(JOB)
    (project / "train.py").write_text("print('another night')\n", encoding="utf-8")
    assert work(JOB) == before
    assert work(JOB.replace("hours: 2", "hours: 3")) == before, "the offer says how long, and caps bound it"
    changed = {
        work(JOB.replace("train.py", "train.py --more")),
        work(JOB.replace("metrics.json", "all.json")),
        work(f"{JOB}\nenvs: {{SEED: '1'}}"),
        work(f"{JOB}\nsetup: pip install x"),
        work(f"{JOB}\nfile_mounts: {{~/data: .}}"),
        work(JOB, other),
        before,
    }
    assert len(changed) == 7
