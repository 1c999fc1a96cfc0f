"""Pods told to refuse SSH or to drop it: real connections are cut, and what runs on the pod runs on."""

import asyncio

import asyncssh
import httpx
import pytest

from tests.tools.sandbox.conftest import configure, dial, running_pod
from tools.sandbox.endpoint import Endpoint


async def _marker(pod: asyncssh.SSHClientConnection) -> None:
    """A job that goes on by itself and shows that it does."""
    await pod.run("setsid nohup sh -c 'while :; do echo x >> ticks; sleep 0.02; done' >/dev/null 2>&1 </dev/null &")


async def test_pods_refuse_ssh_and_go_on_working(sandbox: Endpoint, http: httpx.Client) -> None:
    """Connections are cut and refused on pods old and new, jobs run on; told to be open they answer as before."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await _marker(pod)
        configure(http, ssh="refused")
        await asyncio.wait_for(pod.wait_closed(), 10)
    _, another = running_pod(http)
    for refusing in (port, another):
        with pytest.raises(ConnectionRefusedError):
            await dial(sandbox, refusing)
    configure(http, ssh="open")
    async with await dial(sandbox, port) as pod:
        assert (await pod.run("a=$(wc -l < ticks); sleep 0.3; test $(wc -l < ticks) -gt $a")).exit_status == 0
    async with await dial(sandbox, another) as pod:
        assert (await pod.run("echo up")).stdout == "up\n"


async def test_connections_are_dropped_after_their_seconds(sandbox: Endpoint, http: httpx.Client) -> None:
    """Old and new connections alike are cut, again and again, until pods are told to be open; the job runs on."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await _marker(pod)
        configure(http, ssh="dropped", ssh_drop_seconds=0.5)
        await asyncio.wait_for(pod.wait_closed(), 10)
    for _ in range(2):
        async with await dial(sandbox, port) as pod:
            await asyncio.wait_for(pod.wait_closed(), 10)
    configure(http, ssh="open")
    async with await dial(sandbox, port) as pod:
        assert (await pod.run("a=$(wc -l < ticks); sleep 0.7; test $(wc -l < ticks) -gt $a")).exit_status == 0
