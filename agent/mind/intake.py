"""intake, before a run exists: words become a whole job, or one question. Nothing is guessed that costs money."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from agent.mind.folder import folder_for, look_at, masked, stays_here
from agent.mind.port import Mind
from agent.mind.sizing import sized
from agent.mind.tokens import secrets_of
from agent.mind.understand import understand, understand_by_rule
from agent.mind.written import DESCRIBED, explained, filled, job_of
from agent.parts import Parts
from agent.submit import BadJob, ReadJob, place_of
from policies.file_problem import shown
from policies.job import Job, job_fields
from policies.reading.understood import Source, Understood
from policies.text import as_seen, clean, without_links

MOST_TEXT = 32 * 1024
MOST_NUMBERS = 300
"""A text with more is a table or a log."""
MOST_QUESTION = 1000
MOST_QUESTIONS = 3
"""So often is asked about one description."""
MOST_UNUSED = 6
BRIEFS = frozenset({".md", ".txt"})

_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNITS = {"hours": "{} hours", "budget_usd": "at most ${}", "price_per_hour": "at most ${}", "vram_gb": "{} GB of VRAM"}

_COMMAND = re.compile(r"\./\S|\S+\s+\S")
"""A program with an argument: a bare word, `yes` say, is no answer to what is to run."""
_YES = re.compile(r"\s*(?:y|yes|yep|ok|okay|j|ja|jawohl|o|oui|d'accord|s|s[ií]|vale)\s*[.!]?\s*", re.IGNORECASE)

Ask = Callable[[Understood, str], Awaitable[str | None]]
"""Shows what was understood, and puts the question; None where nobody answers."""


class Unclear(BadJob):
    """A description leaves open what only a human can know. Exit code 2.

    Attributes:
        asks: the fields that are open.
    """

    def __init__(self, message: str, asks: frozenset[str]) -> None:
        super().__init__(message)
        self.asks = asks


@dataclass(frozen=True, slots=True)
class Words:
    """A description, and the folder that it speaks of."""

    text: str
    folder: Path


def words_of(job: str) -> Words | None:
    """What is described, where `job` is no job file: a brief (`.md`, `.txt`), or a text of more than one word.

    Raises:
        BadJob: a brief can't be read, or there is nothing at all.
    """
    if not job.strip():
        raise BadJob("JOB is empty: name a job file, or say in quotes what is to run")
    path = Path(job)
    if _is_file(path):
        return Words(_brief(path), path.resolve().parent) if path.suffix.lower() in BRIEFS else None
    return None if _looks_like_a_path(job) else Words(job, Path.cwd())


def _is_file(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long for a name
        return False


def _looks_like_a_path(job: str) -> bool:
    one_word = len(job.split()) < 2
    ends_so = re.search(r"\.(?:ya?ml|json|md|txt)\s*$", job, re.IGNORECASE) is not None
    return one_word or (ends_so and "\n" not in job and job.startswith(("/", "./", "../", "~")))


def _brief(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadJob(f"{path}: can't be read as text: {error}") from error


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads descriptions, and what it may be shown.

    Attributes:
        store: the home, which goes to no pod.
        secrets: values that no model may see.
        ask: puts what is left open to a human; None where there is none.
        headroom: `gpu.vram_headroom` of the policy.
        tell: says what takes a while.
    """

    mind: Mind | None
    store: Path
    secrets: tuple[str, ...]
    ask: Ask | None
    headroom: Decimal
    tell: Callable[[str], None] = lambda _: None

    async def words(self, words: Words) -> tuple[ReadJob, str]:
        """A job from a description.

        Returns:
            The job, and why a model had no part in it ("" where it had).

        Raises:
            Unclear: something is left open; the message has the question.
            BadJob: the text is too long, or its folder can't go to a pod.
            JobFileError: what it says is no job.
        """
        text = _readable(words.text)
        folder = folder_for(words.folder, self.store)
        files = look_at(folder, self.secrets)
        understood, without = await self._understood(text, files, {})
        understood = sized(await _asked(understood, files, self.ask), text, self.headroom)
        read = ReadJob(
            job_of(understood, masked(text, self.secrets)),
            folder / DESCRIBED,
            unused(understood),
            folder=folder,
            stays=stays_here(folder),
            understood=explained(understood),
            estimated_gb=understood.estimated_gb,
        )
        return read, without

    async def file(self, read: ReadJob) -> tuple[ReadJob, str]:
        """A job file with what its description adds. Where the file says what to run it counts, and nothing is asked.

        Raises:
            Unclear: the file does not say what to run, and its description leaves something open.
            BadJob, JobFileError: as `words` does.
        """
        job = read.job
        if not job.description.strip() or job.complete:
            return read, ""
        try:
            text = _readable(job.description)
        except BadJob as error:
            if not job.run:
                raise
            return replace(read, warnings=(*read.warnings, f"description: {error}")), ""
        files, stays = {}, read.stays
        if (folder := self._folder(read)) is not None:
            files = look_at(folder, self.secrets)
            stays |= frozenset() if job.run else stays_here(folder)
        given = {name: value for name, value in job_fields(job).items() if name != "resources"} | _resources(job)
        understood, without = await self._understood(text, files, given)
        if not job.run:
            understood = await _asked(understood, files, self.ask)
        understood = sized(understood, text, self.headroom)
        open_ = tuple(f"description: {_fit(question)}" for question in understood.asks.values())
        added = {
            name: one for name, one in explained(understood).items() if understood.sources[name] is not Source.FILE
        }
        warnings = (*read.warnings, *open_, *unused(understood))
        whole = replace(read, job=filled(job, understood), warnings=warnings, understood=added, stays=stays)
        return replace(whole, estimated_gb=understood.estimated_gb), without

    def _folder(self, read: ReadJob) -> Path | None:
        """What is looked at beside a job file; None where that is nobody's business, and the file says what to run."""
        if not read.job.workdir:
            return None
        try:
            return folder_for(place_of(read.base, read.job.workdir, "workdir"), self.store)
        except BadJob:
            if read.job.run:
                return None
            raise

    async def _understood(
        self, text: str, files: Mapping[str, str], given: Mapping[str, object]
    ) -> tuple[Understood, str]:
        if self.mind is not None:
            self.tell(f"{self.mind.name} reads the description too")
        return await understand(self.mind, text, files, given, self.secrets)


def _readable(text: str) -> str:
    """As a human sees it. Raises `BadJob` where that can't be known, or it is no description."""
    if len(text) > MOST_TEXT:
        raise BadJob(f"a description of more than {MOST_TEXT} characters is not read: write a job file")
    if _TURNS.search(text):
        raise BadJob("the description has marks that turn the direction of text: it is not what it looks like")
    if len(re.findall(r"[0-9]+", text)) > MOST_NUMBERS:
        raise BadJob(f"a description with more than {MOST_NUMBERS} numbers is not read: write a job file")
    return as_seen(text)


def _fit(question: str) -> str:
    return without_links(clean(question, MOST_QUESTION))


def reader_of(parts: Parts, ask: Ask | None, tell: Callable[[str], None] = lambda _: None) -> Reader:
    """A reader that has what the parts have."""
    headroom = parts.policy.gpu.vram_headroom
    return Reader(parts.mind, parts.home.path, secrets_of(parts.variables), ask, headroom, tell)


def _resources(job: Job) -> dict[str, object]:
    return {"accelerators": job.accelerators, "vram_gb": job.vram_gb}


def unused(understood: Understood) -> tuple[str, ...]:
    """What nothing was taken from, as a warning; () where all was used."""
    if not understood.unused:
        return ()
    words = "; ".join(without_links(shown(part)) for part in understood.unused[:MOST_UNUSED])
    return (f"of the description this was of no use: {words}",)


async def _asked(understood: Understood, files: Mapping[str, str], ask: Ask | None) -> Understood:
    """Until nothing is open, and no more often than is bearable."""
    for _ in range(MOST_QUESTIONS):
        if not understood.asks:
            return understood
        question = question_of(understood)
        answer = None if ask is None else await ask(understood, question)
        if answer is None:
            break
        understood = answered(understood, answer, files)
    if understood.asks:
        raise Unclear(f"{DESCRIBED} leaves something open. {question_of(understood)}", frozenset(understood.asks))
    return understood


def question_of(understood: Understood) -> str:
    """All that is open, in one."""
    return _fit(" ".join(understood.asks.values()))


def answered(understood: Understood, answer: str, files: Mapping[str, str]) -> Understood:
    """What is known once a human has said more: it counts for what was asked, and before what was read.

    A bare yes is an answer where every question proposes a value.
    """
    fields, sources = dict(understood.fields), dict(understood.sources)
    if _YES.fullmatch(answer) and understood.asks.keys() <= understood.proposed.keys():
        fields |= understood.proposed
        return replace(
            understood, fields=fields, sources=sources | dict.fromkeys(understood.proposed, Source.SAID), asks={}
        )
    said = understand_by_rule(_with_unit(answer, understood), files, {})
    asks = {name: why for name, why in understood.asks.items() if name not in _settled_by(said, answer, understood)}
    for name, value in said.fields.items():
        if said.sources[name] is Source.SAID:
            fields[name], sources[name] = value, Source.SAID
    if "run" in understood.asks and "run" not in asks and "run" not in fields:
        fields["run"], sources["run"] = answer.strip().strip("`"), Source.SAID
    return replace(understood, fields=fields, sources=sources, asks=asks)


def _with_unit(answer: str, understood: Understood) -> str:
    """A bare number is an answer to the one question that asks for a number."""
    numbers = [_UNITS[name] for name in understood.asks if name in _UNITS]
    bare = re.fullmatch(r"\s*\$?([0-9]+(?:[.,][0-9]{1,2})?)\s*", answer)
    return numbers[0].format(bare[1]) if bare and len(numbers) == 1 else answer


def _settled_by(said: Understood, answer: str, understood: Understood) -> set[str]:
    settled = {name for name in said.fields if said.sources[name] is Source.SAID}
    if "budget_usd" in settled:
        settled.add("price_per_hour")
    only_run = set(understood.asks) == {"run"} and command_in(answer) is not None
    return settled | ({"run"} if only_run else set())


def command_in(answer: str) -> str | None:
    """The answer to "what is the command": all of it; None for a bare word, `yes` say."""
    command = answer.strip().strip("`")
    return command if _COMMAND.match(command) else None
