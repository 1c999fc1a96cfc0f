"""What a human types that code alone reads: approving, denying, and the commands of every chat.

None of it reaches a model, and no model's reading of a sentence ever takes its place (laws 4 and 5).
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.approvals import answer_any
from agent.chat.cards import lines_of
from agent.chat.commands import Cancel, Freeze, FreshOffer, RunFile, read_command
from agent.parts import Parts
from agent.questions import Question, questions
from policies.money import Cents, cents_from_text, usd
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision

_ANSWER = re.compile(r"(?P<verb>approve|deny)(?:\s+(?P<what>\S+))?(?:\s+\$?(?P<amount>\S+))?", re.IGNORECASE)
_RESUME = re.compile(r"resume\s+(?P<run_id>\S+)", re.IGNORECASE)
_YES = frozenset({"y", "yes"})
NOES = frozenset({"n", "no"})
SAYS_NOTHING = "a word alone answers no offer, and nothing was decided; those that wait:"
_NO_CODE = re.compile(r"[^A-Z0-9]")


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or a no to a payment. `what`: the code, or for a no the run; `amount`: as it was typed, or ""."""

    decision: Decision
    what: str
    amount: str


@dataclass(frozen=True, slots=True)
class Resume:
    """A run that is to go on here."""

    run_id: str


Explicit = Answer | Resume | RunFile | FreshOffer | Cancel | Freeze


def read_explicit(text: str, is_run: Callable[[str], bool]) -> Explicit | None:
    """The command that a line is; None for words, such as "cancel it".

    Args:
        is_run: whether there is a run of that name.
    """
    line = text.strip()
    if found := _ANSWER.fullmatch(line):
        decision = Decision.APPROVED if found["verb"].lower() == "approve" else Decision.DENIED
        return Answer(decision, found["what"] or "", found["amount"] or "")
    if (found := _RESUME.fullmatch(line)) and is_run(found["run_id"]):
        return Resume(found["run_id"])
    match read_command(line):
        case FreshOffer(run_id) | Cancel(run_id) as command if is_run(run_id):
            return command
        case RunFile() | Freeze() as command:
            return command
        case _:
            return None


def is_bare_answer(text: str) -> bool:
    """A yes or a no, and nothing else."""
    return text.strip().lower() in _YES | NOES


def is_yes(text: str) -> bool:
    """Nothing else is."""
    return text.strip().lower() in _YES


def card_for_a_bare_answer(parts: Parts, text: str) -> list[str]:
    """What waits and how it is answered, where somebody says yes or no to it in a word; [] for other words."""
    if not is_bare_answer(text):
        return []
    asked = questions(parts.log, parts.clock.now())
    return [SAYS_NOTHING, *(line for one in asked for line in card_of(parts, one))] if asked else []


def holds_a_code(parts: Parts, text: str) -> bool:
    """Whether a code that would approve something now is among the words: such a line goes to no model."""
    letters = _letters(text)
    return any(_letters(question.code) in letters for question in questions(parts.log, parts.clock.now()))


def _letters(text: str) -> str:
    """Those that codes have, in a row: somebody types `approveK7QD2MXA`, or K7QD-2MXA."""
    return _NO_CODE.sub("", unicodedata.normalize("NFKC", text).upper())


def answered(parts: Parts, said: Answer, by: str) -> tuple[list[str], str]:
    """Record what a human answered.

    Returns:
        What is said back, and the subject that somebody is to go on with, or "".
    """
    asked = questions(parts.log, parts.clock.now())
    if not asked:
        return ["nothing waits for an approval now"], ""
    found = _meant(asked, said)
    if found is None:
        wrong = ["no offer that waits has that code; those that wait:"] if said.what else []
        return [*wrong, *(line for one in asked for line in card_of(parts, one))], ""
    if said.amount and _cents(said.amount) != found.amount:
        return [f"that offer is for ${usd(found.amount)}: nothing was decided"], ""
    recorded = answer_any(parts, found.subject, said.decision, code=found.code, amount=found.amount, by=by)
    if isinstance(recorded, NotRecorded):
        return [f"{found.subject}: {recorded.reason}"], ""
    return [f"{found.subject}: {recorded.decision}"], found.subject


def _meant(asked: Sequence[Question], said: Answer) -> Question | None:
    """By its code; a no needs none, and takes the name as well."""
    by_code = next((one for one in asked if said.what.upper() == one.code), None)
    if by_code is not None or said.decision is Decision.APPROVED:
        return by_code
    return next((one for one in asked if said.what == one.subject), None)


def _cents(text: str) -> Cents | None:
    try:
        return cents_from_text(text)
    except ValueError:
        return None


def card_of(parts: Parts, question: Question) -> list[str]:
    """What a human reads before they answer, and how they do; for their eyes alone: the code is in it."""
    how = f"to buy it type `approve {question.code}`, to refuse `deny {question.subject}`"
    return [*lines_of(parts, question), how]
