"""Puts the concrete parts together with the graph that drives runs; this file and `agent.assemble_parts` name them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing

from agent.assemble_mind import mind_of, private
from agent.assemble_parts import gpuhog, opened, place_of, ssh_pods
from agent.broken_store import Wreck
from agent.checkpoints import checkpoints
from agent.clock import SystemClock
from agent.discreet import Discreet
from agent.drive import Driver
from agent.face import Face, Silent
from agent.graph import build_graph
from agent.herd import Herd
from agent.settings import Settings
from agent.store import Store
from tools.errors import StoreBusy, StoreUnusable
from tools.spend_log.holder import is_alive, this_process
from tools.spend_log.journal import Journal
from tools.spend_log.port import SpendLog
from tools.ssh.snapshot import pack
from tools.tracing.start import tracing


@asynccontextmanager
async def open_herd(
    settings: Settings | None = None,
    *,
    sandbox: bool = False,
    face: Face | None = None,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Herd]:
    """Open the store and everything a run needs; closes it all at the end.

    Args:
        settings: the environment; read now if left out.
        sandbox: the sandbox instead of GPU Hog.
        face: who is told what happens; nobody if left out.
        variables: for a job's envs and secrets; the process' own environment if left out.

    Raises:
        StoreUnusable: the store can't be opened, or the sandbox does not come up.
        PolicyFileError, BadSettings: the policy, the base URL, a key or the model can't be used.
    """
    settings = settings or Settings()
    place = place_of(settings, sandbox=sandbox)
    environment = os.environ if variables is None else variables
    known = {**os.environ, **environment}
    async with AsyncExitStack() as stack:
        tracer = await stack.enter_async_context(tracing(os.environ))
        mind = mind_of(settings, SystemClock(), tracer, known)
        parts = await stack.enter_async_context(
            opened(place, ssh_pods(place), face or Silent(), environment, mind, tracer)
        )
        saver = await stack.enter_async_context(checkpoints(place.home.checkpoints, place.database_url))
        discreet = Discreet(private(settings, known))
        stack.push_async_callback(discreet.aclose)
        yield Herd(parts, Driver(parts, build_graph(saver), discreet=discreet), pack)


@asynccontextmanager
async def open_wreck(settings: Settings, *, sandbox: bool) -> AsyncIterator[Wreck]:
    """What there is to clean up with without a spend log that can be written, or without one at all.

    Raises:
        OSError: not even `orders.jsonl` can be read.
        StoreBusy: another process holds the spend log: it is not broken.
        StoreUnusable: the sandbox does not come up.
        PolicyFileError, BadSettings: the policy, the base URL or the API key can't be used.
    """
    place = place_of(settings, sandbox=sandbox)
    journal = Journal(place.store.journal)
    async with AsyncExitStack() as stack:
        log = _log_if_readable(place.store)
        if log is not None:
            stack.enter_context(closing(log))
        market = gpuhog(place)
        stack.push_async_callback(market.aclose)
        yield Wreck(
            clock=SystemClock(),
            market=market,
            journal=journal.path,
            named=[line for _, line in journal.lines()],
            log=log,
            base_url=place.provider,
            holder=this_process(among_machines=place.store.is_shared),
            alive=is_alive,
            hour=place.hour,
        )


def _log_if_readable(store: Store) -> SpendLog | None:
    try:
        return store.open() if store.is_there() else None
    except StoreBusy:
        raise
    except StoreUnusable:
        return None
