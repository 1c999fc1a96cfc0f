"""DBOS rings when a schedule is due: the schedules of the spend log, told to DBOS, which keeps the time.

What DBOS has of them is proof of nothing: the spend log says which there are, and what came of each night.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from dbos import DBOS, ScheduleInput
from dbos._error import DBOSException

from agent.engine.timed import Ring, Timed

NIGHTS = "nights"
"""The queue of what is rung, and the workflow on it. It has no partitions: a schedule's workflows have none either."""

_log = structlog.get_logger()

RUNG = "sched-"
"""How the ids of what DBOS enqueues for schedules begin; those of legs begin with a run's."""

Workflow = Callable[[datetime, Any], Coroutine[Any, Any, None]]


def register(ring: Ring) -> Workflow:
    """The workflow that DBOS enqueues at each time of a schedule; before DBOS is launched."""

    async def step(schedule_id: str, due: str) -> str:
        return await ring(schedule_id, datetime.fromisoformat(due))

    rung = DBOS.step(name="ring")(step)

    async def workflow(due: datetime, schedule_id: str) -> None:
        await rung(schedule_id, str(due))

    # However often workers die under it: the spend log knows what came of the night.
    return DBOS.workflow(name=NIGHTS, max_recovery_attempts=None)(workflow)


async def keep(workflow: Workflow, queue: str, wanted: frozenset[Timed]) -> None:
    """Let these schedules ring on that queue, and no others of this application."""
    known = {
        Timed(one["schedule_name"], one["schedule"], one["cron_timezone"] or "")
        for one in await DBOS.list_schedules_async()
    }
    for gone in known - wanted:
        await DBOS.delete_schedule_async(gone.schedule_id)
    for new in wanted - known:
        try:
            await DBOS.apply_schedules_async([_input(workflow, queue, new)])
        except DBOSException as error:  # a zone that is not known any more: the others ring all the same
            _log.warning("does not ring", schedule=new.schedule_id, why=str(error))


def _input(workflow: Workflow, queue: str, new: Timed) -> ScheduleInput:
    return ScheduleInput(
        schedule_name=new.schedule_id,
        workflow_fn=workflow,
        schedule=new.cron,
        context=new.schedule_id,
        cron_timezone=new.timezone,
        queue_name=queue,
    )
