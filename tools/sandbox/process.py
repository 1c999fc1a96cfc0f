"""Start a sandbox as a process of its own when none answers; find the one that does."""

import http.client
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tools.errors import Malformed, StoreUnusable
from tools.sandbox.endpoint import Endpoint, Posted, log_path, market_folder, read_posted
from tools.sandbox.locks import held

ANOTHER_SERVES = 75
"""Exit code of a server whose home is taken."""

READY = b"ready"
START_SECONDS = 20.0
_HEALTH_SECONDS = 3.0
_POLL_SECONDS = 0.05
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


def server_lock(home: Path) -> Path:
    """Held by the one server of a home for its whole life."""
    return market_folder(home) / "server.lock"


def ensure_running(home: Path, *, deploy_seconds: float | None = None, idle_seconds: float = 600.0) -> Endpoint:
    """The sandbox of `home`, started detached where none answers. Blocks, normally under two seconds.

    Args:
        home: its folder, made where missing. Two callers at once get the same sandbox.
        deploy_seconds: how long a pod takes to come up; only used by a server that is started here.
        idle_seconds: without a request for so long and without pods the server ends by itself.

    Raises:
        StoreUnusable: it does not come up; the message names its log.
    """
    home = home.resolve()
    _make_home(home)
    if (endpoint := running(home)) is not None:
        return endpoint
    deadline = time.monotonic() + START_SECONDS
    with held(market_folder(home) / "starter.lock", START_SECONDS) as mine:
        if mine and running(home) is None:
            _launch(home, deploy_seconds, idle_seconds)
    while time.monotonic() < deadline:
        if (endpoint := running(home)) is not None:
            return endpoint
        time.sleep(_POLL_SECONDS)
    raise _failed(home)


def running(home: Path) -> Endpoint | None:
    """The sandbox of `home` if one answers now; a stale file of a dead process counts for nothing."""
    try:
        posted = read_posted(home.resolve())
    except Malformed:
        return None
    return _answering(posted) if posted is not None and _is_alive(posted) else None


def shut_down(endpoint: Endpoint, *, end_pods: bool = False) -> None:
    """Close a sandbox; `end_pods` terminates every order first, else jobs run on for the next start.

    Returns when it does not answer any more.

    Raises:
        OSError: nobody answered.
        StoreUnusable: it goes on, with what it gives as the reason.
    """
    body = json.dumps({"end_pods": end_pods})
    answer = _request(endpoint, "POST", "/_sandbox/shutdown", body, timeout_seconds=60.0)
    if isinstance(answer, dict) and "error" in answer:
        raise StoreUnusable(f"the sandbox goes on: {answer['error']}")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _listens(endpoint):
        time.sleep(_POLL_SECONDS)


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        market_folder(home).mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise StoreUnusable(f"the sandbox can't use {home}: {exc}") from exc


def _launch(home: Path, deploy_seconds: float | None, idle_seconds: float) -> None:
    command = [sys.executable, "-P", "-m", "tools.sandbox", "--detach", "--home", str(home)]
    command += ["--idle-seconds", str(idle_seconds)]
    if deploy_seconds is not None:
        command += ["--deploy-seconds", str(deploy_seconds)]
    with log_path(home).open("ab") as log:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home,
                env=_environment(),
                check=False,
                timeout=START_SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as exc:
            raise _failed(home) from exc
    if done.returncode not in (0, ANOTHER_SERVES):
        raise _failed(home)


def _environment() -> dict[str, str]:
    """Only what Python needs: no API key of the parent's ever reaches the sandbox."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH", "")]))}


def _is_alive(posted: Posted) -> bool:
    try:
        return abs(psutil.Process(posted.pid).create_time() - posted.started) < 2.0
    except psutil.Error:
        return False


def _answering(posted: Posted) -> Endpoint | None:
    try:
        answer = _request(posted.endpoint, "GET", "/_sandbox/health", None, timeout_seconds=_HEALTH_SECONDS)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    match answer:
        case {"pid": posted.pid, "hour_seconds": float(seconds) | int(seconds)}:
            return replace(posted.endpoint, hour_seconds=seconds)
        case _:
            return None


def _listens(endpoint: Endpoint) -> bool:
    try:
        _request(endpoint, "GET", "/_sandbox/health", None, timeout_seconds=_HEALTH_SECONDS)
    except (OSError, http.client.HTTPException):
        return False
    return True


def _request(endpoint: Endpoint, method: str, path: str, body: str | None, *, timeout_seconds: float) -> object:
    parts = urlsplit(endpoint.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_seconds)
    try:
        headers = {"X-Api-Key": endpoint.api_key, "Content-Type": "application/json"}
        connection.request(method, path, body, headers)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _failed(home: Path) -> StoreUnusable:
    return StoreUnusable(f"the sandbox did not come up; its log is {log_path(home)}")
