"""Which store a run lies in: the real one, or the sandbox's below it."""

from contextlib import closing

from pydantic import ValidationError

from agent.cli import output
from agent.settings import Settings
from agent.store import Store, stores_of


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
    found: bool | None = None
    for store in stores(settings):
        with closing(store.open()) as log:
            if log.run(run_id) is not None:
                found = store.is_sandbox
    if found is None:
        output.fail(f"no run {run_id} under {settings.home}; `swineherd ps --all` lists them", output.USAGE)
    return found
