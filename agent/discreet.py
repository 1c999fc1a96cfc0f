"""LangSmith, where its own variables switch it on: LangChain tells it of steps and questions, here without secrets.

What LangChain tells of a run is the graph's state, which holds none, and of a model what that is shown, which is masked
already. This is the second lock: what goes out is gone through once more, whatever came into an error's text.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from langsmith import Client, get_tracing_context, tracing_context
from langsmith.utils import LangSmithError, tracing_is_enabled
from urllib3.util import Retry

from agent.mind.tokens import without_tokens
from policies.masking import mask
from policies.order import with_short_ids

GOODBYE_SECONDS = 2.0
"""The longest that the end of a command waits for LangSmith."""

NO_RETRY = Retry(total=0)
TIMEOUT_MS = (1000, 5000)
"""To connect, and to be answered. Its own patience, of minutes, would keep a command from ending: a thread waits."""

_log = logging.getLogger("swineherd.tracing")


class Discreet:
    """A client of LangSmith's, of our own; there is none before something is told, and none where nothing is."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = set(secrets)
        self._client: Client | None = None
        self._said = False

    @contextmanager
    def telling(self, more: Callable[[], Iterable[str]] = tuple) -> Iterator[None]:
        """What LangChain tells inside goes through here, unless the program around us has a client of its own.

        Args:
            more: secrets that are to be kept from now on.
        """
        context = get_tracing_context()
        if not tracing_is_enabled() or context["client"] is not None:
            yield
            return
        self._secrets.update(more())
        try:
            self._client = self._client or self._made()
        except (LangSmithError, ValueError):
            self._say_lost()
        enabled = context["enabled"] if self._client else False
        with tracing_context(**{**context, "client": self._client, "enabled": enabled}):
            yield

    async def aclose(self) -> None:
        """Send what is left, within `GOODBYE_SECONDS`."""
        if self._client is None:
            return
        await asyncio.to_thread(self._client.close, GOODBYE_SECONDS)
        if self._client.tracing_queue is not None and self._client.tracing_queue.unfinished_tasks:
            self._say_lost()

    def _made(self) -> Client:
        logging.getLogger("langsmith.client").addFilter(_without_warnings)
        return Client(
            anonymizer=self._without_secrets,
            retry_config=NO_RETRY,
            timeout_ms=TIMEOUT_MS,
            tracing_error_callback=self._lost,
        )

    def _lost(self, _error: Exception) -> None:
        self._say_lost()

    def _say_lost(self) -> None:
        """Said once, and in one line, where LangSmith's own client says each try in five."""
        if not self._said:
            self._said = True
            _log.warning("LangSmith takes no traces; all else goes on")

    def _without_secrets(self, told: dict[str, object]) -> dict[str, object]:
        return {key: self._value(value) for key, value in told.items()}

    def _value(self, value: object) -> object:
        match value:
            case str():
                return self._text(value)
            case dict():
                return self._without_secrets(value)
            case list():
                return [self._value(one) for one in value]
            case _:
                return value

    def _text(self, text: str) -> str:
        masked = mask(text.encode(errors="replace"), self._secrets).decode(errors="replace")
        return without_tokens(with_short_ids(masked))


def _without_warnings(record: logging.LogRecord) -> bool:
    return record.levelno > logging.WARNING
