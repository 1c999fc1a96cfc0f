"""doctor: what is wrong, and what to do about it."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

from agent.assemble_patient import patient
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.doctor.check import Check, exit_code
from agent.doctor.examine import examine
from agent.doctor.timetable import Sweeping, crontab, launchd
from agent.settings import Settings
from tools.errors import StoreUnusable

_MARKS = {"ok": "ok  ", "warn": "WARN", "bad": "BAD "}
_PASSED_ON = ("GPUHOG_BASE_URL", "SWINEHERD_POLICY", "SWINEHERD_SSH_KEY", "SWINEHERD_DATABASE_URL")
_SECRET = ("GPUHOG_API_KEY", "SWINEHERD_SSH_PASSWORD", "SWINEHERD_DATABASE_URL")


def doctor(*, sandbox: bool, cron: bool, as_json: bool) -> None:
    """Examine everything a run depends on; exits with 0, 2 or 5 (see `exit_code`)."""
    with output.clear_errors():
        settings = settings_or_fail()
        if cron:
            _print_timetable(settings, as_json=as_json)
            return
        checks = asyncio.run(_examined(settings, sandbox=sandbox))
        code = exit_code(checks)
        if as_json:
            output.document({"checks": [check.document() for check in checks], "ok": code == 0})
        else:
            for check in checks:
                _print(check)
        sys.exit(code)


async def _examined(settings: Settings, *, sandbox: bool) -> list[Check]:
    try:
        async with patient(settings, sandbox=sandbox) as found:
            return await examine(found)
    except StoreUnusable as error:
        return [
            Check("sandbox", "bad", str(error), "`swineherd sandbox` starts it; its log says why it did not come up")
        ]


def _print(check: Check) -> None:
    output.line(f"{_MARKS[check.status]} {check.name}: {check.found}")
    if check.remedy:
        output.line(f"     → {check.remedy}")


def _print_timetable(settings: Settings, *, as_json: bool) -> None:
    if as_json:
        output.fail("--cron prints a timetable to be piped: leave --json out", output.USAGE)
    sweeping = _sweeping(settings)
    is_mac = sys.platform == "darwin"
    try:
        text = launchd(sweeping) if is_mac else crontab(sweeping)
    except ValueError as error:
        output.fail(str(error), output.USAGE)
    output.aside(_how_to_install(is_mac=is_mac))
    secrets = ", ".join(f"{name}=…" for name in _SECRET)
    output.aside(f"secrets are not in it: put {secrets} (those you use) into {sweeping.secrets}, chmod 600")
    sys.stdout.write(text)
    sys.stdout.flush()


def _how_to_install(*, is_mac: bool) -> str:
    if is_mac:
        place = "~/Library/LaunchAgents/swineherd.sweep.plist"
        return f"to install: swineherd doctor --cron > {place} && launchctl load {place}"
    return "to install: (crontab -l 2>/dev/null; swineherd doctor --cron) | crontab -"


def _sweeping(settings: Settings) -> Sweeping:
    home = settings.home.expanduser().absolute()
    passed_on = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    for name in ("SWINEHERD_POLICY", "SWINEHERD_SSH_KEY"):
        if name in passed_on:
            passed_on[name] = str(Path(passed_on[name]).expanduser().absolute())
    return Sweeping(
        command=_command(),
        variables={"SWINEHERD_HOME": str(home), **passed_on},
        secrets=home / "env",
        errors=home / "sweep.log",
    )


def _command() -> list[str]:
    """This very installation, by absolute path: cron has another PATH."""
    beside = Path(sys.executable).with_name("swineherd")
    if beside.exists():
        return [str(beside)]
    found = shutil.which("swineherd")
    return [str(Path(found).absolute())] if found else [sys.executable, "-m", "agent"]
