"""Pods over SSH, with asyncssh and with OpenSSH's own client."""

import asyncio
import hashlib
import os
import subprocess
import time
from pathlib import Path

import asyncssh
import httpx
import pytest

from tests.openssh import openssh
from tests.tools.sandbox.conftest import dial, running_pod, wait_for
from tools.sandbox.endpoint import Endpoint

BIG = 50 * 1024 * 1024


def _openssh(endpoint: Endpoint, port: int, *command: str, options: tuple[str, ...] = ()) -> list[str]:
    known = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
    login = ("-F", "none", "-i", str(endpoint.ssh_key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes")
    return [openssh("ssh"), *known, *login, *options, "-p", str(port), "root@127.0.0.1", *command]


async def test_a_command_runs_with_its_output_and_exit_status(sandbox: Endpoint, http: httpx.Client) -> None:
    """A command's stdout, stderr and exit status come back apart."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        done = await pod.run("echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.exit_status) == ("out\n", "err\n", 7)


async def test_a_death_by_signal_is_told(sandbox: Endpoint, http: httpx.Client) -> None:
    """A command that a signal ends reports the signal, not an exit status."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        done = await pod.run("kill -TERM $$")
    assert done.exit_signal is not None
    assert done.exit_signal[0] == "TERM"


async def test_a_signal_from_the_client_reaches_the_command(sandbox: Endpoint, http: httpx.Client) -> None:
    """A signal sent over the channel goes to the command and what it started."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        process = await pod.create_process("trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
        await process.stdout.readline()
        process.send_signal("TERM")
        done = await process.wait(timeout=10)
    assert (done.stdout, done.exit_status) == ("caught\n", 3)


async def test_stdin_ends_with_eof(sandbox: Endpoint, http: httpx.Client) -> None:
    """A command that reads to the end sees it when the client says so."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        done = await pod.run("wc -c", input="x" * 1000)
    assert str(done.stdout).strip() == "1000"


async def test_a_command_that_ignores_its_stdin_ends(sandbox: Endpoint, http: httpx.Client) -> None:
    """Input nobody reads is no obstacle to the exit status."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        done = await asyncio.wait_for(pod.run("exec <&-; exit 4", input="x" * 5_000_000), 20)
    assert done.exit_status == 4


async def test_a_command_may_read_on_after_closing_its_output(sandbox: Endpoint, http: httpx.Client) -> None:
    """Both outputs closed early does not cut the input off."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await pod.run("exec >/dev/null 2>&1; sleep 0.2; wc -c > ~/count", input="x" * 300_000)
        done = await pod.run("cat ~/count")
    assert str(done.stdout).strip() == "300000"


async def test_50_mb_arrive_whole_both_ways(sandbox: Endpoint, http: httpx.Client) -> None:
    """Big binary streams survive back-pressure: the SHA-256 matches on the pod and back here."""
    data = os.urandom(1024 * 1024) * 50
    expected = hashlib.sha256(data).hexdigest()
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await pod.run("cat > big", input=data, encoding=None, check=True)
        there = await pod.run("sha256sum big || shasum -a 256 big", check=True)
        back = await pod.run("cat big", encoding=None, check=True)
    assert str(there.stdout).split()[0] == expected
    assert isinstance(back.stdout, bytes)
    assert (len(back.stdout), hashlib.sha256(back.stdout).hexdigest()) == (BIG, expected)


async def test_a_slow_reader_does_not_fill_the_server(sandbox: Endpoint, http: httpx.Client) -> None:
    """A command blocks on its output while the client does not read: memory is not used to hold it."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        process = await pod.create_process("yes | head -c 80000000; echo $? > done", encoding=None)
        await asyncio.sleep(0.5)
        assert (await pod.run("test -e done")).exit_status == 1
        taken = 0
        while chunk := await process.stdout.read(1 << 20):
            taken += len(chunk)
    assert taken == 80_000_000


async def test_many_commands_at_once(sandbox: Endpoint, http: httpx.Client) -> None:
    """Channels of one connection run side by side."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        started = time.monotonic()
        done = await asyncio.gather(*[pod.run(f"sleep 0.5; echo {number}") for number in range(8)])
    assert [str(each.stdout).strip() for each in done] == [str(number) for number in range(8)]
    assert time.monotonic() - started < 3.5


async def test_the_environment_is_the_pods_own(
    sandbox: Endpoint, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the server's environment is seen by a command; what a pod promises is there."""
    monkeypatch.setenv("GPUHOG_API_KEY", "ghk_secret")
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        done = await pod.run("env; cd $SWINEHERD_WORKSPACE && cd - ")
    *lines, cwd = str(done.stdout).splitlines()
    env = dict(line.split("=", 1) for line in lines)
    own = {"PATH", "HOME", "LANG", "USER", "LOGNAME", "SWINEHERD_WORKSPACE", "SWINEHERD_VOLUME", "SWINEHERD_POD"}
    assert own <= set(env) <= own | {"PWD", "SHLVL", "_", "OLDPWD"}
    assert env["HOME"] == cwd
    assert Path(env["SWINEHERD_WORKSPACE"]) == Path(cwd).parent / "workspace"


async def test_python_is_there_and_is_not_our_environment(sandbox: Endpoint, http: httpx.Client) -> None:
    """`python` works on every pod, outside the virtual environment that the sandbox is installed in."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        done = await pod.run("python -c 'import sys; print(sys.prefix == sys.base_prefix)'")
    assert done.stdout == "True\n"


async def test_a_detached_job_survives_the_connection(sandbox: Endpoint, http: httpx.Client) -> None:
    """What `setsid nohup` starts goes on when SSH is gone, and a later connection finds its result."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await pod.run("setsid nohup sh -c 'sleep 0.5; echo late > late.txt' >/dev/null 2>&1 </dev/null &", check=True)
    await asyncio.sleep(1)
    async with await dial(sandbox, port) as pod:
        assert (await pod.run("cat late.txt")).stdout == "late\n"


async def test_a_lost_client_closes_the_commands_pipes(sandbox: Endpoint, http: httpx.Client) -> None:
    """A command that writes to a client that is gone gets SIGPIPE, as under sshd; it does not run for ever."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        await pod.create_process("echo $$ > pid; while echo tick; do sleep 0.05; done")
        await asyncio.sleep(0.3)
    async with await dial(sandbox, port) as pod:
        gone = "for i in $(seq 100); do kill -0 $(cat pid) 2>/dev/null || exit 0; sleep 0.05; done; exit 1"
        assert (await pod.run(gone)).exit_status == 0


async def test_a_wrong_key_or_user_is_refused(sandbox: Endpoint, http: httpx.Client) -> None:
    """Only root with the sandbox's own key gets in; passwords are not even asked for."""
    _, port = running_pod(http)
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    for user, key in (("root", stranger), ("admin", str(sandbox.ssh_key))):
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect(
                "127.0.0.1",
                port,
                username=user,
                client_keys=[key],
                password="root",
                known_hosts=None,
                config=None,
                agent_path=None,
            )


async def test_a_pod_forwards_nothing(sandbox: Endpoint, http: httpx.Client) -> None:
    """A pod's SSH is no way to other ports of this machine."""
    _, port = running_pod(http)
    async with await dial(sandbox, port) as pod:
        with pytest.raises(asyncssh.ChannelOpenError):
            await pod.open_connection("127.0.0.1", 1)


def test_the_private_key_is_private(sandbox: Endpoint) -> None:
    """The client key is readable by its owner only."""
    assert sandbox.ssh_key.stat().st_mode & 0o777 == 0o600


async def test_two_pods_have_folders_and_host_keys_of_their_own(sandbox: Endpoint, http: httpx.Client) -> None:
    """What one pod writes another does not see, and neither is taken for the other."""
    (_, one), (_, two) = running_pod(http), running_pod(http)
    async with await dial(sandbox, one) as first, await dial(sandbox, two) as second:
        await first.run("touch mine")
        assert (await second.run("ls")).stdout == ""
        keys = [pod.get_server_host_key() for pod in (first, second)]
    assert None not in keys
    assert keys[0] != keys[1]


def test_openssh_runs_commands(sandbox: Endpoint, http: httpx.Client) -> None:
    """OpenSSH's client logs in with the key file and gets output and exit status."""
    _, port = running_pod(http)
    done = subprocess.run(_openssh(sandbox, port, "echo hello; exit 5"), capture_output=True, timeout=30, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"hello\n", b"", 5)


def test_openssh_sends_50_mb_both_ways(sandbox: Endpoint, http: httpx.Client) -> None:
    """`cat` as a mirror: 50 MB in and out at the same time come back unchanged."""
    data = os.urandom(1024 * 1024) * 50
    _, port = running_pod(http)
    done = subprocess.run(_openssh(sandbox, port, "cat"), input=data, stdout=subprocess.PIPE, timeout=100, check=True)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest()


def test_openssh_asking_for_a_terminal_is_told(sandbox: Endpoint, http: httpx.Client) -> None:
    """`ssh -tt` for an interactive shell ends at once with a word; with a command the command runs."""
    _, port = running_pod(http)
    terminal = ("-tt",)
    shell, command = (
        subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
        for arguments in (
            _openssh(sandbox, port, options=terminal),
            _openssh(sandbox, port, "echo hello", options=terminal),
        )
    )
    assert shell.returncode == 1
    assert b"no terminal" in shell.stdout + shell.stderr
    assert (command.returncode, command.stdout) == (0, b"hello\n")


def test_openssh_pipes_a_script_into_a_shell(sandbox: Endpoint, http: httpx.Client) -> None:
    """Without a command and without a terminal a shell reads its script from stdin."""
    _, port = running_pod(http)
    done = subprocess.run(
        _openssh(sandbox, port), input=b"echo shell; exit 6\n", capture_output=True, timeout=30, check=False
    )
    assert (done.stdout, done.returncode) == (b"shell\n", 6)


def test_openssh_survives_a_killed_client(sandbox: Endpoint, http: httpx.Client, tmp_path: Path) -> None:
    """A client killed in the middle of a transfer leaves the pod usable."""
    _, port = running_pod(http)
    client = subprocess.Popen(_openssh(sandbox, port, "cat /dev/zero"), stdout=subprocess.PIPE)
    assert client.stdout
    client.stdout.read(1 << 20)
    client.kill()
    client.communicate()
    probe = _openssh(sandbox, port, "pgrep -f '[c]at /dev/zero' -c || true; echo up")
    assert wait_for(lambda: b"up" in subprocess.run(probe, capture_output=True, timeout=30, check=True).stdout)
