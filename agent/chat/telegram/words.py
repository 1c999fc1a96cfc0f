"""Messages as text whose every part is in an entity that is given by its place: no character is markup.

What comes from outside is in `pre`: in there Telegram finds no link, @name, #tag, /command or address.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from agent.card import OfferCard, taken_words
from agent.chat.messages import Asking, Over, Said, ToPay, in_a_terminal
from agent.questions import Question
from agent.talk.context import Line
from policies.money import rate, usd
from policies.text import ELLIPSIS, as_seen, clean, clean_lines, without_links

MOST_UNITS = 4096
MOST_FACTS_UNITS = 2000
MOST_NAME_CHARS = 100
MOST_REASON_CHARS = 300
MOST_LINES_CHARS = 5000
MOST_HEAD_UNITS = 20
"""Of the line over a part of an answer, with the ends of both."""
BAR = "│ "

Stage = Literal["a", "y", "b", "n"]
"""What a button does: ask once more, yes, back from there, no."""


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a message, at most `MOST_UNITS` long; places in it are in UTF-16 units, as Telegram counts."""

    text: str
    entities: tuple[MessageEntity, ...]


def asked(asking: Asking, *, answered_here: bool) -> Words:
    """A question; all that is counted on comes first, and what does not fit is cut in the commands."""
    question = asking.question
    head = f"Approve ${usd(question.amount)}?"
    ends = f"{question.subject} · expires at {question.expires_at:%Y-%m-%d %H:%M} UTC"
    where = [] if answered_here else [in_a_terminal(question.subject)]
    facts = _cut("\n".join([*where, ends, *(_facts(asking.card) if asking.card is not None else [])]), MOST_FACTS_UNITS)
    more = list(_covered(asking.card)) if asking.card is not None else [_lines("\n".join(asking.lines))]
    room = MOST_UNITS - units(head) - units(facts) - len(more) - 1
    return _words(("bold", head), ("pre", "\n".join([facts, *_shared(more, room, question.subject)])))


def buttons(question: Question, *, sure: bool = False) -> InlineKeyboardMarkup:
    """Bound to this very question and amount. A second tap where the first one was is never the one that pays."""
    rows: tuple[tuple[str, Stage], ...] = (
        (("Back", "b"), (f"Yes, pay ${usd(question.amount)}", "y"))
        if sure
        else ((f"Approve ${usd(question.amount)}", "a"), ("Deny", "n"))
    )
    mark = mark_of(question)
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=stage + mark)] for text, stage in rows])


def mark_of(question: Question) -> str:
    """What a button names: 32 hexadecimal digits, since 64 bytes must do. The code is not in them."""
    named = json.dumps([question.subject, question.question_id, question.amount])
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def to_pay(paying: ToPay) -> Words:
    """A link's host in clear; the link itself is on its button."""
    lines = [paying.run_id, _shown(paying.title, MOST_REASON_CHARS), paying.text]
    return _words(("bold", f"Pay ${usd(paying.link.charge.amount)}?"), ("pre", "\n".join(lines)))


def checkout(paying: ToPay) -> InlineKeyboardMarkup:
    """Opens it."""
    return InlineKeyboardMarkup([[InlineKeyboardButton("Open the checkout", url=paying.link.url)]])


def over(what: Over) -> Words:
    """What is left of a question or a link: nothing to press."""
    lines = [_shown(what.title, MOST_REASON_CHARS), _shown(what.words, MOST_REASON_CHARS), what.subject]
    return _words(("pre", "\n".join(lines)))


def said(what: Said) -> Words:
    """A reply or an alarm; where it is too long, the end of the log counts."""
    told = _cut(_lines("\n".join([what.title, *what.lines])), MOST_FACTS_UNITS)
    log = clean_lines(what.log_tail, MOST_LINES_CHARS)
    return _words(("pre", told), ("pre", _end(log, MOST_UNITS - units(told) - 1)))


def answer(lines: Sequence[Line]) -> list[Words]:
    """To a message. A model's words are below a line that says so, each of them behind a bar; ours are not."""
    proposed = [_words(("bold", "Proposed:"), ("pre", as_seen(line.text))) for line in lines if line.kind == "question"]
    others = [line for line in lines if line.kind != "question"]
    room = MOST_UNITS // max(len(others), 1) - MOST_HEAD_UNITS
    rest = _words(*(part for line in others for part in _line(line, room)))
    return [*proposed, *([rest] if rest.text else [])]


def _line(line: Line, room: int) -> list[tuple[Literal["bold", "pre"], str]]:
    if line.kind != "model":
        return [("pre", _cut(as_seen(line.text), room))]
    said = "\n".join(f"{BAR}{one}" for one in _lines(line.text).splitlines())
    return [("bold", "The model says:"), ("pre", _cut(said, room))]


def units(text: str) -> int:
    """How long Telegram takes a text to be."""
    return len(text.encode("utf-16-le")) // 2


def short(text: str, most: int) -> str:
    """One line for a note that Telegram shows over the chat."""
    return _cut(clean(text, most), most)


def _facts(card: OfferCard) -> Iterator[str]:
    offer, left = card.offer, card.left
    yield f"{_shown(offer.gpu_name)} ({offer.vram_gb} GB)"
    yield f"{offer.hours} h × {rate(offer.price_per_hour)} = ${usd(offer.amount)} {offer.rail.words}"
    yield f"left before it: run ${usd(left.run)} · today ${usd(left.day)} · month ${usd(left.month)}"
    yield f"why {_shown(card.reason, MOST_REASON_CHARS)}"
    for other in card.alternatives:
        yield f"not {_shown(other.gpu_name)} ({other.vram_gb} GB): {_shown(other.reason, MOST_REASON_CHARS)}"
    yield f"job sha256 {offer.job_sha256[:16]} · gpu_id {_shown(offer.gpu_id)} · ledger {card.ledger_head[:16]}"


def _covered(card: OfferCard) -> Iterator[str]:
    """The files that go along, the names of variables, the commands: all that a yes covers beside the offer."""
    named = (
        ("takes", [taken_words(one) for one in card.taken]),
        ("env", list(card.variables)),
        ("secret", list(card.secrets)),
    )
    lines = [f"{label} {_shown(word, MOST_REASON_CHARS)}" for label, words in named for word in words]
    if lines:
        yield "\n".join(lines)
    for field, text in card.commands:
        yield f"{field}:\n{_lines(text)}"


def _shared(texts: Sequence[str], room: int, subject: str) -> list[str]:
    """Each cut to its share of the room, with a note; what a short one leaves goes to the longer ones."""
    shared = list(texts)
    note = f"{ELLIPSIS} (cut: `swineherd show {subject}` has more)"
    for done, place in enumerate(sorted(range(len(texts)), key=lambda at: units(texts[at]))):
        shared[place] = _cut(texts[place], room // (len(texts) - done), note)
        room -= units(shared[place])
    return shared


def _words(*parts: tuple[Literal["bold", "pre"], str]) -> Words:
    """One below the other."""
    text, entities = "", list[MessageEntity]()
    for kind, part in parts:
        if part:
            text = f"{text}\n" if text else ""
            entities.append(MessageEntity(kind, units(text), units(part)))
            text += part
    return Words(text, tuple(entities))


def _cut(text: str, most: int, note: str = ELLIPSIS) -> str:
    if units(text) <= most:
        return text
    kept = text.encode("utf-16-le")[: 2 * (most - units(note))]
    return kept.decode("utf-16-le", errors="ignore") + note


def _end(text: str, most: int) -> str:
    if units(text) <= most:
        return text
    return ELLIPSIS + text.encode("utf-16-le")[-2 * (most - 1) :].decode("utf-16-le", errors="ignore")


def _lines(text: str) -> str:
    return clean_lines(text, MOST_LINES_CHARS)


def _shown(text: str, most: int = MOST_NAME_CHARS) -> str:
    return without_links(clean(text, most))
