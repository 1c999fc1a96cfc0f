"""The line for cron or launchd: read by the shell as it was meant, and with no secret in it."""

import plistlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from agent.doctor.timetable import Sweeping, crontab, launchd
from policies.text import clean

SWEEPING = Sweeping(
    command=["/opt/my tools/swineherd"],
    variables={"SWINEHERD_HOME": "/home/me/100% hogs"},
    secrets=Path("/home/me/100% hogs/env"),
    errors=Path("/home/me/sweep.log"),
)


def test_a_crontab_line_is_what_cron_reads() -> None:
    """Every ten minutes; each % escaped, since cron ends a line there."""
    comment, line, *rest = crontab(SWEEPING).split("\n")
    assert comment.startswith("#")
    assert rest == [""]
    assert line.startswith("*/10 * * * * ")
    assert line.count("%") == line.count(r"\%") == 3


def test_a_line_end_is_in_no_crontab() -> None:
    """What follows it would be a line of its own."""
    with pytest.raises(ValueError, match="line end"):
        crontab(replace(SWEEPING, variables={"SWINEHERD_HOME": "/x\n* * * * * evil"}))


def test_the_line_runs_as_a_shell_reads_it(tmp_path: Path) -> None:
    """Blanks and quotes in names, the secrets of the file in the environment, and none of them in the line."""
    folder = tmp_path / "it's 100% mine"
    folder.mkdir()
    script = folder / "swineherd"
    script.write_text(f'#!/bin/sh\nprintf "%s|%s|%s" "$1" "$SWINEHERD_HOME" "$GPUHOG_API_KEY" >"{folder}/said"\n')
    script.chmod(0o700)
    (folder / "env").write_text("GPUHOG_API_KEY='ghk_secret key'\n")
    sweeping = Sweeping([str(script)], {"SWINEHERD_HOME": str(folder)}, folder / "env", folder / "sweep.log")
    line = crontab(sweeping).splitlines()[1].removeprefix("*/10 * * * * ").replace(r"\%", "%")
    assert "ghk_" not in line
    subprocess.run(["/bin/sh", "-c", line], check=True, env={"PATH": "/usr/bin:/bin"})
    assert (folder / "said").read_text() == f"sweep|{folder}|ghk_secret key"
    (folder / "env").unlink()
    subprocess.run(["/bin/sh", "-c", line], check=True, env={"PATH": "/usr/bin:/bin"})
    assert (folder / "said").read_text() == f"sweep|{folder}|"


def test_a_launchd_list_holds_the_same_line() -> None:
    """As a property list that can be read back."""
    agent = plistlib.loads(launchd(SWEEPING).encode())
    assert agent["StartInterval"] == 600
    shell, option, line = agent["ProgramArguments"]
    assert (shell, option) == ("/bin/sh", "-c")
    assert "'/opt/my tools/swineherd' sweep" in line
    assert clean(line, 10_000) == line
