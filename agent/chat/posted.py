"""What a channel was given, in a file of its own: proof of nothing. Where it is lost, what stands is posted again."""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.folders import write_atomically
from tools.ports import Clock

ASK_AGAIN_SECONDS = 5.0


class Card(BaseModel):
    """A question or a link that is posted and not closed yet; `key` is the question's or the charge's id."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["question", "link"]
    subject: str
    key: str
    title: str
    ref: str


class Tail(BaseModel):
    """The reply that shows what a run's job writes.

    Attributes:
        thread: of the card that it is a reply to.
        ref: where it is; "" where the channel refused it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    run_id: str
    thread: str
    ref: str


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    seen: int | None = None
    cards: list[Card] = []
    threads: dict[str, str] = {}
    tails: list[Tail] = []
    alarms: list[str] = []


@dataclass(slots=True)
class Posted:
    """What one channel shows.

    Attributes:
        seen: the last event of the history that was told of; None before the first.
        threads: run id → where its latest card is, until its end is told.
        tails: run id → the reply that shows its log, likewise.
        alarms: names of those that were told and still stand.
    """

    path: Path
    seen: int | None = None
    cards: dict[str, Card] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    tails: dict[str, Tail] = field(default_factory=dict)
    alarms: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path) -> "Posted":
        """As it was kept; empty where there is nothing, or nothing of ours."""
        try:
            kept = _Kept.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return cls(path)
        cards = {card.key: card for card in kept.cards}
        tails = {tail.run_id: tail for tail in kept.tails}
        return cls(path, kept.seen, cards, kept.threads, tails, set(kept.alarms))

    def save(self) -> None:
        """Durable when this returns."""
        cards, tails = list(self.cards.values()), list(self.tails.values())
        kept = _Kept(seen=self.seen, cards=cards, threads=self.threads, tails=tails, alarms=sorted(self.alarms))
        write_atomically(self.path, kept.model_dump_json() + "\n")


@asynccontextmanager
async def alone(path: Path, clock: Clock) -> AsyncIterator[None]:
    """One process of a home at a time: the others wait, and take over when it ends, however it does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _locked(descriptor):
            await clock.sleep(ASK_AGAIN_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
