"""No process of a pod outlives it, and nobody else's is touched."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import asyncssh
import httpx
import psutil
import pytest

from tests.tools.sandbox.conftest import call, configure, dial, rent, running_pod, ssh_port, wait_for, wait_status
from tools.sandbox.endpoint import Endpoint

HIDERS = {
    "foreground": "{sleep}",
    "background": "{sleep} >/dev/null 2>&1 </dev/null &",
    "nohup and setsid": "setsid nohup {sleep} >/dev/null 2>&1 </dev/null &",
    "double fork": "( ( {sleep} >/dev/null 2>&1 </dev/null & ) & )",
    "no environment": "env -i setsid {sleep} >/dev/null 2>&1 </dev/null &",
    "no environment, another folder": "cd / && env -i setsid {sleep} >/dev/null 2>&1 </dev/null &",
    "another variable, another folder": "cd / && SWINEHERD_POD=other setsid {sleep} >/dev/null 2>&1 </dev/null &",
    "deaf": "setsid sh -c 'trap \"\" TERM INT HUP; {sleep}' >/dev/null 2>&1 </dev/null &",
    "forking on": "setsid sh -c 'while :; do {sleep} & sleep 0.01; done' >/dev/null 2>&1 </dev/null &",
    "stopped": "setsid sh -c '{sleep} & sleep 0.3; kill -STOP $!; wait' >/dev/null 2>&1 </dev/null &",
}


def _sleepers(seconds: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        gone = process.info["status"] == psutil.STATUS_ZOMBIE
        if not gone and (process.info["cmdline"] or [])[-2:] == ["sleep", seconds]:
            found.append(process)
    return found


async def _hide(pod: asyncssh.SSHClientConnection, how: str, seconds: str) -> None:
    await pod.create_process(HIDERS[how].format(sleep=f"sleep {seconds}"))
    await asyncio.to_thread(wait_for, lambda: _sleepers(seconds))


@pytest.mark.parametrize("end", ["stop", "terminate"])
@pytest.mark.parametrize("how", HIDERS)
async def test_every_process_ends_with_the_pod(
    sandbox: Endpoint, http: httpx.Client, how: str, end: str, tmp_path: Path
) -> None:
    """However a command hid from its session, it is gone when stop or terminate answers."""
    seconds = f"99{abs(hash((how, end, str(tmp_path)))) % 10**6}"
    order_id, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await _hide(pod, how, seconds)
        call(http, order_id, end)
        assert _sleepers(seconds) == []


async def test_paid_hours_over_end_the_processes_too(sandbox: Endpoint, http: httpx.Client, tmp_path: Path) -> None:
    """The provider ends the pod when its paid time is over, whatever runs on it."""
    configure(http, hour_seconds=1.0)
    seconds = f"98{abs(hash(str(tmp_path))) % 10**6}"
    order_id, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await _hide(pod, "nohup and setsid", seconds)
        wait_status(http, order_id, "terminated")
        wait_for(lambda: not _sleepers(seconds))


async def test_other_pods_are_left_alone(sandbox: Endpoint, http: httpx.Client, tmp_path: Path) -> None:
    """Ending one pod kills nothing on another."""
    seconds = f"97{abs(hash(str(tmp_path))) % 10**6}"
    (ended, _), (_, port) = running_pod(http), running_pod(http)
    async with await dial(sandbox, port) as pod:
        await _hide(pod, "no environment", seconds)
        call(http, ended, "terminate")
        assert _sleepers(seconds)


def test_a_process_that_only_reads_a_pods_file_is_left_alone(
    sandbox: Endpoint, http: httpx.Client, tmp_path: Path
) -> None:
    """Looking at a pod's files from outside is no reason to be killed."""
    order_id, _ = running_pod(http)
    (seen,) = (sandbox.ssh_key.parents[1] / "pods").glob("*/host_key")
    reader = [sys.executable, "-c", "import sys; f = open(sys.argv[1]); print(flush=True); sys.stdin.read()", str(seen)]
    with subprocess.Popen(reader, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as onlooker:
        assert onlooker.stdout
        onlooker.stdout.readline()
        call(http, order_id, "terminate")
        assert onlooker.poll() is None


async def test_stop_keeps_the_volume_and_nothing_else(sandbox: Endpoint, http: httpx.Client) -> None:
    """After stop and start `$SWINEHERD_WORKSPACE` is as it was; the home is empty and the host key new."""
    order_id, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        before = pod.get_server_host_key()
        await pod.run("echo kept > $SWINEHERD_WORKSPACE/kept; echo lost > lost; mkdir -m 0 locked", check=True)
    call(http, order_id, "stop")
    with pytest.raises(ConnectionRefusedError):
        await dial(sandbox, port)
    call(http, order_id, "start")
    port = ssh_port(wait_status(http, order_id, "running"))
    async with await dial(sandbox, port) as pod:
        assert (await pod.run("cat $SWINEHERD_WORKSPACE/kept; ls")).stdout == "kept\n"
        assert pod.get_server_host_key() != before


async def test_terminate_removes_the_folder(sandbox: Endpoint, http: httpx.Client, tmp_path: Path) -> None:
    """Nothing of a pod stays on disk, folders that a job made read-only included; links are not followed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    order_id, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await pod.run(f"mkdir -p a/b && touch a/b/c && chmod 500 a/b && ln -s {outside} link", check=True)
    pods = sandbox.ssh_key.parents[1] / "pods"
    assert len(list(pods.iterdir())) == 1
    call(http, order_id, "terminate")
    assert list(pods.iterdir()) == []
    assert (outside / "precious").exists()


def test_terminate_while_deploying_leaves_nothing(sandbox: Endpoint, http: httpx.Client) -> None:
    """An order ended before its pod came up never gets one."""
    configure(http, deploy_seconds=0.2)
    order_id = rent(http)
    call(http, order_id, "terminate")
    time.sleep(0.5)
    assert http.get(f"/api/order/{order_id}").json()["status"] == "terminated"
    assert not list((sandbox.ssh_key.parents[1] / "pods").glob("*"))
