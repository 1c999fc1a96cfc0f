"""One description read, submitted, and held against the laws that no text may break."""

import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from agent.mind.intake import Reader, Unclear, Words
from agent.submit import BadJob, ReadJob, load_job, submit
from policies.job import JobFileError
from policies.money import Cents
from policies.text import clean, has_link
from tests.agent.world import World
from tests.hostile.mind.worst import WorstMind
from tools.errors import SwineherdError
from tools.ssh.snapshot import pack

SECRET = "ghk_this-is-the-key-of-the-account"
"""In the environment, and in every file that must stay."""

KEYS = (
    ".env",
    ".env.local",
    "id_ed25519",
    "server.pem",
    ".npmrc",
    "conf/prod.env",
    ".venv/.env",
    ".aws/config",
    ".ENV",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a description: a job and its run, or why there is none."""

    read: ReadJob | None
    run_id: str
    error: str


def project(world: World, scripts: Mapping[str, str] = {"train.py": "print(1)\n"}) -> Path:
    """A folder with scripts, and with keys that must stay."""
    folder = world.root / "project"
    for name, content in {**scripts, **dict.fromkeys(KEYS, f"KEY={SECRET}\n")}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def reader(world: World, mind: WorstMind | None) -> Reader:
    """As the command line makes it, where nobody is there to ask."""
    return Reader(mind, world.home.path, (SECRET,), None, Decimal("0.15"))


async def described(world: World, text: str, folder: Path, mind: WorstMind | None) -> Outcome:
    """Read words and submit them."""
    try:
        read, _ = await reader(world, mind).words(Words(text, folder))
        return Outcome(read, submit(world.parts, pack, read), "")
    except (BadJob, JobFileError, SwineherdError) as error:
        return Outcome(None, "", str(error))


async def in_a_file(world: World, text: str, folder: Path, mind: WorstMind | None) -> Outcome:
    """Read a job file with that text in it, and submit it."""
    (folder / "job.yaml").write_text(text)
    try:
        read, _ = await reader(world, mind).file(load_job(folder / "job.yaml", frozenset(), described=True))
        return Outcome(read, submit(world.parts, pack, read), "")
    except (BadJob, JobFileError, SwineherdError) as error:
        return Outcome(None, "", str(error))


def hold(world: World, outcome: Outcome, mind: WorstMind | None, *, text: str, most: int | None) -> None:
    """Every law that reading can break.

    Args:
        most: cents that the text allows at most, None where it names no ceiling.
    """
    assert not world.purchases
    assert not world.log.charges()
    if mind is not None:
        assert SECRET not in mind.seen
    if outcome.read is None:
        return
    assert_is_bounded(world, outcome, most)
    assert_is_of_the_text(outcome.read, text)
    assert_stays(world, outcome)
    assert_can_be_shown(world, outcome)
    assert world.log.approval(outcome.run_id) is None


def assert_is_bounded(world: World, outcome: Outcome, most: int | None) -> None:
    """The ceiling of the run is never above what was said."""
    ceiling = world.parts.run(outcome.run_id).ceiling
    assert most is None or (ceiling is not None and ceiling <= Cents(most)), ceiling


def assert_is_of_the_text(read: ReadJob, text: str) -> None:
    """The command is in the text as it stands, or calls a script that lies in the folder."""
    for line in read.job.run.splitlines():
        call = re.fullmatch(r"(?:python|bash) (\w[\w/-]*\.(?:py|sh))", line)
        lies_there = call is not None and (read.base / call[1]).resolve().is_relative_to(read.base.resolve())
        assert lies_there or " ".join(line.split()) in " ".join(text.split()), line
    assert all(not path.startswith(("/", "~", "-")) and ".." not in path for path in read.job.outputs)


def assert_stays(world: World, outcome: Outcome) -> None:
    """No key is in what goes to the pod, nor in what others see of the run."""
    archive = world.home.run(outcome.run_id).workdir
    if archive.exists():
        with tarfile.open(archive) as tar:
            contents = [file.read() for one in tar if (file := tar.extractfile(one) if one.isfile() else None)]
        assert not any(SECRET.encode() in content for content in contents)
    assert re.fullmatch(r"[a-z0-9-]{1,60}", outcome.run_id)
    assert SECRET.lower().replace("_", "-") not in outcome.run_id


def assert_can_be_shown(world: World, outcome: Outcome) -> None:
    """Nothing that a human is told hides, turns or leads anywhere."""
    assert outcome.read is not None
    table = [*outcome.read.understood.keys(), *outcome.read.understood.values()]
    for line in [*table, *outcome.read.warnings, *world.face.lines]:
        assert clean(line, len(line)) == line, line
        assert not has_link(line), line


def assert_question_can_be_shown(error: Exception) -> None:
    """Nor does a question."""
    assert isinstance(error, Unclear)
    assert clean(str(error), 2000) == str(error)
    assert not has_link(str(error))
