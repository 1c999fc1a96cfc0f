"""The line that lets the platform run `swineherd sweep` every ten minutes, for `doctor --cron`."""

import plistlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

EVERY_MINUTES = 10
LABEL = "swineherd.sweep"


@dataclass(frozen=True, slots=True)
class Sweeping:
    """What is run, and what it needs to know.

    Attributes:
        command: the absolute path of the executable and what comes before `sweep`.
        variables: no secret among them: a timetable is readable by others.
        secrets: the file that holds those, which the platform's shell reads first; it need not be there.
        errors: where a platform without mail writes warnings.
    """

    command: Sequence[str]
    variables: Mapping[str, str]
    secrets: Path
    errors: Path


def shell_line(sweeping: Sweeping) -> str:
    """For `/bin/sh`: the secrets' file is read where it is there, then `sweep` runs; only warnings are printed."""
    secrets = quote(str(sweeping.secrets))
    named = " ".join(f"{name}={quote(value)}" for name, value in sweeping.variables.items())
    sweep = f"{named} {join([*sweeping.command, 'sweep'])}".strip()
    return f"if [ -r {secrets} ]; then set -a; . {secrets}; set +a; fi; {sweep} >/dev/null"


def crontab(sweeping: Sweeping) -> str:
    """Lines for a crontab; cron mails what the sweep warns of.

    Raises:
        ValueError: a path or a variable has a line end in it, which no crontab can hold.
    """
    line = shell_line(sweeping)
    if "\n" in line or "\r" in line:
        raise ValueError("a path or a variable has a line end in it, which no crontab can hold")
    escaped = line.replace("%", r"\%")  # a bare % is a line end to cron
    return f"# swineherd: bring home and end what is left over\n*/{EVERY_MINUTES} * * * * {escaped}\n"


def launchd(sweeping: Sweeping) -> str:
    """A property list for `~/Library/LaunchAgents`."""
    agent = {
        "Label": LABEL,
        "ProgramArguments": ["/bin/sh", "-c", shell_line(sweeping)],
        "StartInterval": EVERY_MINUTES * 60,
        "RunAtLoad": True,
        "StandardErrorPath": str(sweeping.errors),
    }
    return plistlib.dumps(agent).decode()
