"""What the parts of the spend log's class share: a store that runs transactions, with `orders.jsonl` beside it."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from tools.spend_log.journal import Journal
from tools.spend_log.sql import Database


class LogFile(ABC):
    """Used from the thread that opened it."""

    def __init__(self, journal: Journal, settle_seconds: int) -> None:
        self._journal = journal
        self._settle_seconds = settle_seconds

    @abstractmethod
    def close(self) -> None:
        """Let go of the store."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[Database]:
        """A transaction that alone may write: all or nothing, durable when the block ends."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Database]:
        """A transaction that sees one moment, and changes nothing."""
