"""The list of boundaries: made from the code, so that it grows with it."""

from collections.abc import AsyncIterator

import pytest

from tests.crash import sites
from tests.crash.scenarios import OFF_THE_PATHS


class Log:
    """A log with one method that writes and one that reads."""

    def _write(self) -> None: ...

    def keep(self) -> None:
        """Write."""
        self._write()

    def look(self) -> None:
        """Read."""


def test_a_method_that_writes_is_listed_and_one_that_reads_is_not() -> None:
    """Whoever adds a transaction that writes adds a boundary by that alone."""
    assert sites.writers(Log) == ["keep"]


def test_the_moments_of_a_spending_call_are_sites() -> None:
    """Before it, sending, sent, answered, read, after it: each is a place to die at."""
    found = [site for site in sites.sites() if site.startswith("market.rent_with_credits:")]
    moments = {site.partition(":")[2] for site in found}
    assert moments == {"before", "sending", "sent", "answered", "read", "after"}


def test_nothing_that_spends_or_keeps_is_off_the_paths() -> None:
    """No path of a run may leave these out, whatever is said of the others."""
    kept = ("log.reserve", "log.submit", "log.keep_answer", "log.settle", "log.add_order", "journal.append")
    assert {*kept, "market.rent", "market.rent_with_credits", "market.terminate"} <= set(sites.boundaries())
    assert not set(OFF_THE_PATHS) & {*kept, "market.rent", "market.rent_with_credits", "market.terminate"}


async def test_a_call_tells_its_moments_in_order() -> None:
    """Plain calls, awaited ones and streams alike; one that fails never tells that it is over."""
    told: list[str] = []

    def plain() -> str:
        return "plain"

    async def awaited() -> str:
        return "awaited"

    async def failing() -> None:
        raise LookupError

    async def stream() -> AsyncIterator[str]:
        yield "streamed"

    assert sites.wrapped(plain, "plain", told.append)() == "plain"
    assert await sites.wrapped(awaited, "awaited", told.append)() == "awaited"
    assert [item async for item in sites.wrapped(stream, "stream", told.append)()] == ["streamed"]
    with pytest.raises(LookupError):
        await sites.wrapped(failing, "failing", told.append)()
    each = [f"{name}:{moment}" for name in ("plain", "awaited", "stream") for moment in ("before", "after")]
    assert told == [*each, "failing:before"]
