"""Cleaning up where the spend log is broken, or does not know an order: by `orders.jsonl` and what the provider says.

Nothing is spent and nothing is deleted: a pod that runs is stopped, since its results are not known to be here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from agent.lease_time import HOUR, stop_job_at
from agent.sweep import UNPROVEN, Item, Swept
from policies.order import phase, short_id
from policies.patience import GONE
from tools.errors import Malformed, MarketUnavailable, OfferGone, Refused, StoreBusy, StoreUnusable
from tools.ports import Clock, Market
from tools.spend_log.journal import Line
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Holder, OrderRow
from tools.spend_log.standing import stands_against

T = TypeVar("T")

MAY_BE_WRITTEN_YET = timedelta(minutes=10)
"""An order is named in `orders.jsonl` first: one named a moment ago may be on its way into the spend log."""

STOP_TRIES = 5


def _where_readable(read: Callable[[], T]) -> T | None:
    """None where a broken store can't tell. One that is only busy can, later: by then its pods must not be stopped.

    Raises:
        StoreBusy: another process holds it.
    """
    try:
        return read()
    except StoreBusy:
        raise
    except (StoreUnusable, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Wreck:
    """What is left to work with.

    Attributes:
        named: the lines of `orders.jsonl`.
        log: None where the spend log can't even be read.
        base_url: the provider, as the spend log binds charges to it.
    """

    clock: Clock
    market: Market
    journal: Path
    named: Sequence[Line]
    log: SpendLog | None
    base_url: str
    holder: Holder
    alive: Callable[[Holder], bool]
    hour: timedelta = HOUR

    def orders(self) -> list[Line]:
        """The orders that may not be gone, newest first: the likeliest to be running."""
        newest = {line.order_id: line for line in self.named if line.order_id}
        return [line for line in reversed(newest.values()) if not self._is_gone(line)]

    def strays(self) -> list[Line]:
        """Those that the spend log does not know, though it had time to; none where it can't be read.

        Raises:
            StoreBusy: another process holds it.
        """
        now = self.clock.now()
        return [line for line in self.orders() if self._is_unknown(line) and not _is_young(line, now)]

    def known(self, line: Line) -> OrderRow | None:
        """What the spend log knows of an order, as far as it can be read.

        Raises:
            StoreBusy: another process holds it.
        """
        log = self.log
        return _where_readable(lambda: log.order(line.order_id)) if log else None

    def _is_unknown(self, line: Line) -> bool:
        log = self.log
        return log is not None and _where_readable(lambda: log.order(line.order_id) is None) is True

    def _is_gone(self, line: Line) -> bool:
        row = self.known(line)
        return row is not None and row.gone_at is not None


def _is_young(line: Line, now: datetime) -> bool:
    try:
        return now < datetime.fromisoformat(line.at) + MAY_BE_WRITTEN_YET
    except (ValueError, TypeError):
        return False


async def clean_up(wreck: Wreck, lines: Sequence[Line]) -> Swept:
    """Look at each order and stop what runs for nobody; those that are gone are not mentioned.

    Raises:
        StoreBusy: another process holds the spend log.
    """
    items = [item for line in lines for item in [await _see_to(wreck, line)] if item is not None]
    swept = tuple(item for item in items if item.action)
    left = tuple(item for item in items if not item.action)
    return Swept(swept, left, UNPROVEN if items else 0)


async def _see_to(wreck: Wreck, line: Line) -> Item | None:
    row = wreck.known(line)
    if row is not None and (elsewhere := _named_elsewhere(wreck, row)):
        return _left(line, f"is at {elsewhere}: not looked at")
    try:
        status = (await wreck.market.order(line.order_id)).status
    except OfferGone:
        return None
    except (MarketUnavailable, Refused, Malformed) as error:
        return _left(line, f"can't be looked at: {error}" + _how_to_go_on(wreck, line))
    match phase(status):
        case "gone":
            return None
        case "stopped":
            return _left(line, "is stopped, and its volume costs 5 cents an hour" + _how_to_go_on(wreck, line))
        case "pending":
            return _left(line, f"is {status}: left as it is" + _how_to_go_on(wreck, line))
        case "running":
            return _left(line, waits) if (waits := _may_go_on(wreck, row)) else await _stopped(wreck, line)


def _named_elsewhere(wreck: Wreck, row: OrderRow) -> str:
    """Whoever knows an order id can end its pod: it is told to nobody but the provider that named it."""
    log = wreck.log
    charge = _where_readable(lambda: log.charge(row.charge_id)) if log else None
    return charge.base_url if charge is not None and charge.base_url != wreck.base_url else ""


def _may_go_on(wreck: Wreck, row: OrderRow | None) -> str:
    """Why a pod may go on running; "" where nothing says so."""
    log = wreck.log
    if row is None or log is None:
        return ""
    now = wreck.clock.now()
    lease = _where_readable(lambda: log.lease(row.run_id))
    if lease is not None and stands_against(lease, wreck.holder, now, wreck.alive):
        return f"runs, driven by process {lease.holder.pid} on {lease.holder.host}"
    if row.job_started and not row.collected and now < stop_job_at(row, wreck.hour):
        return f"runs its job, and may until {stop_job_at(row, wreck.hour):%Y-%m-%d %H:%M} UTC"
    return ""


async def _stopped(wreck: Wreck, line: Line) -> Item:
    """Asked until the order says so, ever more rarely."""
    why = "no answer"
    for number in range(STOP_TRIES):
        if number:
            await wreck.clock.sleep(GONE[number - 1])
        try:
            await wreck.market.stop(line.order_id)
            status = (await wreck.market.order(line.order_id)).status
        except (MarketUnavailable, Refused, Malformed) as error:
            why = str(error)
            continue
        if phase(status) in {"stopped", "gone"}:
            kept = "its results are not known to be here, so its volume is kept, at 5 cents an hour"
            return Item(
                line.run_id, short_id(line.order_id), "stopped", kept + _how_to_go_on(wreck, line), alarming=True
            )
        why = f"it is {status} still"
    return _left(line, f"runs, and can't be stopped: {why}; it may go on billing" + _how_to_go_on(wreck, line))


def _left(line: Line, why: str) -> Item:
    return Item(line.run_id, short_id(line.order_id), "", why, alarming=True)


def _how_to_go_on(wreck: Wreck, line: Line) -> str:
    how = f"end it at the provider, or put the spend log right and `swineherd resume {line.run_id}`"
    return f"; its line in {wreck.journal} has the whole id: {how}"
