"""Dialling: who may we be talking to, with what, and what is said when it fails."""

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from tests.openssh import openssh
from tests.tools.ssh.looking import exists, write
from tests.tools.ssh.pods import LOOPBACK, PodServer, free_port, sandbox_pod
from tools.errors import HostKeyChanged, HostUnreachable, LoginRefused, Malformed
from tools.ssh import LoginKeys, SshPods, load_keys


def key_file(path: Path, algorithm: str = "ssh-ed25519", passphrase: str | None = None) -> Path:
    """A fresh private key."""
    write(path)
    asyncssh.generate_private_key(algorithm).write_private_key(path, passphrase=passphrase)
    path.chmod(0o600)
    return path


def dialler(keys: LoginKeys, timeout: float = 10) -> SshPods:
    return SshPods(keys, allow_private=True, connect_timeout=timeout)


async def test_the_host_key_shown_first_is_the_one_to_pin(pod: PodServer) -> None:
    """It is the server's, in OpenSSH form, and the same machine is let in again with it."""
    session = await pod.connect()
    assert session.host_key == " ".join(pod.host_key.export_public_key().decode().split()[:2])
    again = await pod.pods().connect(pod.access, session.host_key)
    assert again.host_key == session.host_key
    await again.close()


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
async def test_another_host_key_is_refused(pod: PodServer, algorithm: str) -> None:
    """Of the same kind or of another: not the same machine, and nothing is sent to it."""
    await pod.connect()
    other = asyncssh.generate_private_key(algorithm).export_public_key().decode()
    with pytest.raises(HostKeyChanged, match="another host key"):
        await pod.pods().connect(pod.access, other)


async def test_a_broken_pin_is_an_error(pod: PodServer) -> None:
    """A pin that can't be read is not the same as none."""
    with pytest.raises(Malformed, match="pinned"):
        await pod.pods().connect(pod.access, "ssh-ed25519 nonsense")


async def test_refused_keys_are_named_and_never_shown(pod: PodServer, tmp_path: Path) -> None:
    """Path and fingerprint of each, so that a human can put the right one on the pod."""
    await pod.connect()
    path = key_file(tmp_path / "other")
    with pytest.raises(LoginRefused) as refused:
        await dialler(load_keys(path, None, tmp_path)).connect(pod.access, None)
    fingerprint = asyncssh.read_private_key(path).get_fingerprint()
    assert f"{path} {fingerprint}" in str(refused.value)
    assert path.read_text().splitlines()[2] not in str(refused.value)


async def test_no_key_at_all_is_said(pod: PodServer, tmp_path: Path) -> None:
    """Also that a file was found which can't be used, and why."""
    await pod.connect()
    key_file(tmp_path / "id_rsa", "ssh-rsa", passphrase="secret")
    with pytest.raises(LoginRefused, match=r"no key was found to offer; not used: .*id_rsa needs a passphrase"):
        await dialler(load_keys(None, None, tmp_path)).connect(pod.access, None)


def test_a_named_key_that_needs_a_passphrase_is_an_error(tmp_path: Path) -> None:
    """With the way out."""
    path = key_file(tmp_path / "locked", passphrase="secret")
    with pytest.raises(Malformed, match="needs a passphrase: load it with `ssh-add"):
        load_keys(path, None, tmp_path)


def test_a_named_key_that_is_none_is_an_error(tmp_path: Path) -> None:
    """A missing file, and one that holds something else."""
    with pytest.raises(Malformed, match="can't be read"):
        load_keys(tmp_path / "missing", None, tmp_path)
    with pytest.raises(Malformed, match="not a private key"):
        load_keys(write(tmp_path / "text", b"hello"), None, tmp_path)


def test_default_keys_are_taken_in_order(tmp_path: Path) -> None:
    """id_ed25519, then id_rsa; nothing else of the folder."""
    for name, algorithm in (("id_rsa", "ssh-rsa"), ("id_ed25519", "ssh-ed25519"), ("id_ecdsa", "ecdsa-sha2-nistp256")):
        key_file(tmp_path / name, algorithm)
    names = [key.name.split()[0] for key in load_keys(None, None, tmp_path).files]
    assert names == [str(tmp_path / "id_ed25519"), str(tmp_path / "id_rsa")]


@contextlib.asynccontextmanager
async def ssh_agent(folder: Path) -> AsyncIterator[str]:
    """A real ssh-agent; its socket's path is short, as the system demands."""
    path = folder / "a"
    program = openssh("ssh-agent")
    agent = await asyncio.create_subprocess_exec(program, "-D", "-a", str(path), stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            if exists(path):
                break
            await asyncio.sleep(0.02)
        yield str(path)
    finally:
        agent.terminate()
        await agent.wait()


async def test_the_agents_keys_log_in(pod: PodServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """They come before the files, and the agent may hold many that do not fit."""
    await pod.connect()
    async with ssh_agent(tmp_path_factory.mktemp("g")) as path:
        client = await asyncssh.connect_agent(path)
        keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(2)]
        await client.add_keys([*keys, asyncssh.read_private_key(pod.folder / "login")])
        client.close()
        session = await dialler(load_keys(None, path, pod.folder)).connect(pod.access, None)
        assert (await session.home("run-1")).on_volume
        await session.close()


async def test_a_full_agent_leaves_room_for_the_files(pod: PodServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server hangs up after six refusals: the file must have its turn before."""
    await pod.connect()
    key = pod.folder / "home/id_ed25519"
    await asyncio.to_thread(shutil.copy, pod.folder / "login", key)
    async with ssh_agent(tmp_path_factory.mktemp("g")) as path:
        client = await asyncssh.connect_agent(path)
        await client.add_keys([asyncssh.generate_private_key("ssh-ed25519") for _ in range(9)])
        client.close()
        session = await dialler(load_keys(None, path, key.parent)).connect(pod.access, None)
        await session.close()


async def test_an_agent_that_is_not_there_is_no_error(pod: PodServer) -> None:
    """A stale SSH_AUTH_SOCK is common."""
    await pod.connect()
    session = await dialler(replace(pod.keys, agent_path="/nowhere/agent")).connect(pod.access, None)
    await session.close()


async def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    """The caller tries again: sshd may still be coming up."""
    access = f"ssh root@{LOOPBACK} -p {free_port()}"
    with pytest.raises(HostUnreachable):
        await dialler(LoginKeys()).connect(access, None)


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n"])
async def test_what_speaks_no_ssh_is_unreachable(greeting: bytes) -> None:
    """Silence, another protocol, or a server that stops talking: given up within the timeout, and hung up."""
    hung_up = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(greet, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(HostUnreachable):
            await dialler(LoginKeys(), timeout=0.5).connect(f"ssh root@{LOOPBACK} -p {port}", None)
        await asyncio.wait_for(hung_up.wait(), 5)


async def test_a_loopback_pod_needs_the_policys_word(pod: PodServer) -> None:
    """allow_private is off by default in a policy."""
    with pytest.raises(Malformed, match="allow_private_hosts"):
        await SshPods(pod.keys, allow_private=False).connect(pod.access, None)


async def test_the_users_own_ssh_settings_play_no_part(
    pod: PodServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither config (which could run a program) nor known_hosts (which could trust or distrust) nor keys not named."""
    await pod.connect()
    ran = tmp_path / "ran"
    write(tmp_path / ".ssh/config", f"Host *\n  ProxyCommand touch {ran}\n  Port 1\n  User nobody\n".encode())
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    own = pod.host_key.export_public_key().decode()
    write(tmp_path / ".ssh/known_hosts", f"{LOOPBACK} {stranger}\n@revoked * {own}\n".encode())
    monkeypatch.setenv("HOME", str(tmp_path))
    session = await pod.pods().connect(pod.access, None)
    await session.close()
    assert not exists(ran)
    key = (pod.folder / "login").read_bytes()
    write(tmp_path / ".ssh/id_ed25519", key).chmod(0o600)
    with pytest.raises(LoginRefused, match="no key was found"):
        await dialler(LoginKeys()).connect(pod.access, None)


async def test_a_password_is_offered_when_given(tmp_path: Path) -> None:
    """For pods that take no keys; it is in no message."""

    class Server(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return password == "right"

    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.listen(LOOPBACK, 0, server_factory=Server, server_host_keys=[key])
    access = f"ssh root@{LOOPBACK} -p {server.get_port()}"
    session = await SshPods(LoginKeys(), allow_private=True, password="right").connect(access, None)
    await session.close()
    with pytest.raises(LoginRefused, match="a password") as refused:
        await SshPods(LoginKeys(), allow_private=True, password="wrong-one").connect(access, None)
    assert "wrong-one" not in str(refused.value)
    server.close()
    await server.wait_closed()


async def test_a_pod_without_a_shell_is_told_in_its_own_words(tmp_path: Path) -> None:
    """Its complaint is shown as plain text."""
    (tmp_path / "pod").mkdir()
    async with sandbox_pod(tmp_path / "pod") as pod:
        write(pod.folder / "bin/sh", b"#!/bin/bash\nprintf 'no \\033[31mshell\\n' >&2; exit 126\n").chmod(0o755)
        session = await pod.connect()
        with pytest.raises(HostUnreachable, match=r"ran no script \(status 126\): no \[31mshell"):
            await session.home("run-1")
