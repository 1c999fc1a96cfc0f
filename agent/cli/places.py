"""Which store a run lies in: the real one, or the sandbox's below it."""

from collections.abc import Callable
from contextlib import closing
from typing import NoReturn

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
        no_run(settings, run_id)
    return found


def holds_batch(settings: Settings, batch_id: str) -> bool:
    """Whether the batch lies in the sandbox's store; ends with a clear word where no store has it."""
    found = is_batch(settings, batch_id)
    if found is None:
        no_such(settings, "batch", batch_id, "swineherd batches")
    return found


def no_run(settings: Settings, run_id: str) -> NoReturn:
    """End with a clear word, where a run was meant."""
    no_such(settings, "run", run_id, "swineherd ps --all")


def no_such(settings: Settings, kind: str, name: str, listing: str) -> NoReturn:
    """End with a clear word: the name is of something else, or of nothing; `listing` is the command that lists them."""
    for store in stores(settings):
        with closing(store.open()) as log:
            other = _what_it_is(log, name)
        if other:
            output.fail(f"{name} is {other}, not a {kind}; `{listing}` lists those", output.USAGE)
    output.fail(f"no {kind} {name} under {settings.home}; `{listing}` lists them", output.USAGE)


def _what_it_is(log: SpendLog, name: str) -> str | None:
    if log.run(name) is not None:
        return f"a run (`swineherd show {name}`, `swineherd resume {name}`)"
    if log.batch(name) is not None:
        return f"a batch (`swineherd show {name}`, `swineherd batch --resume {name}`)"
    if log.schedule(name) is not None:
        return f"a schedule (`swineherd show {name}`)"
    if (standing := log.standing_grant(name)) is not None:
        return f"a grant for {standing.schedule_id} (`swineherd grants`)"
    if (grant := log.grant(name)) is not None:
        return f"a grant for {grant.batch_id} (`swineherd grants`)"
    if (charge := log.charge(name)) is not None:
        return f"a charge of {charge.run_id or 'no run'} (`swineherd spend`)"
    if (order := log.order(name)) is not None:
        return f"an order of {order.run_id} (`swineherd show {order.run_id}`)"
    return None


def is_batch(settings: Settings, name: str) -> bool | None:
    """Whether a batch of this name lies in the sandbox's store; None where there is none."""
    return _having(settings, lambda log: log.batch(name) is not None)


def holds_schedule(settings: Settings, schedule_id: str) -> bool:
    """Whether the schedule lies in the sandbox's store; ends with a clear word where no store has it."""
    found = is_schedule(settings, schedule_id)
    if found is None:
        no_such(settings, "schedule", schedule_id, "swineherd schedule list")
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
