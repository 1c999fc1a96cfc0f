"""Login material: which keys a pod is offered, in which order, and how they are named when it refuses them."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncssh

from tools.errors import Malformed

_DEFAULT_NAMES = ("id_ed25519", "id_rsa")
_AGENT_KEYS_OFFERED = 4
"""OpenSSH's server hangs up after six refused keys; two are left for the files."""


@dataclass(frozen=True, slots=True)
class OfferedKey:
    """A key and the name it has in messages: where it comes from and its fingerprint, never its content."""

    name: str
    pair: asyncssh.SSHKeyPair


@dataclass(frozen=True, slots=True)
class LoginKeys:
    """Keys to offer: those of the agent first, then the files.

    Attributes:
        files: keys read from disk.
        agent_path: the ssh-agent's socket, or None.
        unused: files that were found and can't be used, with the reason.
    """

    files: tuple[OfferedKey, ...] = ()
    agent_path: str | None = None
    unused: tuple[str, ...] = ()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[OfferedKey, ...]]:
        """The keys to offer; the agent is held open until the block ends, because it signs."""
        agent = await _open_agent(self.agent_path)
        if agent is None:
            yield self.files
            return
        try:
            pairs = list(await agent.get_keys())[:_AGENT_KEYS_OFFERED]
        except ValueError:
            pairs = []
        held = tuple(OfferedKey(f"ssh-agent {_fingerprint(pair)}", pair) for pair in pairs)
        known = {offered.pair.public_data for offered in held}
        try:
            yield held + tuple(offered for offered in self.files if offered.pair.public_data not in known)
        finally:
            agent.close()
            await agent.wait_closed()


def load_keys(key_path: Path | None, agent_path: str | None, ssh_folder: Path) -> LoginKeys:
    """Collect login keys: `key_path` alone if given, else the agent and the default files of `ssh_folder`.

    Raises:
        Malformed: `key_path` can't be read, is no private key, or needs a passphrase.
    """
    if key_path is not None:
        return LoginKeys(files=(_read(key_path.expanduser()),))
    files: list[OfferedKey] = []
    unused: list[str] = []
    for path in key_files(None, ssh_folder):
        if not path.is_file():
            continue
        try:
            files.append(_read(path))
        except Malformed as exc:
            unused.append(str(exc))
    return LoginKeys(tuple(files), agent_path or None, tuple(unused))


def key_files(key_path: Path | None, ssh_folder: Path) -> tuple[Path, ...]:
    """Where `load_keys` looks for keys on disk; not all of them need be there."""
    return (key_path.expanduser(),) if key_path is not None else tuple(ssh_folder / name for name in _DEFAULT_NAMES)


def _read(path: Path) -> OfferedKey:
    try:
        key = asyncssh.read_private_key(path)
        pair = asyncssh.load_keypairs([key])[0]
    except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as exc:
        if "passphrase" in str(exc).lower():
            raise Malformed(f"{path} needs a passphrase: load it with `ssh-add {path}`, or name another key") from exc
        raise Malformed(f"{path} is not a private key that can be used") from exc
    except OSError as exc:
        raise Malformed(f"{path} can't be read: {os.strerror(exc.errno or 0)}") from exc
    return OfferedKey(f"{path} {_fingerprint(pair)}", pair)


async def _open_agent(path: str | None) -> asyncssh.SSHAgentClient | None:
    if path is None:
        return None
    try:
        return await asyncssh.connect_agent(path)
    except (OSError, asyncssh.Error):
        return None


def _fingerprint(pair: asyncssh.SSHKeyPair) -> str:
    """OpenSSH's form, as `ssh-keygen -l` prints it."""
    return "SHA256:" + b64encode(sha256(pair.key_public_data).digest()).decode().rstrip("=")
