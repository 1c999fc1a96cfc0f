"""How well descriptions are understood: `make eval`, or `python -m tests.eval` for the rules, `--model` for a model."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from agent.assemble_mind import mind_of
from agent.clock import SystemClock
from agent.mind.port import Mind
from agent.mind.understand import understand, understand_by_rule
from agent.settings import Settings
from policies.reading.understood import Understood
from tests.eval.corpus import SAMPLE, Description, load, part, sample
from tests.eval.score import Reading
from tests.eval.table import Scored, markdown, mistakes, plain, rows, silent

Read = Callable[[str, Mapping[str, str], Mapping[str, object]], Awaitable[Reading]]


def main() -> None:
    """Prints the tables; exit code 1 for a silent money error in the open part: what is held out is only measured."""
    asked = arguments(sys.argv[1:])
    scored = asyncio.run(evaluated(chosen(load(), asked), _reader(model=asked.model)))
    sys.stdout.write(report(scored, in_markdown=asked.markdown, with_mistakes=asked.mistakes))
    sys.exit(1 if silent([one for one in scored if not one.description.held_out]) else 0)


async def evaluated(corpus: Iterable[Description], read: Read) -> tuple[Scored, ...]:
    """One description after the other: a local model answers one at a time."""
    return tuple([Scored(one, await read(one.text, one.workdir, one.given.said())) for one in corpus])


def report(scored: Sequence[Scored], *, in_markdown: bool, with_mistakes: bool) -> str:
    """What readers may have been written by, and apart from it what was held out."""
    parts: list[str] = []
    for title, held_out in (("Open", False), ("Held out", True)):
        part = [one for one in scored if one.description.held_out is held_out]
        if part:
            table = markdown(rows(part)) if in_markdown else plain(rows(part))
            parts += [f"{title}: {len(part)} descriptions", table]
    parts.append("\n".join(["Silent money errors:", *(silent(scored) or ["none"])]))
    if with_mistakes:
        parts.append("\n".join(["Not right:", *(mistakes(scored) or ["nothing"])]))
    return "\n\n".join(parts) + "\n"


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.eval", description=__doc__)
    parser.add_argument("--model", action="store_true", help="the model of the environment reads, not the rules")
    few = parser.add_mutually_exclusive_group()
    few.add_argument("--sample", type=int, choices=range(1, len(SAMPLE) + 1), help="only so many, always the same")
    few.add_argument("--held-out-only", action="store_true", help="only what is held out")
    parser.add_argument("--markdown", action="store_true", help="tables as the README has them")
    parser.add_argument("--mistakes", action="store_true", help="list what is not right, but of what is held out")
    return parser.parse_args(words)


def chosen(corpus: tuple[Description, ...], asked: argparse.Namespace) -> tuple[Description, ...]:
    """The descriptions that are to be read."""
    if asked.held_out_only:
        return part(corpus, held_out=True)
    return sample(corpus, asked.sample) if asked.sample else corpus


def by_rule(reader: Callable[[str, Mapping[str, str], Mapping[str, object]], Understood]) -> Read:
    """A reader that needs no model: `understand(text, files, given)`."""

    async def read(text: str, files: Mapping[str, str], given: Mapping[str, object]) -> Reading:
        return _reading(reader(text, files, given))

    return read


def by_model(mind: Mind) -> Read:
    """A reader that asks a model beside the rules."""

    async def read(text: str, files: Mapping[str, str], given: Mapping[str, object]) -> Reading:
        understood, without = await understand(mind, text, files, given)
        if without:
            sys.stderr.write(f"{without}\n")
        return _reading(understood)

    return read


def _reader(*, model: bool) -> Read:
    if not model:
        return by_rule(understand_by_rule)
    mind = mind_of(Settings(), SystemClock())
    if mind is None:
        sys.exit("no model: set OPENAI_BASE_URL, or OPENAI_API_KEY and SWINEHERD_MODEL")
    return by_model(mind)


def _reading(understood: Understood) -> Reading:
    return Reading(understood.fields, frozenset(understood.asks))


if __name__ == "__main__":
    main()
