"""What every test of the sandbox uses."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import asyncssh
import httpx
import pytest

from tests.fixtures_sandbox import sandbox, sandbox_process
from tools.sandbox.endpoint import Endpoint

__all__ = ["sandbox", "sandbox_process"]

RTX_4090 = "NVIDIA GeForce RTX 4090"
T = TypeVar("T")


@pytest.fixture
def http(sandbox: Endpoint) -> Iterator[httpx.Client]:
    """A client of the sandbox's host, with its key."""
    with client_of(sandbox) as client:
        yield client


def client_of(endpoint: Endpoint) -> httpx.Client:
    """A client whose paths start at the host, not at `/api`; on loopback it loads no certificates."""
    origin = endpoint.base_url.removesuffix("/api")
    return httpx.Client(base_url=origin, headers={"X-Api-Key": endpoint.api_key}, timeout=30, verify=False)


def rent(http: httpx.Client, hours: int = 1) -> str:
    """Rent an RTX 4090 with credits; returns the order id."""
    answer = http.post("/api/rent-with-credits", json={"gpu_id": RTX_4090, "hours": hours})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["order_id"])


def wait_status(http: httpx.Client, order_id: str, status: str) -> dict[str, object]:
    """Poll an order until it shows `status`."""
    return wait_for(lambda: _order_at(http, order_id, status))


def wait_for(look: Callable[[], T | None], seconds: float = 10.0) -> T:
    """Poll until `look` gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def _order_at(http: httpx.Client, order_id: str, status: str) -> dict[str, object] | None:
    view: dict[str, object] = http.get(f"/api/order/{order_id}").json()
    return view if view["status"] == status else None


def configure(http: httpx.Client, **settings: object) -> None:
    """Put settings of the sandbox in force."""
    assert http.post("/_sandbox/settings", json=settings).status_code == 200


def call(http: httpx.Client, order_id: str, what: str) -> str:
    """Stop, start or terminate an order; returns the status answered."""
    answer = http.post(f"/api/order/{order_id}/{what}")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["status"])


def running_pod(http: httpx.Client, hours: int = 1) -> tuple[str, int]:
    """A pod that runs: its order id and SSH port."""
    order_id = rent(http, hours)
    return order_id, ssh_port(wait_status(http, order_id, "running"))


def ssh_port(view: dict[str, object]) -> int:
    """The port in an order's `access.ssh`."""
    access = view["access"]
    assert isinstance(access, dict)
    return int(str(access["ssh"]).removeprefix("ssh root@127.0.0.1 -p "))


async def dial(endpoint: Endpoint, port: int) -> asyncssh.SSHClientConnection:
    """Log in on a pod with the sandbox's key."""
    return await asyncssh.connect(
        "127.0.0.1",
        port,
        username="root",
        client_keys=[str(endpoint.ssh_key)],
        known_hosts=None,
        config=None,
        agent_path=None,
    )
