"""From words to a job: what counts as words, what is asked, and which folder may go along."""

from decimal import Decimal
from pathlib import Path

import pytest

from agent.mind.folder import folder_for, look_at, names, stays_here
from agent.mind.intake import Ask, Reader, Unclear, Words, words_of
from agent.submit import BadJob, load_job, submit
from policies.money import Cents
from policies.reading.understood import Understood
from tests.agent.world import World
from tools.ssh.snapshot import pack

SENTENCE = (
    "Fine-tune Llama-3 8B with QLoRA on data/, train.py does it, about three hours, at most five dollars, "
    "I want adapters/ back"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project as people have them."""
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "rows.csv").write_text("1,2\n")
    (project / "train.py").write_text("API = 'sk-abcdefgh12345678'\nprint('trained')\n")
    (project / ".env").write_text("HF_TOKEN=hf_secret\n")
    return project


def _reader(tmp_path: Path, ask: Ask | None = None) -> Reader:
    return Reader(None, tmp_path / "store", (), ask, Decimal("0.15"))


def _answers(*lines: str | None) -> tuple[Ask, list[str]]:
    """A human who gives these answers, and the questions that were put to them."""
    left, asked = iter(lines), []

    async def ask(understood: Understood, question: str) -> str | None:
        asked.append(question)
        return next(left)

    return ask, asked


@pytest.mark.parametrize("job", ["job.yaml", "./no such.yaml", "missing", "/x/y z.yml"])
def test_what_looks_like_a_path_is_never_words(job: str) -> None:
    """A slip in a file's name must not become a job."""
    assert words_of(job) is None


def test_nothing_is_no_job() -> None:
    """It is not the folder either, which is what an empty path means."""
    with pytest.raises(BadJob, match="empty"):
        words_of(" ")


def test_words_and_briefs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text speaks of the folder it is typed in, a brief of its own."""
    monkeypatch.chdir(folder)
    (folder / "brief.md").write_text("# Job\ntrain.py, 2h")
    assert words_of("train it for 2h") == Words("train it for 2h", folder)
    assert words_of(str(folder / "brief.md")) == Words("# Job\ntrain.py, 2h", folder)
    assert words_of(str(folder / "train.py")) is None


async def test_the_sentence_becomes_a_job(world: World, folder: Path) -> None:
    """Every field says where it is from, the history keeps that, and keys stay at home."""
    read, without = await _reader(world.root).words(Words(SENTENCE, folder))
    assert (read.job.run, read.job.hours, read.job.budget) == ("python train.py", Decimal(3), Cents(500))
    assert (read.job.outputs, read.job.workdir) == (("adapters/",), ".")
    assert without == "no model is configured"
    assert read.understood["hours"] == "3 (said)"
    run_id = submit(world.parts, pack, read)
    run = world.parts.run(run_id)
    assert run.job_path == ""
    assert (run.ceiling, run.name) == (Cents(500), "fine-tune-llama-3-8b-with-qlora")
    assert any(event.kind == "understood" and '"3 (said)"' in event.body for event in world.log.events(run_id))
    assert read.stays == {(folder / ".env").resolve()}


async def test_what_is_open_is_asked_once(tmp_path: Path, folder: Path) -> None:
    """All that is open is one question; the answer counts before what was read."""
    ask, asked = _answers("at most $4, and run `python train.py --fast`")
    read, _ = await _reader(tmp_path, ask).words(Words("finetune.py, max 4 euros, 2h", folder))
    assert len(asked) == 1
    assert "finetune.py" in asked[0]
    assert "euros" in asked[0]
    assert (read.job.run, read.job.budget, read.job.hours) == ("python train.py --fast", Cents(400), Decimal(2))


@pytest.mark.parametrize(
    ("text", "answer", "field", "value"),
    [
        ("train.py, 2 hours. It takes 5 hours", "5", "hours", Decimal(5)),
        ("train.py, max 5 euros", "$6", "budget", Cents(600)),
        ("train.py, max 5 euros", "6,50", "budget", Cents(650)),
        ("train.py, max $1 per hour", "3", "budget", Cents(300)),
        ("do something", "torchrun x.py", "run", "torchrun x.py"),
    ],
)
async def test_a_short_answer_is_understood(
    tmp_path: Path, folder: Path, text: str, answer: str, field: str, value: object
) -> None:
    """A bare number is what was asked for, and to the question for a command the answer is one."""
    (folder / "train.py").rename(folder / ("train.py" if "train.py" in text else "x.txt"))
    ask, asked = _answers(answer)
    read, _ = await _reader(tmp_path, ask).words(Words(text, folder))
    assert (len(asked), getattr(read.job, field)) == (1, value)


async def test_a_yes_takes_what_the_questions_propose(tmp_path: Path, folder: Path) -> None:
    """Where each of them has a value to agree to; else it answers nothing."""
    text = "train.py, the lurking takes 2 hours, at least $4"
    ask, asked = _answers("yes")
    read, _ = await _reader(tmp_path, ask).words(Words(text, folder))
    assert (read.job.hours, read.job.budget, len(asked)) == (Decimal(2), Cents(400), 1)
    ask, asked = _answers("yes", None)
    with pytest.raises(Unclear, match="euros"):
        await _reader(tmp_path, ask).words(Words(f"{text} or 4 euros", folder))
    assert len(asked) == 2


async def test_without_anybody_to_ask_the_question_is_the_error(tmp_path: Path, folder: Path) -> None:
    """Nothing is guessed that costs money."""
    with pytest.raises(Unclear, match="US dollars"):
        await _reader(tmp_path).words(Words("train.py, max 4 euros", folder))


async def test_questions_end(tmp_path: Path, folder: Path) -> None:
    """Three answers that are none are enough."""
    ask, asked = _answers("hm", "what?", "no idea", "more")
    with pytest.raises(Unclear):
        await _reader(tmp_path, ask).words(Words("train.py, max 4 euros", folder))
    assert len(asked) == 3


async def test_a_bare_word_is_no_command(tmp_path: Path, folder: Path) -> None:
    """Whoever types yes has not said what is to run."""
    ask, asked = _answers("yes", None)
    with pytest.raises(Unclear):
        await _reader(tmp_path, ask).words(Words("finetune.py does it", folder))
    assert len(asked) == 2


async def test_a_job_file_with_gaps_is_filled(tmp_path: Path, folder: Path) -> None:
    """By its description, which lowers a budget and never raises one."""
    file = folder / "job.yaml"
    file.write_text(f'description: "{SENTENCE}"\nworkdir: .\nhours: 1\nbudget_usd: "9.00"\n')
    read, _ = await _reader(tmp_path).file(load_job(file, frozenset(), described=True))
    assert (read.job.run, read.job.hours, read.job.budget) == ("python train.py", Decimal(1), Cents(500))
    assert "hours" not in read.understood
    file.write_text(f'description: "{SENTENCE}"\nworkdir: .\nbudget_usd: "2.00"\n')
    read, _ = await _reader(tmp_path).file(load_job(file, frozenset(), described=True))
    assert read.job.budget == Cents(200)


async def test_a_job_file_that_says_what_to_run_is_never_asked_about(tmp_path: Path, folder: Path) -> None:
    """Its description is a help; what that leaves open is a warning."""
    ask, asked = _answers()
    file = folder / "job.yaml"
    file.write_text("description: max 4 euros, two hours\nrun: python train.py\n")
    read, _ = await _reader(tmp_path, ask).file(load_job(file, frozenset(), described=True))
    assert (read.job.run, read.job.setup, read.job.hours, read.job.budget) == ("python train.py", "", Decimal(2), None)
    assert asked == []
    assert any("euros" in warning for warning in read.warnings)


async def test_a_description_that_can_t_be_read_ends_no_job_file_that_says_what_to_run(
    tmp_path: Path, folder: Path
) -> None:
    """It ran before anybody read descriptions; without a command there is nothing else to go by."""
    file, figures = folder / "job.yaml", " ".join(map(str, range(400)))
    file.write_text(f"description: {figures} for 2 hours\nrun: python train.py\n")
    read, _ = await _reader(tmp_path).file(load_job(file, frozenset(), described=True))
    assert (read.job.run, read.job.hours, len(read.warnings)) == ("python train.py", None, 1)
    file.write_text(f"description: {figures} for 2 hours\n")
    with pytest.raises(BadJob, match="numbers"):
        await _reader(tmp_path).file(load_job(file, frozenset(), described=True))


def test_a_home_or_a_store_is_no_workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it would be uploaded."""
    home, store = tmp_path / "ann", tmp_path / "ann" / "store"
    store.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, tmp_path, store, store / "runs"):
        with pytest.raises(BadJob):
            folder_for(folder, store)
    (home / "project").mkdir()
    assert folder_for(home / "project", store) == (home / "project").resolve()


def test_what_is_seen_of_a_folder(folder: Path) -> None:
    """Names, and the heads of scripts without what looks like a secret; nothing hidden."""
    seen = look_at(folder, ("trained",))
    assert list(seen) == ["data/", "data/rows.csv", "train.py"]
    assert seen["data/rows.csv"] == ""
    assert "sk-abc" not in seen["train.py"]
    assert "trained" not in seen["train.py"]
    (folder / "link").symlink_to(folder / ".env")
    assert look_at(folder, ())["link"] == ""
    assert len(names(folder)) == 4


def test_keys_go_to_no_pod(folder: Path) -> None:
    """Whatever the folder is called that they lie in."""
    (folder / "conf").mkdir()
    keys = {"id_ed25519", "x.pem", ".env.local", "credentials.json"}
    for name in keys:
        (folder / "conf" / name).write_text("x")
    assert {path.name for path in stays_here(folder)} == {".env", *keys}
