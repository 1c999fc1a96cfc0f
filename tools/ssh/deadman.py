"""The dead man's timer of a pod: armed over SSH, then on its own; see `tools.ssh.remote_deadman`."""

import re
from datetime import datetime

import asyncssh

from tools.errors import HostUnreachable
from tools.ports import RemoteHome, Timer
from tools.ssh import remote_deadman
from tools.ssh.channel import run, run_checked
from tools.ssh.quoting import END_MARK

_URL = re.compile(r"https?://[!#-\[\]-~]+", re.ASCII)
"""Neither blanks nor control characters nor what curl's config file would unquote."""
_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_QUICK = 30.0
_ARMING = 60.0
"""Seconds: up to three tools wait ten seconds each for an answer."""


async def arm(connection: asyncssh.SSHClientConnection, home: RemoteHome, timer: Timer, now: datetime) -> str:
    """Start the pod's timer, unless a live one is there; either way the pod has heard of us.

    The time that is left is counted from now in the pod's uptime, so that a wrong clock there does not move it.

    Returns:
        "", or why it is not armed.

    Raises:
        HostUnreachable: the connection was lost.
    """
    if not _URL.fullmatch(timer.api_url) or not _ORDER_ID.fullmatch(timer.order_id):
        return "the order's address can't be written down"
    left = round((timer.acts_at - now).total_seconds() * 100)
    if left <= 0:
        return "its paid hours are nearly over"
    url, silence = f"{timer.api_url}/order/{timer.order_id}", timer.silence_seconds * 100
    payload = f"{url}\n{left}\n{silence}\n{int(home.on_volume)}\n".encode("ascii") + END_MARK
    variables = {"home": home.path, "timer": remote_deadman.TIMER}
    output, ended = await run(connection, remote_deadman.ARM, variables, payload, seconds=_ARMING)
    if ended.code:
        return f"the pod can't run it (status {ended.code}): {ended.complaint or 'no message'}"
    return _why_not(output.decode("ascii", "replace").split())


def _why_not(said: list[str]) -> str:
    match said:
        case ["armed"]:
            return ""
        case ["no-tool"]:
            return "the pod has neither curl nor wget nor python3"
        case ["refused", "000"]:
            return "the API does not answer the pod"
        case ["refused", code] if code.isascii() and code.isdigit():
            return f"the API refused to show the pod its own order ({code})"
        case _:
            return "the API's answer to the pod is not its own order"


async def heartbeat(connection: asyncssh.SSHClientConnection, home: RemoteHome) -> None:
    """Tell the timer that the agent lives; nothing where there is none. Raises `HostUnreachable`."""
    await run_checked(
        connection,
        remote_deadman.HEARTBEAT,
        {"home": home.path},
        error=HostUnreachable,
        doing="telling the timer that we live",
        seconds=_QUICK,
    )


async def mark_collected(connection: asyncssh.SSHClientConnection, home: RemoteHome) -> None:
    """Let the timer terminate instead of stop; nothing where the job left no exit code. Raises `HostUnreachable`."""
    await run_checked(
        connection,
        remote_deadman.MARK,
        {"home": home.path},
        error=HostUnreachable,
        doing="marking the results as collected",
        seconds=_QUICK,
    )
