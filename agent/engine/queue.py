"""The queue of legs on DBOS: in a SQLite file of its own, or in PostgreSQL for workers on many machines.

A schedule is a second workflow, registered beside the leg, on a second queue that has no partitions (see `LEGS`).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowSerializationFormat
from dbos._serialization import DefaultSerializer

from agent.engine import rings
from agent.engine.leg import Leg
from agent.engine.timed import Ring, Timed
from tools.spend_log.database import connect, folder_locked, readable_errors

APPLICATION = "swineherd"

VERSION = "1"
"""Of what lies in the queue. DBOS would take a hash of our source, and strand what waits at every edit."""

LEGS = "legs"
"""The queue, and the workflow on it. It has a partition for each run, of which one leg runs at a time. A schedule must
not point to it: what a schedule puts into a queue has no partition, and in this one would wait for ever.
"""

POLL_SECONDS = 0.25

NIGHTS_POLL_SECONDS = 1.0

SETTLED_SECONDS = 1.5

STANDS = frozenset({"ENQUEUED", "DELAYED", "PENDING"})
"""Statuses of a leg that is still to be driven, or is under way."""

_FORMAT = WorkflowSerializationFormat.PORTABLE
"""JSON: nothing that is read back from a database may be a pickle."""

Drive = Callable[[Leg], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a queue lies.

    Attributes:
        database: what DBOS is told of it.
        home: whose legs these are, where other homes have theirs in the same database; DBOS takes each for an
            application of its own, and never gives one the legs or the schedules of another.
        readable_errors: maps the database's errors.
        close: lets go of the database.
    """

    database: Mapping[str, Any]
    home: str = ""
    readable_errors: Callable[[], AbstractContextManager[None]] = nullcontext
    close: Callable[[], None] = lambda: None

    def named(self, name: str) -> str:
        """A name that no other home has."""
        return f"{name}-{self.home}" if self.home else name


def in_file(path: Path) -> QueuePlace:
    """The queue's own file, made (0600) and in WAL before DBOS opens it: its steps take a third of the time there.

    Raises:
        StoreUnusable: the disk is full, say.
    """
    with readable_errors(path), folder_locked(path.parent):
        connect(path).close()
    return QueuePlace({"system_database_url": f"sqlite:///{path}"})


class DbosQueue:
    """`WorkQueue` on DBOS, which is one for each process."""

    def __init__(self, dbos: DBOS, place: QueuePlace, executor_id: str, night: rings.Workflow) -> None:
        self._dbos = dbos
        self._place = place
        self._queue = place.named(LEGS)
        self._nights = place.named(rings.NIGHTS)
        self._executor_id = executor_id
        self._night = night

    @classmethod
    @asynccontextmanager
    async def open(cls, place: QueuePlace, executor_id: str, drive: Drive, ring: Ring) -> AsyncIterator["DbosQueue"]:
        """Launch DBOS, and drive what is asked for, in this event loop, until the block ends.

        Args:
            executor_id: of this process and no other: a second launch with it would take over what the first one runs.
            drive: one leg; called once for each, and once more where a worker died in the middle of it.
            ring: one time of a schedule; the same.

        Raises:
            StoreUnusable: the queue can't be made, or a server does not answer.
        """
        logging.getLogger("dbos").setLevel(logging.WARNING)  # before the constructor says hello
        setattr(DefaultSerializer, DefaultSerializer.deserialize.__name__, _refuse_pickle)
        dbos = DBOS(config=_config(place, executor_id))
        try:
            _register(drive)
            queue = cls(dbos, place, executor_id, rings.register(ring))
            await queue._launch()
            yield queue
        finally:
            await _destroy()
            place.close()

    async def _launch(self) -> None:
        with self._place.readable_errors():
            DBOS.launch()
            await DBOS.register_queue_async(self._queue, partition_concurrency=1, polling_interval_sec=POLL_SECONDS)
            await DBOS.register_queue_async(self._nights, polling_interval_sec=NIGHTS_POLL_SECONDS)

    async def ask(self, leg: Leg) -> None:
        """See `LegQueue.ask`. One that came to nothing, while its run still stands where it stood, is driven anew."""
        with self._place.readable_errors():
            known = await DBOS.get_workflow_status_async(leg.leg_id)
            if known is not None and known.status in STANDS:
                return
            if known is not None:
                await DBOS.delete_workflow_async(leg.leg_id)
            options = EnqueueOptions(
                workflow_name=LEGS,
                queue_name=self._queue,
                workflow_id=leg.leg_id,
                queue_partition_key=leg.run_id,
                serialization_type=_FORMAT,
            )
            await DBOS.enqueue_workflow_with_options_async(options, leg.run_id, leg.interrupt_id, leg.cause)

    async def under_way(self) -> Mapping[str, str]:
        """See `LegQueue.under_way`."""
        return await self._pending(None)

    async def begin_again(self, leg_ids: Sequence[str]) -> None:
        """See `LegQueue.begin_again`. On the queue they were on, not DBOS's own: there they keep their partition."""
        rung = [leg_id for leg_id in leg_ids if leg_id.startswith(rings.RUNG)]
        legs = [leg_id for leg_id in leg_ids if leg_id not in rung]
        with self._place.readable_errors():
            for ids, queue in ((legs, self._queue), (rung, self._nights)):
                if ids:
                    await DBOS.resume_workflows_async(ids, queue_name=queue)

    async def keep_ringing(self, wanted: frozenset[Timed]) -> None:
        """See `WorkQueue.keep_ringing`."""
        with self._place.readable_errors():
            await rings.keep(self._night, self._nights, wanted)

    async def forget(self, ended_before: datetime) -> int:
        """Delete the rows of legs that ended before then, at most a thousand: the spend log has their history.

        Returns:
            How many those were.
        """
        with self._place.readable_errors():
            found = await DBOS.list_workflows_async(
                completed_before=ended_before.isoformat(),
                queue_name=[self._queue, self._nights],
                limit=1000,
                load_input=False,
                load_output=False,
            )
            legs = [one.workflow_id for one in found]
            if legs:
                await DBOS.delete_workflows_async(legs)
        return len(legs)

    def stop_taking(self) -> None:
        """See `LegQueue.stop_taking`: what DBOS itself does first when it is destroyed."""
        for stop in self._dbos.background_thread_stop_events:
            stop.set()

    async def settled(self) -> bool:
        """See `LegQueue.settled`."""
        await asyncio.sleep(POLL_SECONDS)  # what was being claimed as the taking stopped has been by now
        until = time.monotonic() + SETTLED_SECONDS
        while await self._pending(self._executor_id):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.02)
        return True

    async def _pending(self, executor_id: str | None) -> dict[str, str]:
        with self._place.readable_errors():
            found = await DBOS.list_workflows_async(
                executor_id=executor_id,
                status="PENDING",
                queue_name=[self._queue, self._nights],
                load_input=False,
                load_output=False,
            )
        return {one.workflow_id: one.executor_id or "" for one in found}


def _config(place: QueuePlace, executor_id: str) -> DBOSConfig:
    config = DBOSConfig(
        name=place.named(APPLICATION),
        application_version=place.named(VERSION),
        executor_id=executor_id,
        log_level="WARNING",
        enable_otlp=False,
        serializer=DBOSPortableJSONSerializer(),
    )
    config.update(place.database)  # type: ignore[typeddict-item] # named where the place was
    return config


def _refuse_pickle(_serializer: DefaultSerializer, _pickle: str) -> object:
    """In place of DBOS's own: whoever can write a row of the queue says in it how it is to be read."""
    raise ValueError("a pickle in the queue is not read")


def _register(drive: Drive) -> None:
    async def step(run_id: str, interrupt_id: str, cause: str | None) -> str:
        return await drive(Leg(run_id, interrupt_id, cause))  # type: ignore[arg-type] # written by `ask`

    driven = DBOS.step(name="drive")(step)

    async def workflow(run_id: str, interrupt_id: str, cause: str | None) -> str:
        return await driven(run_id, interrupt_id, cause)

    # However often workers die under it: the spend log decides what is still to be done, not the number of tries.
    DBOS.workflow(name=LEGS, max_recovery_attempts=None, serialization_type=_FORMAT)(workflow)


async def _destroy() -> None:
    """On a thread of its own: it waits for threads that wait for this event loop."""
    with ThreadPoolExecutor(1) as apart:
        await asyncio.get_running_loop().run_in_executor(apart, partial(DBOS.destroy, destroy_registry=True))
