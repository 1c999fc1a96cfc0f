"""Which store a run lies in: the real one, or the sandbox's below it."""

from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from agent.cli import output
from agent.folders import Home
from agent.settings import Settings


def settings_or_fail() -> Settings:
    """The environment, or a clear end that names the variable."""
    try:
        settings = Settings()
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        output.fail(f"in the environment: {problems}", output.USAGE)
    return settings


def stores(settings: Settings) -> list[tuple[Path, bool]]:
    """Spend logs that exist, each with whether it is the sandbox's."""
    home = Home(settings.home.expanduser().absolute())
    known = [(home.spend_log, False), (home.sandbox.spend_log, True)]
    return [(path, is_sandbox) for path, is_sandbox in known if path.exists()]


def holds(settings: Settings, run_id: str) -> bool:
    """Whether the run lies in the sandbox's store; ends with a clear word where no store has it."""
    from tools.spend_log.log import SqliteSpendLog

    found: bool | None = None
    for path, is_sandbox in stores(settings):
        with closing(SqliteSpendLog.open(path)) as log:
            if log.run(run_id) is not None:
                found = is_sandbox
    if found is None:
        output.fail(f"no run {run_id} under {settings.home}; `swineherd ps --all` lists them", output.USAGE)
    return found
