"""What a human types, read by rule where there is no model: the plain cases, and an honest word about the rest."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from agent.mind.port import Called, Said
from policies.models import find_model
from policies.reading.rules import understand
from tools.spend_log.rows import ENDED, Run

NOT_UNDERSTOOD = (
    "without a model (OPENAI_BASE_URL) plain words are understood: gpus, spend, balance, runs, how is RUN, why RUN, "
    "logs RUN, quote …, does MODEL fit, make it 3 hours, by card, cancel RUN, pig …, or a job: what to run, how long, "
    "for how many dollars at most"
)

MOST_WISHED = 12

_CHANGES = re.compile(r"\b(?:make (?:it|that)|change|instead|rather|lieber|statt)\b", re.I)
_CARD = re.compile(r"\b(?:by|per|with|mit) (?:card|karte)\b", re.I)
_CREDITS = re.compile(r"\b(?:from|by|with|aus|mit) credits\b", re.I)
_LOOKS = (
    ("spend", re.compile(r"\b(?:spend|spent|spending|ausgegeben|dépensé|gastado)\b", re.I)),
    ("credit_balance", re.compile(r"\b(?:balance|credits?|guthaben)\b", re.I)),
    ("list_runs", re.compile(r"^\W*(?:my |the |all )?(?:runs|ps|jobs)\b", re.I)),
    (
        "list_gpus",
        re.compile(r"^\W*(?:which|what|list|show|cheapest|welche)?\b.*\b(?:gpus?|prices?|market|preise)\b", re.I),
    ),
)
_OF_A_RUN = (
    ("run_logs", re.compile(r"\blogs?\b", re.I)),
    ("why_gpu", re.compile(r"\bwhy\b|\bwarum\b|\bpourquoi\b", re.I)),
    ("run_status", re.compile(r"\b(?:how is|how are|status|what.*doing|wie (?:läuft|geht)|done yet|finished)\b", re.I)),
)
_CANCEL = re.compile(r"^\W*(?:please )?(?:cancel|abort|stop)\b", re.I)
_QUOTE = re.compile(r"^\W*(?:quote|what would|how much would|was würde|price of)\b", re.I)
_FITS = re.compile(r"\b(?:vram|fits?|memory|how big|gb)\b", re.I)
_PRECISIONS = (
    ("int4", r"\b(?:4|four)[- ]?bits?\b|int4|nf4"),
    ("int8", r"\b(?:8|eight)[- ]?bits?\b|int8"),
    ("fp32", "fp32"),
)
_METHODS = ("qlora", "lora", "full")
_PIG = re.compile(r"^\W*(?:ask the )?pig\b[\s:,]*", re.I)


def read_by_rule(text: str, runs: Sequence[Run]) -> Called | Said:
    """The tool that a message asks for, or what is said instead.

    Args:
        runs: those there are, newest first.
    """
    words = text.strip()
    if pig := _PIG.match(words):
        return Called("pig_chat", {"message": words[pig.end() :][:500] or "Which GPU should I take?"})
    if _CANCEL.match(words):
        return _of_run("cancel_run", words, [run for run in runs if run.status not in ENDED])
    if change := _change(words):
        return _of_run("change_run", words, [run for run in runs if run.status not in ENDED], change)
    if _QUOTE.match(words):
        return Called("quote_job", {"description": words})
    if _is_job(words):
        return Called("submit_job", {"description": words})
    if _FITS.search(words) and find_model(words) is not None:
        return Called("estimate_vram", {"model": words[:120], **_method(words)})
    for tool, pattern in _OF_A_RUN:
        if pattern.search(words):
            return _of_run(tool, words, runs)
    for tool, pattern in _LOOKS:
        if pattern.search(words):
            return Called(tool, {})
    return Said("assistant", NOT_UNDERSTOOD)


def _is_job(words: str) -> bool:
    """Something is to run, or a figure of a job is said."""
    likely = understand(words, {}, {}).likely
    return not {"run", "hours", "budget_usd"}.isdisjoint(likely)


def _change(words: str) -> dict[str, object]:
    """Whole hours, and how to pay; {} for what is no short wish for something else."""
    if len(words.split()) > MOST_WISHED:
        return {}
    change: dict[str, object] = {}
    hours = understand(words, {}, {}).likely.get("hours") if _CHANGES.search(words) else None
    if isinstance(hours, Decimal) and hours == int(hours):
        change["hours"] = int(hours)
    card, credit = _CARD.search(words), _CREDITS.search(words)
    if card or credit:
        change["pay_by"] = "card" if card else "credits"
    return change


def _method(words: str) -> Mapping[str, object]:
    method = next((name for name in _METHODS if re.search(rf"\b{name}\b", words, re.I)), None)
    precision = next((name for name, pattern in _PRECISIONS if re.search(pattern, words, re.I)), None)
    return ({"method": method} if method else {}) | ({"precision": precision} if precision else {})


def _of_run(tool: str, words: str, runs: Sequence[Run], more: dict[str, object] | None = None) -> Called:
    meant = meant_run(words, runs)
    if meant is None:
        return Called("list_runs", {})
    return Called(tool, {"run_id": meant.run_id, **(more or {})})


def meant_run(words: str, runs: Sequence[Run]) -> Run | None:
    """The run that is named, else the newest."""
    named = (run for run in runs if re.search(rf"(?<![\w-]){re.escape(run.run_id)}(?![\w-])", words))
    return next(named, runs[0] if runs else None)
