"""The real way to a pod up to the moment of dialling: addresses are parsed, resolved, checked and noted."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.fakes.pods import FakePods, FakePodSession
from tools.ssh.address import Address, IPAddress
from tools.ssh.keys import load_keys
from tools.ssh.session import SshPods

Resolved = tuple[Any, ...]


class Dialled(Exception):
    """The next byte would have left for a pod."""


class _Door(SshPods):
    """`SshPods` that stops before it dials."""

    def __init__(self, folder: Path, dialled: list[str], *, allow_private: bool) -> None:
        super().__init__(load_keys(None, None, folder), allow_private=allow_private)
        self._dialled = dialled

    async def _dial(self, ip: IPAddress, address: Address, *_: object) -> NoReturn:
        self._dialled.append(f"{address.user}@{ip} port {address.port}")
        raise Dialled


class GuardedPods:
    """Implements `tools.ports.Pods`: who gets past the real checks is on a fake pod.

    Attributes:
        dialled: addresses that the checks let through.
    """

    def __init__(self, inside: FakePods, folder: Path, *, allow_private: bool) -> None:
        self.dialled: list[str] = []
        self._inside = inside
        self._door = _Door(folder, self.dialled, allow_private=allow_private)

    async def connect(self, access: str, pinned_host_key: str | None) -> FakePodSession:
        try:
            await self._door.connect(access, None)
        except Dialled:
            return await self._inside.connect(access, pinned_host_key)
        raise AssertionError("a door without a way in")


class Names:
    """DNS as an attacker has it: one answer after the other, the last one for ever; literals as libc reads them."""

    def __init__(self, answers: Mapping[str, tuple[str, ...]]) -> None:
        self._answers = {name: list(addresses) for name, addresses in answers.items()}

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[Resolved]:
        """In place of the event loop's: no thread, so that virtual time stands still meanwhile."""
        known = self._answers.get(host)
        if known is None:
            flags = socket.AI_NUMERICHOST
            return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags))
        address = known.pop(0) if len(known) > 1 else known[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
