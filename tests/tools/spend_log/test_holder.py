"""A process is named so that no later one can be taken for it."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tools.spend_log import holder
from tools.spend_log.holder import is_alive, this_process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(params=["linux", "elsewhere"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The way with `/proc` and the way without it."""
    if request.param == "elsewhere":
        monkeypatch.setattr(holder, "_BOOT_ID", tmp_path / "none")
        monkeypatch.setattr(holder, "_PID_SPACE", tmp_path / "none")
    return str(request.param)


@pytest.mark.usefixtures("system")
def test_this_process_lives() -> None:
    """It is named the same each time, with its pid and host, and is alive."""
    me = this_process()
    assert me == this_process()
    assert me.pid == os.getpid()
    assert me.host.startswith(socket.gethostname())
    assert me.boot_id
    assert me.started
    assert is_alive(me)


@pytest.mark.usefixtures("system")
def test_a_free_pid_is_dead() -> None:
    """A process that ended, and was waited for, is gone."""
    with subprocess.Popen(SLEEP) as child:
        named = replace(this_process(), pid=child.pid, started=holder._started(child.pid))
        assert is_alive(named)
        child.kill()
        child.wait()
        assert not is_alive(named)


@pytest.mark.usefixtures("system")
def test_a_zombie_is_dead() -> None:
    """It drives nothing, though its pid is still taken."""
    with subprocess.Popen(SLEEP) as child:
        named = replace(this_process(), pid=child.pid, started=holder._started(child.pid))
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.pid_exists(child.pid)
        assert not is_alive(named)


@pytest.mark.usefixtures("system")
def test_a_reused_pid_is_another_process() -> None:
    """The same pid with another start time is dead."""
    assert not is_alive(replace(this_process(), started="1"))


@pytest.mark.usefixtures("system")
def test_a_reboot_ends_every_process() -> None:
    """Another boot of this host: dead, whatever the pid says now."""
    assert not is_alive(replace(this_process(), boot_id="another"))


@pytest.mark.usefixtures("system")
def test_what_can_not_be_looked_at_lives() -> None:
    """A process on another host may be driving: its lease has to run out."""
    assert is_alive(replace(this_process(), host="another", boot_id="another", pid=1, started="1"))


def test_another_container_is_another_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Same machine, same boot, same name, but pids that mean other processes: nothing is proven."""
    me = this_process()
    space = tmp_path / "pid"
    space.symlink_to("pid:[4026539999]")
    monkeypatch.setattr(holder, "_PID_SPACE", space)
    assert is_alive(replace(me, pid=2**22 + 1))
    assert this_process().host != me.host
    assert is_alive(this_process())


def test_a_name_with_spaces_and_brackets_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`/proc/PID/stat` puts the process's own name in brackets, and processes may choose theirs."""
    stat = "7 (a) b) c) S " + " ".join(str(field) for field in range(4, 53))
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: stat)
    assert holder._started(7) == "22"


def test_machines_of_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where several share a spend log: another's process is not proven gone by its boot id, whatever it is called."""
    (tmp_path / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    mine, alone = this_process(among_machines=True), this_process()
    monkeypatch.setattr(holder, "_MACHINE_ID", tmp_path / "machine-id")
    theirs = replace(this_process(among_machines=True), boot_id="another")
    monkeypatch.undo()
    assert mine.host != theirs.host
    assert is_alive(theirs)
    assert is_alive(mine)
    assert is_alive(alone)
    assert not is_alive(replace(mine, boot_id="another"))
    assert "0123456789" not in theirs.host
