"""Every read endpoint asked once, and each answer compared with what is documented. Sends nothing but GET."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from pydantic import SecretStr

from policies.answers import Balance
from policies.text import clean
from tools.errors import Malformed, MarketUnavailable
from tools.gpuhog import parse
from tools.gpuhog.channel import Reply
from tools.gpuhog.client import GpuHog
from tools.gpuhog.shape import Difference, Read, compared
from tools.gpuhog.strict_json import load_object
from tools.ports import Clock

_DATE_GRAIN = timedelta(seconds=1)
"""A `Date` header names whole seconds: the provider's clock was there, or less than this after it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one read endpoint answered.

    Attributes:
        status: the HTTP status code, 0 where there was no answer that could be taken.
        failure: why nothing of the answer can be used, or "".
        differences: from the documentation, in an answer that can be used.
        ahead: by how much at least the provider's clock is ahead of ours (behind: below zero); None if it did not say.
    """

    read: Read
    status: int
    failure: str = ""
    differences: tuple[Difference, ...] = ()
    ahead: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """The API as it was found.

    Attributes:
        seen: in the order of asking; without a key nobody asks for the balance, without an order for one.
        balance: as the client reads it.
    """

    seen: tuple[Seen, ...]
    balance: Balance | None


class Surveyor:
    """Looks at a provider's API without changing anything there."""

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr | None,
        clock: Clock,
        *,
        max_requests_per_second: float = 5,
        transport: httpx.AsyncBaseTransport | None = None,
        allow_plain_http_loopback: bool = False,
    ) -> None:
        """Opens nothing yet; see `GpuHog` for the arguments. Raises `Malformed`."""
        self._clock = clock
        self._has_key = api_key is not None
        self._asking_for_key: set[str] = set()
        self._balance: Balance | None = None
        self._hog = GpuHog(
            base_url,
            api_key,
            clock,
            max_requests_per_second=max_requests_per_second,
            transport=transport,
            allow_plain_http_loopback=allow_plain_http_loopback,
            on_key_needed=self._asking_for_key.add,
        )

    async def survey(self, order_id: str) -> Survey:
        """Ask every endpoint once, all side by side (an answer of 429 or 5xx, or none, a few times).

        Args:
            order_id: an order that the provider knows, or "".
        """
        self._balance = None
        asked = [Read.GPUS, Read.DOCS, Read.PACKS]
        asked += [Read.BALANCE] if self._has_key else []
        asked += [Read.ORDER] if order_id else []
        seen = await asyncio.gather(*(self._look(read, order_id) for read in asked))
        return Survey(tuple(seen), self._balance)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._hog.aclose()

    async def _look(self, read: Read, order_id: str) -> Seen:
        asked_at = self._clock.now()
        try:
            reply = await self._hog.raw(read, order_id)
        except (MarketUnavailable, Malformed) as exc:
            return Seen(read, 0, str(exc))
        ahead = clock_ahead(reply.date, asked_at, self._clock.now())
        failure = _status_told(reply.status) or self._unreadable(read, reply.body, order_id)
        if failure:
            return Seen(read, reply.status, failure, ahead=ahead)
        body = compared(read, load_object(reply.body))
        found = (*_around(reply), *self._about_key(read), *body, *_dropped(read, reply.body))
        return Seen(read, reply.status, "", found, ahead)

    def _about_key(self, read: Read) -> list[Difference]:
        named = f"GET {read.partition('{')[0]}"
        if not any(label.startswith(named) for label in self._asking_for_key):
            return []
        return [Difference("status", "asks for the API key, which the documentation says it does not need")]

    def _unreadable(self, read: Read, body: bytes, order_id: str) -> str:
        """Why the client could not use the answer, or ""."""
        try:
            if read is Read.BALANCE:
                self._balance = parse.read_balance(body)
            else:
                _READERS[read](body, order_id)
        except Malformed as exc:
            return str(exc)
        return ""


def _around(reply: Reply) -> list[Difference]:
    """What is not as documented around the body."""
    kind = reply.content_type.partition(";")[0].strip().casefold()
    found = [] if reply.status == 200 else [Difference("status", f"expected 200, found {reply.status}")]
    if kind != "application/json":
        told = repr(clean(kind, 60)) if kind else "none"
        found.append(Difference("Content-Type", f"expected 'application/json', found {told}"))
    return found


_READERS: Mapping[Read, Callable[[bytes, str], object]] = {
    Read.GPUS: lambda body, _: parse.read_listings(body),
    Read.DOCS: lambda body, _: parse.read_docs(body),
    Read.PACKS: lambda body, _: parse.read_packs(body),
    Read.ORDER: parse.read_order,
}


def _dropped(read: Read, body: bytes) -> list[Difference]:
    """Listings that the client would not offer to anybody."""
    if read is not Read.GPUS:
        return []
    rejected = parse.read_listings(body).rejected
    return [Difference("gpus[]", f"{one.gpu_id!r} is not used: {one.reason}") for one in rejected[:10]]


def _status_told(status: int) -> str:
    match status:
        case _ if 200 <= status <= 299:
            return ""
        case 401 | 403:
            return f"the API key is missing or refused ({status})"
        case 404:
            return "it is not there (404)"
        case _ if 300 <= status <= 399:
            return f"it redirects ({status}), which is never followed"
        case _:
            return f"an undocumented status code: {status}"


def clock_ahead(date: str, asked_at: datetime, answered_at: datetime) -> timedelta | None:
    """By how much at least the clock that wrote `date` is ahead of ours; None where it is no date.

    The header was written at some moment between asking and answer, so a slow answer never looks like a wrong clock.
    """
    try:
        named = parsedate_to_datetime(date[:64])
    except ValueError:
        return None
    told = named if named.tzinfo else named.replace(tzinfo=UTC)
    if told > answered_at:
        return told - answered_at
    return min(told + _DATE_GRAIN - asked_at, timedelta(0))
