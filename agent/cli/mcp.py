"""mcp: a server for MCP clients on stdin and stdout."""

import asyncio
import signal
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from agent.assemble_parts import open_parts
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.cli.terminal import TerminalFace
from agent.errors import BadSettings
from agent.extras import need
from agent.mind.folder import folder_for
from agent.parts import Parts
from agent.settings import Settings
from tools.errors import MarketUnavailable

AWAKE_SECONDS = 300.0


def mcp(*, sandbox: bool, folder: Path | None) -> None:
    """Answer until the client hangs up, SIGTERM or SIGINT; exits with 0 then.

    Args:
        folder: below which job files and workdirs are; None for the current one.
    """
    with output.clear_errors():
        need("mcp", "mcp")
        if sys.stdin is None or sys.stdout is None:
            raise BadSettings("MCP is spoken on stdin and stdout, and one of them is closed")
        if sys.stdin.isatty():
            output.aside("this speaks MCP on stdin and stdout: it is for a client's configuration; Ctrl-C ends it")
        asyncio.run(_serve(settings_or_fail(), sandbox=sandbox, folder=folder))
        sys.exit(0)


async def _serve(settings: Settings, *, sandbox: bool, folder: Path | None) -> None:
    from agent.mcp.server import server_of
    from agent.mcp.stdio import speak, wire
    from agent.mind.toolkit import acting_tools, reading_tools
    from tools.ssh.snapshot import pack

    serving = asyncio.current_task()
    assert serving is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        async with AsyncExitStack() as stack:
            source, sink = stack.enter_context(wire())
            parts = await stack.enter_async_context(
                open_parts(settings, sandbox=sandbox, face=TerminalFace(sys.stderr))
            )
            if sandbox:
                stack.callback(asyncio.create_task(keep_awake(parts)).cancel)
            place = Path.cwd() if folder is None else _usable(folder, parts.home.path)
            await speak(server_of([*reading_tools(parts), *acting_tools(parts, pack, place)]), source, sink)


async def keep_awake(parts: Parts) -> None:
    """Ask the sandbox for something before it is idle for good: the client's next question may come later."""
    while True:
        await parts.clock.sleep(AWAKE_SECONDS)
        with suppress(MarketUnavailable):
            await parts.market.gpus()


def _usable(folder: Path, store: Path) -> Path:
    """Raises `BadJob` or `BadSettings` for a folder whose files may go to no pod: better now than at the first job."""
    place = folder.expanduser()  # no shell has read a client's configuration
    if not place.is_dir():
        raise BadSettings(f"--folder: {place} is no folder")
    return folder_for(place, store)
