"""Which store a run lies in: the real one, or the sandbox's below it."""

from collections.abc import Callable
from contextlib import closing

from pydantic import ValidationError

from agent.cli import output
from agent.settings import Settings
from agent.store import Store, stores_of
from tools.spend_log.port import SpendLog


def settings_or_fail() -> Settings:
    """The environment, or a clear end that names the variable."""
    try:
        settings = Settings()
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        output.fail(f"in the environment: {problems}", output.USAGE)
    return settings


def stores(settings: Settings) -> list[Store]:
    """Spend logs that exist."""
    return [store for store in stores_of(settings) if store.is_there()]


def holds(settings: Settings, run_id: str) -> bool:
    """Whether the run lies in the sandbox's store; ends with a clear word where no store has it."""
    found = _having(settings, lambda log: log.run(run_id) is not None)
    if found is None:
        output.fail(f"no run {run_id} under {settings.home}; `swineherd ps --all` lists them", output.USAGE)
    return found


def holds_batch(settings: Settings, batch_id: str) -> bool:
    """Whether the batch lies in the sandbox's store; ends with a clear word where no store has it."""
    found = is_batch(settings, batch_id)
    if found is None:
        output.fail(f"no batch {batch_id} under {settings.home}; `swineherd batches` lists them", output.USAGE)
    return found


def is_batch(settings: Settings, name: str) -> bool | None:
    """Whether a batch of this name lies in the sandbox's store; None where there is none."""
    return _having(settings, lambda log: log.batch(name) is not None)


def holds_schedule(settings: Settings, schedule_id: str) -> bool:
    """Whether the schedule lies in the sandbox's store; ends with a clear word where no store has it."""
    found = is_schedule(settings, schedule_id)
    if found is None:
        output.fail(f"no schedule {schedule_id} under {settings.home}; `schedule list` lists them", output.USAGE)
    return found


def is_schedule(settings: Settings, name: str) -> bool | None:
    """Whether a schedule of this name lies in the sandbox's store; None where there is none."""
    return _having(settings, lambda log: log.schedule(name) is not None)


def _having(settings: Settings, has: Callable[[SpendLog], bool]) -> bool | None:
    found: bool | None = None
    for store in stores(settings):
        with closing(store.open()) as log:
            if has(log):
                found = store.is_sandbox
    return found
