"""Submitting: checked and snapshotted before a run exists, bound to what would run, and free of secrets."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.quote import quote
from agent.submit import BadJob, fingerprint, load_job, submit
from policies.job import Job, JobFileError, read_job
from policies.money import Cents
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, JOB, World
from tests.fakes.pods import Script
from tools.spend_log.rows import Decision
from tools.ssh.snapshot import pack

FULL = """
name: Fine-Tune.7B
workdir: .
run: python train.py
setup: pip install x
file_mounts: {/root/data: ./data, /root/one.txt: ./one.txt}
envs: {EPOCHS: "1"}
secrets: {TOKEN: hunter2-literal, OTHER: null}
outputs: [out/]
hours: 2
"""


@pytest.fixture
def project(world: World) -> Path:
    """A project folder with a job file and everything it names."""
    folder = world.root / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "rows.csv").write_text("1,2\n")
    (folder / "one.txt").write_text("one\n")
    (folder / "train.py").write_text("print(1)\n")
    (folder / ".gitignore").write_text("job.yaml\n")
    (folder / "job.yaml").write_text(FULL)
    world.change(variables={"OTHER": "from-the-environment"})
    return folder


def submitted(world: World, project: Path, text: str = FULL) -> str:
    """The fingerprint of the project as it is now."""
    (project / "job.yaml").write_text(text)
    run_id = submit(world.parts, pack, load_job(project / "job.yaml", frozenset()))
    return world.parts.run(run_id).job_sha256


def test_the_same_project_has_the_same_fingerprint(world: World, project: Path) -> None:
    """Whenever it is submitted, and whatever it is called or may cost."""
    first = submitted(world, project)
    assert submitted(world, project) == first
    assert submitted(world, project, FULL.replace("Fine-Tune.7B", "other").replace("hours: 2", "hours: 3")) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python train.py", "python other.py"),
        ("pip install x", "pip install y"),
        ("/root/data:", "/root/elsewhere:"),
        ("EPOCHS:", "EPOCH:"),
        ('"1"', '"2"'),
        ("OTHER: null", "ANOTHER: x"),
        ("[out/]", "[out/, more/]"),
    ],
)
def test_what_would_run_changes_the_fingerprint(world: World, project: Path, old: str, new: str) -> None:
    """Commands, where files go, names of variables, values that are in the file, outputs."""
    assert submitted(world, project) != submitted(world, project, FULL.replace(old, new))


@pytest.mark.parametrize("path", ["data/rows.csv", "one.txt", "train.py"])
def test_the_content_of_files_changes_the_fingerprint(world: World, project: Path, path: str) -> None:
    """Of the workdir and of every mount."""
    before = submitted(world, project)
    (project / path).write_text("another content\n")
    assert submitted(world, project) != before


def test_a_secrets_value_is_not_in_the_fingerprint() -> None:
    """Its name is: a hash of a guessable value would tell it."""
    one, two = (Job(run="x", secrets=(("TOKEN", value),)) for value in ("a", "b"))
    assert fingerprint(one, {}) == fingerprint(two, {}) != fingerprint(Job(run="x", secrets=(("T", "a"),)), {})


@pytest.mark.parametrize(
    ("break_it", "named"),
    [
        (lambda project: (project / "one.txt").unlink(), r"/root/one\.txt"),
        (lambda project: (project / "data" / "rows.csv").unlink() or (project / "data").rmdir(), "/root/data"),
    ],
    ids=["file", "folder"],
)
def test_a_missing_mount_is_no_run(world: World, project: Path, break_it: Callable[[Path], object], named: str) -> None:
    """The message names the field; nothing is written down."""
    break_it(project)
    with pytest.raises(BadJob, match=named):
        submitted(world, project)
    assert world.log.runs() == []


def test_a_workdir_that_is_a_file_is_no_run(world: World, project: Path) -> None:
    """It says so."""
    with pytest.raises(BadJob, match="not a folder"):
        submitted(world, project, FULL.replace("workdir: .", "workdir: one.txt"))


def test_a_job_that_is_not_there(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(BadJob, match=r"nowhere\.yaml"):
        load_job(tmp_path / "nowhere.yaml", frozenset())


def test_a_job_that_is_not_text(tmp_path: Path) -> None:
    """Bytes are not read as a job."""
    (tmp_path / "job.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadJob, match=r"job\.yaml"):
        load_job(tmp_path / "job.yaml", frozenset())


def test_an_unknown_field_is_an_error(tmp_path: Path) -> None:
    """Named with its file."""
    (tmp_path / "job.yaml").write_text("run: x\nhors: 2\n")
    with pytest.raises(JobFileError, match="hors"):
        load_job(tmp_path / "job.yaml", frozenset())


def test_absolute_mounts_need_a_pod_of_their_own(world: World, project: Path) -> None:
    """Where pods share this machine's file system a mount at `/root/data` is refused."""
    world.change(absolute_mounts=False)
    with pytest.raises(BadJob, match="/root/data"):
        submitted(world, project)


def test_the_lower_of_two_ceilings_holds(world: World) -> None:
    """`--max-usd` never raises the job's own budget."""
    ceilings = [
        world.parts.run(world.submit(JOB + 'budget_usd: "2.00"\n', ceiling=ceiling)).ceiling
        for ceiling in (None, 100, 300)
    ]
    assert ceilings == [Cents(200), Cents(100), Cents(200)]


def test_a_run_id_is_fit_for_a_remote_folder(world: World, project: Path) -> None:
    """Lower case letters, digits and dashes, from the job's name."""
    submitted(world, project)
    assert world.log.runs()[0].run_id == "fine-tune-7b-1"


def test_the_snapshot_is_taken_at_submit(world: World, project: Path) -> None:
    """What changes in the project afterwards does not change what runs."""
    submitted(world, project)
    folder = world.home.run(world.log.runs()[0].run_id)
    before = folder.workdir.read_bytes()
    (project / "train.py").write_text("import os; os.abort()\n")
    assert folder.workdir.read_bytes() == before
    assert folder.path.stat().st_mode & 0o077 == 0


async def test_mounts_lie_where_the_job_asked(world: World, project: Path) -> None:
    """A folder's content below its remote path, a single file in its remote folder."""
    submitted(world, project)
    assert (await world.drive(world.log.runs()[0].run_id)).code == 0
    (pod,) = world.pods.pods.values()
    assert set(pod.uploads) == {f"/root/swineherd/{world.log.runs()[0].run_id}/work", "/root/data", "/root"}


async def test_no_secret_is_anywhere_under_home(world: World, project: Path) -> None:
    """Literals and values from the environment, in no file of ours, though the job prints them; the pod gets them."""
    world.pods.script = replace(Script(), log=b"TOKEN is hunter2-literal, OTHER is from-the-environment\n")
    submitted(world, project)
    run = await world.drive(world.log.runs()[0].run_id)
    assert run.code == 0
    assert world.pods.starts[0].env == {
        "EPOCHS": "1",
        "TOKEN": "hunter2-literal",
        "OTHER": "from-the-environment",
    }
    files = [path for path in world.home.path.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert b"hunter2" not in data, path
        assert b"from-the-environment" not in data, path
    told = "\n".join(world.face.lines).encode() + world.face.output
    assert b"hunter2" not in told
    assert b"from-the-environment" not in told


async def test_an_approval_is_for_the_job_as_it_was_submitted(make_world: MakeWorld) -> None:
    """The offer a human says yes to carries the fingerprint of what will run."""
    world = make_world(ASK)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    approval = world.log.approval(run_id)
    assert approval is not None
    assert approval.offer.job_sha256 == world.parts.run(run_id).job_sha256
    world.decide(run_id, Decision.APPROVED)
    project = world.root / "project"
    (project / "train.py").write_text("import os; os.abort()\n")
    assert (await world.drive(run_id)).code == 0
    (uploaded,) = next(iter(world.pods.pods.values())).uploads.values()
    assert uploaded == world.home.run(run_id).workdir.read_bytes()


def test_a_job_read_again_has_its_literals() -> None:
    """They live in the job file alone."""
    assert read_job(FULL, "job.yaml").job.secrets[1] == ("TOKEN", "hunter2-literal")


async def test_an_outputs_folder_that_cannot_be_written_is_no_run(world: World, tmp_path: Path) -> None:
    """Results with nowhere to go are noticed before anything is paid."""
    world.submit()
    (tmp_path / "file").write_text("in the way\n")
    before = world.log.runs()
    with pytest.raises(BadJob, match="--outputs"):
        submit(
            world.parts,
            pack,
            load_job(world.root / "project" / "job.yaml", frozenset()),
            outputs=tmp_path / "file" / "outputs",
        )
    assert world.log.runs() == before


async def test_a_quote_says_no_while_spending_is_frozen(world: World) -> None:
    """`quote` answers what a run would."""
    world.submit()
    read = load_job(world.root / "project" / "job.yaml", frozenset())
    assert (await quote(world.parts, read.job, None)).decision == "pay"
    world.log.freeze("by hand", world.clock.now())
    refused = await quote(world.parts, read.job, None)
    assert refused.decision == "refuse"
    assert "frozen" in refused.reason
