"""The store of one schedule, for the commands about it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from agent.cli import output
from agent.cli.places import holds_schedule, settings_or_fail, stores
from tools.spend_log.port import SpendLog
from tools.spend_log.schedule_rows import Schedule


@contextmanager
def stored(schedule_id: str) -> Iterator[SpendLog]:
    """The log that has it; ends with a clear word where none has."""
    settings = settings_or_fail()
    is_sandbox = holds_schedule(settings, schedule_id)
    (store,) = [store for store in stores(settings) if store.is_sandbox is is_sandbox]
    with closing(store.open()) as log:
        yield log


def need(log: SpendLog, schedule_id: str) -> Schedule:
    """The schedule; ends with a clear word where it was removed."""
    schedule = log.schedule(schedule_id)
    if schedule is None or schedule.removed_at is not None:
        output.fail(f"schedule {schedule_id} was removed", output.USAGE)
    return schedule
