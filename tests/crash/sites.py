"""The boundaries at which a process may be killed, listed by the code itself so that a new one can't be forgotten.

A *boundary* is a call that touches the world: an endpoint, a pod, a transaction, a file, a node, a step of the watcher.
A *site* is a moment of it, `boundary:moment`, e.g. `market.rent_with_credits:sent` or `log.settle:after`.
"""

import inspect
import pkgutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from importlib import import_module
from types import FunctionType
from typing import Any

import httpx
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

import agent
import tools
from agent import graph, job_log
from agent.checkpoints_postgres import PostgresSaver
from agent.folders import write_atomically
from agent.graph import STEPS
from agent.watcher import Watcher
from tools.gpuhog.client import GpuHog
from tools.ports import Market, Pods, PodSession
from tools.spend_log.journal import Journal
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.postgres.log import PostgresSpendLog
from tools.ssh import receive, snapshot
from tools.ssh.session import SshPods, SshSession

Reached = Callable[[str], None]
"""Told the name of every site as it is reached."""

AROUND = ("before", "after")

IN_A_CALL = {
    "http11.send_request_headers.started": "sending",
    "http11.send_request_body.complete": "sent",
    "http11.receive_response_headers.complete": "answered",
    "http11.receive_response_body.complete": "read",
}
"""httpcore's own events of one request, and the moments they are here."""

OF_A_CALL = ("before", *IN_A_CALL.values(), "after")

FILE_WRITERS: tuple[FunctionType, ...] = tuple(
    function
    for function in (job_log._append, job_log.put_away, receive.put, snapshot.pack)
    if isinstance(function, FunctionType)
)
"""What puts files of a run in place, beside `write_atomically`, which is a boundary of its own wherever it is used."""

_endpoint: ContextVar[str] = ContextVar("endpoint", default="")


def boundaries() -> dict[str, tuple[str, ...]]:
    """Every boundary with its moments."""
    found: dict[str, tuple[str, ...]] = {}
    found |= {f"market.{name}": AROUND if name == "aclose" else OF_A_CALL for name in public(Market)}
    names = [
        *(f"pod.{name}" for name in (*public(Pods), *public(PodSession))),
        *(f"log.{name}" for name in writers(SqliteSpendLog)),
        *(f"journal.{name}" for name in public(Journal)),
        *(f"checkpoint.{name}" for name in checkpoint_writers()),
        *(f"node.{name}" for name in STEPS),
        *(f"watcher.{name}" for name in public(Watcher)),
        *(f"file.{function.__name__.strip('_')}" for function in FILE_WRITERS),
        *(f"file.{place}" for place in atomic_writers()),
    ]
    return found | dict.fromkeys(names, AROUND)


def sites() -> list[str]:
    """Every site, sorted."""
    return sorted(f"{boundary}:{moment}" for boundary, moments in boundaries().items() for moment in moments)


def public(owner: type) -> list[str]:
    """The methods that a class or a port itself defines."""
    return [name for name, found in vars(owner).items() if inspect.isfunction(found) and not name.startswith("_")]


def writers(log: type) -> list[str]:
    """The methods of a spend log that open a transaction which writes."""
    methods = inspect.getmembers(log, inspect.isfunction)
    return [name for name, method in methods if "_write" in method.__code__.co_names]


def checkpoint_writers() -> list[str]:
    """What LangGraph calls on a checkpointer to write."""
    return ["setup", *(name for name in dir(AsyncSqliteSaver) if name.startswith(("aput", "adelete")))]


def atomic_writers() -> list[str]:
    """The modules that write a file whole or not at all."""
    return [module.__name__.rpartition(".")[2] for module in _users(write_atomically)]


def _users(function: Callable[..., Any]) -> list[Any]:
    """Our modules that call a function by its name, the one that defines it left out."""
    return [
        module
        for module in modules()
        if getattr(module, function.__name__, None) is function and module.__name__ != function.__module__
    ]


@cache
def modules() -> tuple[Any, ...]:
    """Every module of the agent and of its tools, imported; the sandbox is not the agent's."""
    found = [
        one.name
        for package in (agent, tools)
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return tuple(
        import_module(name) for name in sorted(found) if not name.startswith("tools.sandbox") and "__main__" not in name
    )


def watch(reached: Reached) -> None:
    """Make this process tell every site it reaches. It can't be undone: for a forked child that ends soon."""
    for port, adapter in ((Market, GpuHog), (Pods, SshPods), (PodSession, SshSession)):
        kind = "market" if port is Market else "pod"
        for name in public(port):
            _wrap(adapter, name, f"{kind}.{name}", reached)
    for owner, kind, names in (
        (Journal, "journal", public(Journal)),
        (AsyncSqliteSaver, "checkpoint", checkpoint_writers()),
        (PostgresSaver, "checkpoint", checkpoint_writers()),
        (Watcher, "watcher", public(Watcher)),
    ):
        for name in names:
            _wrap(owner, name, f"{kind}.{name}", reached)
    graph.STEPS |= {name: wrapped(step, f"node.{name}", reached) for name, step in STEPS.items()}
    _watch_transactions(reached)
    _watch_files(reached)
    _watch_requests(reached)


def _wrap(owner: Any, name: str, boundary: str, reached: Reached) -> None:
    setattr(owner, name, wrapped(getattr(owner, name), boundary, reached))


def wrapped(function: Callable[..., Any], boundary: str, reached: Reached) -> Callable[..., Any]:
    """The function between its two moments, whether it returns, awaits or streams."""

    @wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        reached(f"{boundary}:before")
        token = _endpoint.set(boundary)
        try:
            result = await function(*args, **kwargs)
        finally:
            _endpoint.reset(token)
        reached(f"{boundary}:after")
        return result

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        reached(f"{boundary}:before")
        result = function(*args, **kwargs)
        if isinstance(result, AsyncIterator):
            return _streamed(result, boundary, reached)
        reached(f"{boundary}:after")
        return result

    return awaited if inspect.iscoroutinefunction(function) else called


async def _streamed(stream: AsyncIterator[Any], boundary: str, reached: Reached) -> AsyncIterator[Any]:
    async for item in stream:
        yield item
    reached(f"{boundary}:after")


def _watch_transactions(reached: Reached) -> None:
    """Around every transaction that writes, under the name of the method that opened it, on the list or not."""
    for log in (SqliteSpendLog, PostgresSpendLog):
        setattr(log, log._write.__name__, _watched(log._write, reached))


def _watched(begin: Callable[[Any], AbstractContextManager[Any]], reached: Reached) -> Callable[[Any], Any]:
    def begun(log: Any) -> AbstractContextManager[Any]:
        return _between(begin(log), f"log.{sys._getframe(1).f_code.co_name}", reached)

    return begun


@contextmanager
def _between(transaction: AbstractContextManager[Any], boundary: str, reached: Reached) -> Iterator[Any]:
    reached(f"{boundary}:before")
    with transaction as db:
        yield db
    reached(f"{boundary}:after")


def _watch_files(reached: Reached) -> None:
    for function in FILE_WRITERS:
        watched = wrapped(function, f"file.{function.__name__.strip('_')}", reached)
        for module in (sys.modules[function.__module__], *_users(function)):
            setattr(module, function.__name__, watched)
    for module in _users(write_atomically):
        watched = wrapped(write_atomically, f"file.{module.__name__.rpartition('.')[2]}", reached)
        module.write_atomically = watched


def _watch_requests(reached: Reached) -> None:
    """The moments inside a request, under the name of the endpoint's method."""
    send = httpx.AsyncHTTPTransport.handle_async_request

    async def sent(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "trace": _tracing(_endpoint.get(), reached)}
        return await send(transport, request)

    setattr(httpx.AsyncHTTPTransport, send.__name__, sent)


def _tracing(endpoint: str, reached: Reached) -> Callable[[str, object], Awaitable[None]]:
    async def trace(event: str, _info: object) -> None:
        if event in IN_A_CALL:
            reached(f"{endpoint}:{IN_A_CALL[event]}")

    return trace
