"""The sandbox as a process of its own: found, started once, restarted, ended."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.fixtures_sandbox import DEPLOY_SECONDS
from tests.tools.sandbox.conftest import RTX_4090, client_of, dial, rent, running_pod, ssh_port, wait_for, wait_status
from tools.errors import StoreUnusable
from tools.sandbox.endpoint import Endpoint, Posted, endpoint_path, log_path, post, read_posted
from tools.sandbox.process import ensure_running, running, server_lock, shut_down


def _pid(endpoint: Endpoint) -> int:
    posted = read_posted(_home(endpoint))
    assert posted is not None
    return posted.pid


def _home(endpoint: Endpoint) -> Path:
    return endpoint.ssh_key.parents[1]


def _ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_second_call_finds_the_first_one(sandbox_process: Endpoint) -> None:
    """`ensure_running` gives the sandbox that answers already."""
    pid = _pid(sandbox_process)
    assert ensure_running(_home(sandbox_process)) == sandbox_process
    assert _pid(sandbox_process) == pid


def test_starters_at_once_share_one_server(tmp_path: Path) -> None:
    """Six callers that start together get one and the same sandbox."""
    home = tmp_path / "shared"
    with ThreadPoolExecutor(6) as pool:
        endpoints = set(pool.map(lambda _: ensure_running(home), range(6)))
    (endpoint,) = endpoints
    servers = [p for p in psutil.process_iter(["cmdline"]) if str(home) in (p.info["cmdline"] or [])]
    assert [server.pid for server in servers] == [_pid(endpoint)]
    shut_down(endpoint)


def test_a_second_server_refuses_the_home(sandbox_process: Endpoint) -> None:
    """Started by hand on a home that is taken, the server says so and ends."""
    command = [sys.executable, "-m", "tools.sandbox", "--home", str(_home(sandbox_process))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 75
    assert "another server holds" in done.stderr


def test_the_endpoint_file_is_private_and_goes_with_the_server(sandbox_process: Endpoint) -> None:
    """The file with the key is its owner's, and a clean end removes it."""
    path = endpoint_path(_home(sandbox_process))
    assert path.stat().st_mode & 0o777 == 0o600
    assert _home(sandbox_process).stat().st_mode & 0o777 == 0o700
    assert json.loads(path.read_text())["api_key"] == sandbox_process.api_key
    shut_down(sandbox_process)
    assert wait_for(lambda: not path.exists())


def test_the_server_does_not_see_the_callers_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets in the environment of whoever starts a sandbox stay there."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    endpoint = ensure_running(tmp_path / "clean")
    environ = psutil.Process(_pid(endpoint)).environ()
    shut_down(endpoint)
    assert "sk-secret" not in environ.values()


def test_a_stale_endpoint_file_counts_for_nothing(tmp_path: Path) -> None:
    """A file left by a dead process, or one whose id another process has now, is not believed."""
    home = tmp_path / "stale"
    (home / "market").mkdir(parents=True)
    dead = Endpoint("http://127.0.0.1:9/api", "ghk_x", home / "ssh" / "id_ed25519", "127.0.0.1:9")
    post(home, Posted(dead, os.getpid(), psutil.Process().create_time() - 1000))
    assert running(home) is None
    endpoint_path(home).write_text("{")
    assert running(home) is None
    endpoint = ensure_running(home)
    assert endpoint != dead
    shut_down(endpoint)


def test_a_killed_server_is_replaced(sandbox_process: Endpoint) -> None:
    """After SIGKILL the next call starts another on the same address with the same key and books."""
    with client_of(sandbox_process) as http:
        order_id = rent(http)
    pid = _pid(sandbox_process)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: _ended(pid))
    again = ensure_running(_home(sandbox_process))
    assert again == sandbox_process
    with client_of(again) as http:
        wait_status(http, order_id, "running")
        assert http.get("/api/credits/balance").json()["total_spent"] == 49


async def test_a_restart_keeps_pods_and_their_jobs(sandbox_process: Endpoint) -> None:
    """After SIGTERM and a new start a pod has its host key, its files and its still running job."""
    with client_of(sandbox_process) as http:
        order_id, port = running_pod(http)
    async with await dial(sandbox_process, port) as pod:
        before = pod.get_server_host_key()
        await pod.run("setsid nohup sh -c 'while :; do date >> ticks; sleep 0.05; done' >/dev/null 2>&1 </dev/null &")
    pid = _pid(sandbox_process)
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(wait_for, lambda: _ended(pid))
    again = await asyncio.to_thread(ensure_running, _home(sandbox_process))
    with client_of(again) as http:
        port = ssh_port(wait_status(http, order_id, "running"))
    async with await dial(again, port) as pod:
        assert pod.get_server_host_key() == before
        growing = await pod.run("a=$(wc -l < ticks); sleep 0.5; test $(wc -l < ticks) -gt $a")
        assert growing.exit_status == 0


async def test_a_job_of_a_pod_that_ended_meanwhile_is_killed_at_the_restart(sandbox_process: Endpoint) -> None:
    """Paid hours that ran out while no server was there end the pod at the next start."""
    with client_of(sandbox_process) as http:
        http.post("/_sandbox/settings", json={"hour_seconds": 2.0})
        order_id, port = running_pod(http)
    async with await dial(sandbox_process, port) as pod:
        await pod.run("setsid nohup sleep 987654 >/dev/null 2>&1 </dev/null &")
    pid = _pid(sandbox_process)
    os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(2.2)
    again = await asyncio.to_thread(ensure_running, _home(sandbox_process))
    with client_of(again) as http:
        wait_status(http, order_id, "terminated")
    pods = _home(again) / "pods"
    await asyncio.to_thread(wait_for, lambda: not list(pods.iterdir()))
    left = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "987654"]]
    assert left == []


def test_an_idle_server_ends_itself(tmp_path: Path) -> None:
    """Without pods and requests the process ends after its idle time, and can be started again."""
    endpoint = ensure_running(tmp_path / "idle", idle_seconds=1.5)
    pid = _pid(endpoint)
    wait_for(lambda: _ended(pid))
    assert running(tmp_path / "idle") is None
    assert not endpoint_path(tmp_path / "idle").exists()


def test_a_pod_or_a_payable_link_keeps_the_server_up(tmp_path: Path) -> None:
    """Idle time does not count while a pod runs or a link may be paid."""
    endpoint = ensure_running(tmp_path / "busy", deploy_seconds=DEPLOY_SECONDS, idle_seconds=1.5)
    pid = _pid(endpoint)
    with client_of(endpoint) as http:
        link = http.post("/api/rent", json={"gpu_id": RTX_4090}).json()["order_id"]
        order_id = rent(http)
        with pytest.raises(AssertionError, match="in time"):
            wait_for(lambda: _ended(pid), seconds=1)
        http.post(f"/api/order/{order_id}/terminate")
        http.post(f"/api/order/{link}/terminate")
    wait_for(lambda: _ended(pid))


async def test_a_deleted_home_ends_the_server_and_its_jobs(sandbox_process: Endpoint) -> None:
    """Nobody could ever end what runs on a sandbox whose folder is gone, so it ends by itself."""
    home, pid = _home(sandbox_process), _pid(sandbox_process)
    with client_of(sandbox_process) as http:
        _, port = running_pod(http)
    async with await dial(sandbox_process, port) as pod:
        await pod.run("setsid nohup sleep 987653 >/dev/null 2>&1 </dev/null &")
    shutil.rmtree(home)
    wait_for(lambda: _ended(pid))
    assert [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "987653"]] == []


def test_a_server_that_does_not_come_up_names_its_log(tmp_path: Path) -> None:
    """A home that can't be used is a `StoreUnusable` that says where to look."""
    home = tmp_path / "broken"
    (home / "market").mkdir(parents=True)
    (home / "market" / "market.db").write_text("this is not a database, and long enough to be sure of it" * 20)
    with pytest.raises(StoreUnusable, match=r"market/log\.txt"):
        ensure_running(home)
    assert "not a database" in log_path(home).read_text()


def test_a_home_that_is_a_file_is_unusable(tmp_path: Path) -> None:
    """No folder, no sandbox."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="file"):
        ensure_running(tmp_path / "file")


def test_the_lock_outlives_nobody(sandbox_process: Endpoint) -> None:
    """No command of a pod keeps the server's lock: after SIGKILL it is free while the pod's job runs on."""
    with client_of(sandbox_process) as http:
        running_pod(http)
    os.kill(_pid(sandbox_process), signal.SIGKILL)
    assert server_lock(_home(sandbox_process)).exists()
    assert ensure_running(_home(sandbox_process)) == sandbox_process


def test_by_hand_it_prints_its_address(tmp_path: Path) -> None:
    """`python -m tools.sandbox` in the foreground prints the API's address and ends on SIGTERM with 0."""
    command = [sys.executable, "-m", "tools.sandbox", "--home", str(tmp_path / "hand"), "--deploy-seconds", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        base_url = server.stdout.readline().strip()
        endpoint = running(tmp_path / "hand")
        server.terminate()
        assert server.wait(timeout=20) == 0
    assert endpoint is not None
    assert endpoint.base_url == base_url


def test_what_it_can_not_write_down_it_does_not_end(sandbox_process: Endpoint) -> None:
    """As on a full disk: it says so and goes on, and once there is room it closes."""
    with client_of(sandbox_process) as http:
        rent(http)
    with closing(sqlite3.connect(_home(sandbox_process) / "market" / "market.db", isolation_level=None)) as books:
        books.execute("CREATE TRIGGER full BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        with pytest.raises(StoreUnusable, match=r"goes on: the end of its pods .*\(disk is full\); free some space"):
            shut_down(sandbox_process, end_pods=True)
        assert running(_home(sandbox_process)) is not None
        books.execute("DROP TRIGGER full")
    shut_down(sandbox_process, end_pods=True)
    assert running(_home(sandbox_process)) is None
