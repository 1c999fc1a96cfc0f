"""What is typed into a chat: read to one value, and what comes of it."""

from pathlib import Path

import pytest

from agent.chat.commands import Cancel, Command, Freeze, FreshOffer, Help, RunFile, RunText, Words, read_command
from agent.chat.jobs import MOST_TEXT, PASTED, file_below, job_below, pasted_job
from agent.chat.obey import Heard, obey
from agent.submit import BadJob
from policies.policy import Chat, Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, World
from tools.ssh.snapshot import pack

BY = "web:ann from 127.0.0.1"


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("run jobs/a.yaml", RunFile("jobs/a.yaml")),
        ("  RUN  with blanks.yaml ", RunFile("with blanks.yaml")),
        ("cancel train-1", Cancel("train-1")),
        ("run train.py for an hour", Words("run train.py for an hour")),
        ("run notes.txt", Words("run notes.txt")),
        ("cancel train-1 and more", Words("cancel train-1 and more")),
        ("offer train-1", FreshOffer("train-1")),
        ("offer", Words("offer")),
        ("freeze", Freeze()),
        ("freeze please", Words("freeze please")),
        ("help", Help()),
        ("", Help()),
        ("run", Words("run")),
        ("approve train-1", Words("approve train-1")),
        ("name: a\nrun: echo", RunText("name: a\nrun: echo")),
        ("run: echo", RunText("run: echo")),
    ],
)
def test_commands(typed: str, command: Command | Words) -> None:
    """By rule; no word approves a payment."""
    assert read_command(typed) == command


def typed_in(text: str) -> Command:
    """A command, and no words."""
    command = read_command(text)
    assert not isinstance(command, Words)
    return command


def job_in(folder: Path, name: str = "job.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("run: echo hello\n", encoding="utf-8")
    return folder / name


def test_files_below_the_folder(tmp_path: Path) -> None:
    """By a relative name or a whole one, through links that stay inside."""
    top = tmp_path / "top"
    job = job_in(top / "deep")
    (top / "link.yaml").symlink_to(job)
    for name in ("deep/job.yaml", str(job), "link.yaml", "./deep/./job.yaml"):
        assert file_below(top, name, tmp_path / "home") == job


def test_no_other_file(tmp_path: Path) -> None:
    """Not above, not elsewhere, not through a link, no folder, no other kind, nothing strange."""
    top = tmp_path / "top"
    outside = job_in(tmp_path / "elsewhere")
    job_in(top)
    (top / "out.yaml").symlink_to(outside)
    (top / "away").symlink_to(outside.parent)
    (top / "round.yaml").symlink_to(top / "round.yaml")
    (top / "folder.yaml").mkdir()
    (top / "notes.txt").write_text("run: echo", encoding="utf-8")
    names = [
        "../elsewhere/job.yaml",
        "deep/../job.yaml",
        str(outside),
        "out.yaml",
        "away/job.yaml",
        "round.yaml",
        "folder.yaml",
        "notes.txt",
        "none.yaml",
        "/etc/passwd",
        "~/job.yaml",
        "job.yaml\0",
        "x" * 5000,
        "",
    ]
    for name in names:
        with pytest.raises(BadJob):
            file_below(top, name, tmp_path / "home")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run: a\nworkdir: .", "workdir"),
        ("run: a\nfile_mounts: {~/x: ~/.ssh}", "file_mounts"),
        ("run: a\nenvs: {AWS_SECRET_ACCESS_KEY: null}", "AWS_SECRET_ACCESS_KEY"),
        ("run: a\nsecrets: {TOKEN: null}", "TOKEN"),
        ("run: a\nsecrets: {ALLOWED: hunter2-value}", "secrets.ALLOWED"),
        ("run: " + "a" * MOST_TEXT, "longer than"),
    ],
)
def test_what_a_pasted_job_may_not_name(text: str, words: str) -> None:
    """No file of this machine, and of its variables those only that the policy lists; no value is ever repeated."""
    with pytest.raises(BadJob, match=words) as refused:
        pasted_job(text, ["ALLOWED"])
    assert "hunter2" not in str(refused.value)


def test_what_a_pasted_job_may_name() -> None:
    """Literals, and what the policy lists."""
    read = pasted_job("run: a\nenvs: {A: '1', ALLOWED: null}\nsecrets: {ALSO: null}", ["ALLOWED", "ALSO"])
    assert read.job.envs == (("A", "1"), ("ALLOWED", None))


@pytest.mark.parametrize(
    "text", ["workdir: ~/.ssh", "workdir: ..", "file_mounts: {~/x: ../elsewhere}", "workdir: .git", "workdir: results"]
)
def test_what_a_job_file_may_not_take_along(tmp_path: Path, text: str) -> None:
    """Nothing from elsewhere, nothing hidden, and nothing of the store."""
    top = tmp_path / "top"
    for name in (".git", "results", "../elsewhere"):
        (top / name).mkdir(parents=True, exist_ok=True)
    job_in(top).write_text(f"run: echo\n{text}\n", encoding="utf-8")
    with pytest.raises(BadJob, match="in a terminal"):
        job_below(top, "job.yaml", top / "results")


def test_what_a_job_file_may_take_along(tmp_path: Path) -> None:
    """What lies beside it."""
    top = tmp_path / "top"
    job_in(top / "a").write_text("run: echo\nworkdir: .\nfile_mounts: {~/x: ../data}\n", encoding="utf-8")
    (top / "data").mkdir()
    assert job_below(top, "a/job.yaml", top / "results").job.workdir == "."


async def test_what_a_job_brought_home_is_no_job_file(make_world: MakeWorld) -> None:
    """Else a pasted job could write one that names more than it may itself."""
    world = make_world()
    run = await world.run()
    assert run.code == 0
    for folder in (Path(run.outputs_dir), world.home.path, world.home.path / ".hidden"):
        job = job_in(folder, "next.yaml")
        heard = await obey(world.parts, pack, world.root, typed_in(f"run {job}"), BY)
        assert not heard.done
        assert "lies in the store" in heard.words


async def say(world: World, text: str) -> tuple[str, str, bool]:
    heard = await obey(world.parts, pack, world.root / "project", typed_in(text), BY)
    return heard.words, heard.run_id, heard.done


async def test_a_file_and_a_text_become_runs(make_world: MakeWorld) -> None:
    """Written down, and driven by nobody here."""
    world = make_world(Policy(chat=Chat(job_envs=("TOKEN",))))
    world.change(variables={"TOKEN": "value"})
    job_in(world.root / "project")
    for text in ("run job.yaml", "run: echo hello\nsecrets: {TOKEN: null}"):
        words, run_id, done = await say(world, text)
        run = world.log.run(run_id)
        assert done
        assert words == f"submitted {run_id}"
        assert run is not None
        assert (run.status.value, run.step) == ("queued", "")
        await world.drive(run_id, wait=False)
    assert world.calls


@pytest.mark.parametrize(
    "text", ["run none.yaml", "run: [1", "run: a\nsecrets: {TOKEN: null}", "run: a\nbogus: 1", "cancel none"]
)
async def test_what_can_not_be_done_is_said(make_world: MakeWorld, text: str) -> None:
    """And nothing is written down."""
    world = make_world()
    words, _, done = await say(world, text)
    assert (bool(words), done) == (True, False)
    assert world.log.events() == []


async def test_cancel_and_freeze_say_who(make_world: MakeWorld) -> None:
    """In the history."""
    world = make_world()
    run_id = world.submit()
    assert (await say(world, f"cancel {run_id}"))[2]
    assert (await say(world, "freeze"))[2]
    assert world.log.frozen() == f"frozen by {BY}"
    assert [event.kind for event in world.log.events() if BY in event.body] == ["cancel_requested", "frozen"]


def test_what_is_pasted_has_a_name_in_messages() -> None:
    """Where a problem of it is told."""
    with pytest.raises(ValueError, match=PASTED):
        pasted_job("run: a\nbogus: 1", [])


async def test_a_fresh_offer_is_typed_for(make_world: MakeWorld) -> None:
    """Where nobody answered the last one in time, and nowhere else."""
    world = make_world(ASK)
    run_id = world.submit()
    await world.drive(run_id, wait=False)

    async def say(text: str) -> Heard:
        return await obey(world.parts, pack, world.root, typed_in(text), BY)

    assert "the offer stands until" in (await say(f"offer {run_id}")).words
    assert not (await say("offer none")).done
    world.clock.advance(3601)
    assert (await say(f"offer {run_id}")).done
    again = await say(f"offer {run_id}")
    assert (again.done, "another offer" in again.words) == (False, True)


@pytest.mark.parametrize(
    "text", ["hunter2", "- hunter2", "token: hunter2", "run: [hunter2", "run: x\nhours: hunter2", "run: !hunter2 x"]
)
async def test_a_file_that_is_no_job_is_not_quoted(make_world: MakeWorld, text: str) -> None:
    """The field and the line are named, no value; what was pasted is quoted to who pasted it."""
    world = make_world(ASK)
    (world.root / "other.yaml").write_text(text + "\n", encoding="utf-8")
    heard = await obey(world.parts, pack, world.root, typed_in("run other.yaml"), BY)
    assert (heard.done, "hunter2" in heard.words, "other.yaml" in heard.words) == (False, False, True)


async def test_what_was_pasted_is_quoted(make_world: MakeWorld) -> None:
    """To who pasted it."""
    world = make_world(ASK)
    heard = await obey(world.parts, pack, world.root, typed_in("run: x\nhours: soon"), BY)
    assert "found 'soon'" in heard.words
