"""What a text channel is given to show, and what it may answer to that; how it looks is the channel's."""

from dataclasses import dataclass
from typing import Protocol

from agent.card import OfferCard
from agent.questions import Question
from agent.result import Payable
from policies.money import usd
from tools.errors import SwineherdError


class ChannelDown(SwineherdError):
    """The channel did not take a message now; later it may.

    Attributes:
        retry_after: seconds that it asked to be left alone for, or None.
    """

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class NotTaken(SwineherdError):
    """The channel will never take this message; the next one it may."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that stands.

    Attributes:
        title: what and how much, in one line.
        card: of an offer; None where batches and schedules ask.
        lines: the same for any kind, as plain text.
    """

    question: Question
    title: str
    card: OfferCard | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToPay:
    """A checkout link that somebody watches."""

    title: str
    link: Payable

    @property
    def run_id(self) -> str:
        """Whose it is."""
        return self.link.charge.run_id

    @property
    def text(self) -> str:
        """Where the money goes, in clear."""
        return (
            f"Pay ${usd(self.link.charge.amount)} at {self.link.host} until {self.link.expires_at:%Y-%m-%d %H:%M} UTC"
        )


@dataclass(frozen=True, slots=True)
class Over:
    """What became of a question or a link."""

    subject: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something that nobody has to answer: the end of a run, how its job goes on, an alarm.

    Attributes:
        log_tail: the last lines of the job's log, masked and bounded; "" for none.
    """

    title: str
    lines: tuple[str, ...]
    log_tail: str = ""


def in_a_terminal(subject: str) -> str:
    """How a question is answered where a channel only tells of it, and no web chat is served."""
    return f"Answer it in a terminal: `swineherd approve {subject}`"


class Channel(Protocol):
    """One place where humans read. Every method raises `ChannelDown` or `NotTaken`."""

    @property
    def name(self) -> str:
        """Of the files it is kept in, and in the log."""
        ...

    async def ask(self, asking: Asking) -> str:
        """Post a question; returns where it is."""
        ...

    async def offer_link(self, paying: ToPay) -> str:
        """Post a link to pay; returns where it is."""
        ...

    async def close(self, ref: str, over: Over) -> None:
        """Change what is posted to its final state: nothing can be answered there any more."""
        ...

    async def tell(self, ref: str, said: Said) -> str:
        """Reply to what is posted there; "" for a message of its own.

        Returns:
            Where it is; "" on a channel where nothing can be changed.
        """
        ...

    async def change(self, ref: str, said: Said) -> str:
        """Put this in the place of what was told there, often, and without calling anybody; returns where it is."""
        ...
