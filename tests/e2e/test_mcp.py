"""`swineherd mcp` as a process of its own, as Claude and Cursor start it, and the human beside it."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.e2e.swineherd import ASK, COMMAND, Swineherd

pytestmark = pytest.mark.timeout(150)

HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def server(herd: Swineherd, folder: Path) -> StdioServerParameters:
    """As it stands in a client's configuration."""
    arguments = [*COMMAND[1:], "mcp", "--sandbox", "--folder", str(folder)]
    return StdioServerParameters(command=COMMAND[0], args=arguments, env=herd.env())


async def test_a_client_asks_a_human_approves_and_the_job_is_done(herd: Swineherd, tmp_path: Path) -> None:
    """What is submitted waits for `resume`, what it would cost for a yes; the client sees how it goes, and no code."""
    herd = herd.policy(ASK)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text("open('metrics.json', 'w').write('{}'); print('step 1 of 1')\n")
    async with Client(server(herd, folder), read_timeout_seconds=60) as client:
        assert {"quote_job", "submit_job"} <= {tool.name for tool in (await client.list_tools()).tools}
        quote = await told(client, "quote_job", hours=1)
        asked = await told(client, "submit_job", run="python3 train.py", hours=1, outputs=["metrics.json"])
        run_id = asked["run_id"]
        assert (quote["decision"], f"swineherd resume {run_id}" in asked["next"]) == ("ask", True)
        assert herd.show(run_id)["status"] == "queued"

        assert (await by_hand(herd, "resume", run_id, "--no-wait", "--json"))["status"] == "waiting_for_human"
        status = await told(client, "run_status", run_id=run_id)
        approval = herd.show(run_id)["approval"]
        assert (status["waits_for"]["approval_usd"], status["step"]) == (approval["amount_usd"], "escalate")
        assert approval["code"] not in json.dumps(status)

        herd.run("approve", run_id, "--code", approval["code"], "--amount", approval["amount_usd"])
        done = await by_hand(herd, "resume", run_id, "--json")
        assert done["status"] == "succeeded"
        herd.assert_gone(done)
        uris = [one.uri for one in (await client.list_resources()).resources]
        assert f"swineherd://runs/{run_id}" in uris
        run, log = [await read(client, f"swineherd://runs/{run_id}{part}") for part in ("", "/log")]
        assert (run["status"], "step 1 of 1" in log["said"]) == ("succeeded", True)
        assert not [order for order in done["order_ids"] if order in json.dumps([run, log])]


async def told(client: Client, name: str, **given: Any) -> dict[str, Any]:
    """What a tool answers."""
    answer = await client.call_tool(name, given)
    assert not answer.is_error, answer
    assert isinstance(answer.structured_content, dict)
    return answer.structured_content


async def read(client: Client, uri: str) -> dict[str, Any]:
    """What a resource holds."""
    (content,) = (await client.read_resource(uri)).contents
    found = json.loads(content.model_dump()["text"])
    assert isinstance(found, dict)
    return found


async def by_hand(herd: Swineherd, *arguments: str) -> dict[str, Any]:
    """What a command prints that is run beside the server."""
    return (await asyncio.to_thread(herd.run, *arguments)).document


@contextmanager
def speaking(herd: Swineherd) -> Iterator[subprocess.Popen[bytes]]:
    """A server that has shaken hands, after a line that was none; what it logs is in `stderr.txt`."""
    with (herd.scratch / "stderr.txt").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "mcp"],
            env=herd.env(),
            cwd=herd.scratch,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
        process.stdin.write(b"hello\n" + json.dumps(hello).encode() + b"\n")
        refused, welcome = (json.loads(process.stdout.readline()) for _ in range(2))
        assert (refused["error"]["code"], welcome["result"]["serverInfo"]["name"]) == (-32700, "swineherd")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "hangs up"])
def test_it_ends_without_a_word(bare: Swineherd, how: str) -> None:
    """By a signal, while it waits for the client, and when the client is gone: exit 0, and no more on the wire."""
    with speaking(bare) as process:
        if how == "hangs up":
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        else:
            process.send_signal(signal.Signals[how])
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert (bare.scratch / "stderr.txt").read_text() == ""


@pytest.mark.parametrize(("folder", "words"), [("~/none", "is no folder"), ("~", "would be uploaded")])
def test_a_folder_that_will_not_do_is_2(bare: Swineherd, folder: str, words: str) -> None:
    """Said at once, on stderr: the one that is not there, and the user's home."""
    done = bare.run("mcp", "--folder", folder)
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr


def test_stdin_that_is_closed_is_2(bare: Swineherd) -> None:
    """There is nobody to speak with."""
    code = "import os, sys; os.close(0); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *COMMAND, "mcp"], env=bare.env(), capture_output=True, text=True)  # noqa: PLW1510
    assert (done.returncode, done.stdout) == (2, "")
    assert "one of them is closed" in done.stderr
