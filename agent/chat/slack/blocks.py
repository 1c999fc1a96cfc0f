"""Messages as Slack's Block Kit.

What comes from outside is in `plain_text` without emoji or in preformatted rich text. Slack reads no markup in them:
it makes no link, no mention and no emoji, and breaks out of nothing.
"""

import json
from collections.abc import Iterator, Sequence
from typing import assert_never

from agent.card import OfferCard, taken_words
from agent.chat.messages import Asking, Over, Said, ToPay, in_a_terminal
from agent.questions import Question
from agent.talk.context import Line
from policies.money import rate, usd
from policies.text import as_seen, clean, clean_lines, without_links

Block = dict[str, object]

APPROVE = "swineherd_approve"
DENY = "swineherd_deny"
PAY = "swineherd_pay"

MOST_HEADER_CHARS = 150
MOST_TEXT_CHARS = 2900
MOST_FIELD_CHARS = 1900
MOST_CONFIRM_CHARS = 300
MOST_LINES = 8
"""Parts of an answer, the last ones: a message holds fifty blocks."""

MOST_PARTS = 3
"""Sections that one long text is spread over, at most."""


def asked(asking: Asking, *, answered_here: bool) -> list[Block]:
    """A question, with buttons where somebody may press them."""
    question = asking.question
    shown = _offer(asking.card) if asking.card is not None else _sections("\n".join(asking.lines))
    return [
        _header(f"Approve ${usd(question.amount)}?"),
        *shown,
        _context(f"{question.subject} · expires at {question.expires_at:%Y-%m-%d %H:%M} UTC"),
        _buttons(asking) if answered_here else _context(in_a_terminal(question.subject)),
    ]


def to_pay(paying: ToPay) -> list[Block]:
    """A link, its host in clear."""
    button: Block = {
        "type": "button",
        "action_id": PAY,
        "text": _plain("Open the checkout", 75),
        "url": paying.link.url,
    }
    return [
        _header(f"Pay ${usd(paying.link.charge.amount)}?"),
        *_sections(f"{paying.title}\n{paying.text}"),
        _actions([button]),
    ]


def over(what: Over) -> list[Block]:
    """What is left of a card: nothing to press."""
    return [*_sections(f"{what.title}\n{what.words}"), _context(what.subject)]


def said(what: Said) -> list[Block]:
    """A reply or an alarm."""
    log = _preformatted(what.log_tail) if what.log_tail else []
    return [*_sections("\n".join([what.title, *what.lines])), *log]


def answer(lines: Sequence[Line]) -> list[Block]:
    """To a message: ours as sections and in boxes, a model's words in quotation bars and nowhere else."""
    return [block for line in lines[-MOST_LINES:] for block in _line(line)]


def note(text: str) -> list[Block]:
    """One line to one person."""
    return _sections(text)


def escaped(text: str) -> str:
    """For a message's `text`, in which Slack takes three characters for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(line: Line) -> list[Block]:
    match line.kind:
        case "model":
            return [
                _context("the model says:"),
                *_rich("rich_text_quote", clean_lines(line.text, MOST_TEXT_CHARS) or "-"),
            ]
        case "note":
            return _sections(clean(line.text, MOST_TEXT_CHARS))
        case "question":
            return [_context("proposed:"), *_preformatted(as_seen(line.text))]
        case "figures":
            return _preformatted(as_seen(line.text))
        case _:
            assert_never(line.kind)


def _offer(card: OfferCard) -> Iterator[Block]:
    offer, left = card.offer, card.left
    yield {
        "type": "section",
        "fields": [
            _plain(f"{label}\n{text}", MOST_FIELD_CHARS)
            for label, text in (
                ("GPU", f"{_shown(offer.gpu_name)} ({offer.vram_gb} GB)"),
                ("Price", f"{offer.hours} h × {rate(offer.price_per_hour)} = ${usd(offer.amount)}"),
                ("Paid", offer.rail.words),
                ("Left before it", f"run ${usd(left.run)} · today ${usd(left.day)} · month ${usd(left.month)}"),
            )
        ],
    }
    others = [f"not {_shown(one.gpu_name)} ({one.vram_gb} GB): {_shown(one.reason)}" for one in card.alternatives]
    yield from _sections("\n".join([f"why {_shown(card.reason)}", *others]))
    for field, text in card.commands:
        yield from _sections(field)
        yield from _preformatted(text)
    yield from _covered(card)
    books = f"job sha256 {offer.job_sha256[:16]} · gpu_id {_shown(offer.gpu_id)} · ledger {card.ledger_head[:16]}"
    yield _context(books)


def _covered(card: OfferCard) -> Iterator[Block]:
    """The files that go along and the names of variables, where there are any."""
    named = (
        ("takes", [taken_words(one) for one in card.taken]),
        ("env", list(card.variables)),
        ("secret", list(card.secrets)),
    )
    lines = [f"{label} {_shown(word)}" for label, words in named for word in words]
    if lines:
        yield from _sections("\n".join(lines))


def _buttons(asking: Asking) -> Block:
    """Bound to this very question and amount. The code is not in them: Slack keeps what is."""
    question = asking.question
    value = button_value(question)
    amount = f"${usd(question.amount)}"
    confirm = {
        "title": _plain(f"Spend {amount}?", 100),
        "text": _plain(_shown(asking.title), MOST_CONFIRM_CHARS),
        "confirm": _plain(f"Approve {amount}", 30),
        "deny": _plain("Back", 30),
    }
    yes: Block = {"type": "button", "action_id": APPROVE, "style": "primary", "value": value, "confirm": confirm}
    no: Block = {"type": "button", "action_id": DENY, "style": "danger", "value": value, "text": _plain("Deny", 75)}
    return _actions([yes | {"text": _plain(f"Approve {amount}", 75)}, no])


def button_value(question: Question) -> str:
    """What a press names."""
    named = {"subject": question.subject, "question_id": question.question_id, "amount": question.amount}
    return json.dumps(named)


def _sections(text: str) -> list[Block]:
    """Cut to what fits; a text that does not ends in `…`."""
    cut = _cut(text, MOST_PARTS * MOST_TEXT_CHARS)
    parts = [cut[at : at + MOST_TEXT_CHARS] for at in range(0, len(cut), MOST_TEXT_CHARS)]
    return [{"type": "section", "text": _plain(part, MOST_TEXT_CHARS)} for part in parts]


def _preformatted(text: str) -> list[Block]:
    return _rich("rich_text_preformatted", text)


def _rich(kind: str, text: str) -> list[Block]:
    cut = _cut(text, MOST_PARTS * MOST_TEXT_CHARS)
    parts = [cut[at : at + MOST_TEXT_CHARS] for at in range(0, len(cut), MOST_TEXT_CHARS)]
    return [
        {
            "type": "rich_text",
            "elements": [{"type": kind, "elements": [{"type": "text", "text": part}]}],
        }
        for part in parts
    ]


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, MOST_HEADER_CHARS)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text, MOST_TEXT_CHARS)]}


def _actions(buttons: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def _plain(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": _cut(text, most), "emoji": False}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _shown(text: str) -> str:
    return without_links(clean(text, MOST_FIELD_CHARS))
