"""What was said about a run, in order of time: by the run itself, and by the humans who decided about it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.chat.web.live import Piece
from agent.chat.web.pages.acts import act_words
from agent.chat.web.templates import text
from agent.diary import Entry, entries
from agent.folders import RunFolder
from agent.result import exact_timestamp
from policies.offer import Rail
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Event, RunStatus

MOST_SHOWN = 200
"""Messages on a page that is loaded; the history of a run is longer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a thread.

    Attributes:
        at: RFC 3339, UTC.
        by: the human who said it; "" for the run itself.
    """

    at: str
    text: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Busy:
    """How busy the GPU was at a moment, in percent."""

    util: int
    memory: int


@dataclass(frozen=True, slots=True)
class Thread:
    """All of a thread so far; a part of its page."""

    written: Sequence[Entry]
    events: Sequence[Event]
    _rendered: dict[str, Piece] = field(default_factory=dict, compare=False)
    key: str = "thread"

    @property
    def token(self) -> str:
        """How many entries the diary has, and the last event."""
        return f"{len(self.written)}-{self.events[-1].seq if self.events else 0}"

    def since(self, token: str) -> Piece | None:
        """The messages that came later."""
        if token == self.token:
            return None
        if token not in self._rendered:
            html = text("messages.html", messages=self.messages(*_read_token(token)))
            self._rendered[token] = Piece(self.key, html, self.token)
        return self._rendered[token]

    def messages(self, written: int = 0, seq: int = 0) -> list[Message]:
        """Those after so many entries of the diary and that event, oldest first."""
        told = [Message(one.at, one.line) for one in self.written[written:] if one.line]
        said = [message for event in self.events if event.seq > seq and (message := _said(event))]
        return sorted([*told, *said], key=lambda message: message.at)[-MOST_SHOWN:]

    def busy(self, most: int) -> tuple[Busy, ...]:
        """The last figures of the GPU, oldest first."""
        figures = [
            Busy(one.util, one.memory) for one in self.written if one.util is not None and one.memory is not None
        ]
        return tuple(figures[-most:])


def thread_of(log: SpendLog, folder: RunFolder, run_id: str) -> Thread:
    """As it stands now."""
    return Thread(entries(folder)[0], log.events(run_id))


def _said(event: Event) -> Message | None:
    """What a human did, or what an offer came to; the run's own diary tells the rest."""
    body, at = json.loads(event.body), exact_timestamp(event.at)
    if words := act_words(event.kind, body):
        return Message(at, words, str(body.get("by", "")))
    match event.kind:
        case "asked":
            paid = Rail(body["rail"]).words
            return Message(at, f"asks for ${body['usd']} {paid}: {body['gpu']} for {body['hours']} h")
        case "status" if body["status"] == RunStatus.WAITING_FOR_HUMAN:
            return Message(at, body["reason"])
        case "status" if body["reason"]:
            return Message(at, f"{body['status'].replace('_', ' ')}: {body['reason']}")
        case _:
            return None


def _read_token(token: str) -> tuple[int, int]:
    written, _, seq = token.partition("-")
    return (int(written), int(seq)) if written.isdecimal() and seq.isdecimal() else (0, 0)
