"""sweep: for cron, and for whoever wants to be sure that nothing is left running."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from agent.assemble import open_herd, open_wreck
from agent.broken_store import clean_up
from agent.cli import output
from agent.cli.foreground import interruptible
from agent.cli.places import settings_or_fail
from agent.cli.terminal import TerminalFace
from agent.settings import Settings
from agent.store import Store, stores_of
from agent.sweep import Item, Sweep, Swept
from policies.text import counted
from tools.errors import StoreBusy, StoreUnusable

SAID_AFTER_SECONDS = 2.0
SAID_AT_MOST_EVERY = 30.0

T = TypeVar("T")


def sweep(*, as_json: bool) -> None:
    """Sweep both stores; exits with the worse code."""
    with output.clear_errors():
        settings = settings_or_fail()
        sys.exit(asyncio.run(_sweep(settings, as_json=as_json)))


async def _sweep(settings: Settings, *, as_json: bool) -> int:
    found = Swept((), (), 0)
    for store in filter(_may_hold_orders, stores_of(settings)):
        swept = await interruptible(_sweep_store(settings, store, as_json=as_json))
        if swept is None:
            output.aside("stopped; the next sweep goes on where this one was")
            return output.CANCELLED
        found = Swept(found.swept + swept.swept, found.left + swept.left, max(found.code, swept.code))
    if as_json:
        output.document({"swept": list(map(_document, found.swept)), "left": list(map(_document, found.left))})
    else:
        _print(found)
    return found.code


def _may_hold_orders(store: Store) -> bool:
    """A spend log that is there, or was: one that is gone leaves `orders.jsonl` behind; or one that can't be asked."""
    try:
        return store.journal.exists() or store.is_there()
    except StoreUnusable:
        return True


async def _sweep_store(settings: Settings, store: Store, *, as_json: bool) -> Swept:
    face = TerminalFace(sys.stderr if as_json else sys.stdout)
    try:
        _refuse_lost(store)
        async with open_herd(settings, sandbox=store.is_sandbox, face=face) as herd:
            sweeping = Sweep(herd.driver)
            swept = await _patiently(sweeping.sweep(), lambda: sweeping.at_work)
    except StoreBusy:
        raise
    except StoreUnusable as broken:
        output.aside(f"WARNING: {broken}")
        output.aside(f"nothing is spent; cleaning up goes on by {store.journal}")
        return await _salvaged(settings, sandbox=store.is_sandbox, strays=False)
    try:
        strays = await _salvaged(settings, sandbox=store.is_sandbox, strays=True)
    except StoreBusy as busy:
        output.aside(f"orders that only {store.journal} names were not looked for: {busy}")
        return swept
    return Swept(swept.swept + strays.swept, swept.left + strays.left, max(swept.code, strays.code))


def _refuse_lost(store: Store) -> None:
    """Opening it would make an empty one, in which every order is unknown."""
    if not store.is_there():
        raise StoreUnusable(f"{store} is gone, and {store.journal} names its orders: put a backup back")


async def _salvaged(settings: Settings, *, sandbox: bool, strays: bool) -> Swept:
    """By `orders.jsonl`: every order, or those that the spend log does not know."""
    async with open_wreck(settings, sandbox=sandbox) as wreck:
        lines = wreck.strays() if strays else wreck.orders()
        swept = await _patiently(
            clean_up(wreck, lines), lambda: {"": f"{counted(len(lines), 'order')} of {wreck.journal}"}
        )
    return swept if strays else Swept(swept.swept, swept.left, output.PROVIDER)


async def _patiently(work: Coroutine[Any, Any, T], at_work: Callable[[], dict[str, str]]) -> T:
    """Say what takes its time, ever more rarely; only to a terminal, since cron mails whatever is said."""
    task = asyncio.ensure_future(work)
    wait = SAID_AFTER_SECONDS
    try:
        while not (await asyncio.wait({task}, timeout=wait))[0]:
            wait = min(2 * wait, SAID_AT_MOST_EVERY)
            if sys.stderr.isatty():
                output.aside("still at " + ", ".join(f"{key} {what}".strip() for key, what in at_work().items()))
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _document(item: Item) -> dict[str, object]:
    action = {"action": item.action} if item.action else {}
    return {"run_id": item.run_id, "order_id": item.order_id, **action, "reason": item.reason}


def _print(found: Swept) -> None:
    """What a human should hear of goes to stderr: a cron job's stdout is thrown away."""
    for item in (*found.swept, *found.left):
        say = output.aside if item.alarming else output.line
        what = " ".join(filter(None, [item.run_id, item.order_id, item.action or "left"]))
        say(f"{'WARNING: ' if item.alarming else ''}{what}: {item.reason}")
    if not found.swept and not found.left:
        output.line("nothing to sweep")
