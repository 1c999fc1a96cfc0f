"""What the provider says about reaching a pod, parsed strictly: it never meets a shell or `ssh`'s option parser."""

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass

from tools.errors import HostUnreachable, Malformed

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST = 512
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,31}", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_KEY_PATH = re.compile(r"[A-Za-z0-9_~./][A-Za-z0-9_~./@+-]{0,254}", re.ASCII)

_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, GCP, Azure and most others
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # GCP
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure's host agent: a public address in form only
    )
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a pod's SSH server is said to be."""

    user: str
    host: str
    port: int = 22


def parse_address(access: str) -> Address:
    """Read `ssh [-p N] [-i PATH] user@host [-p N]`; the path is ignored.

    Raises:
        Malformed: any other option, order, character or length.
    """
    if len(access) > _LONGEST or not access.isascii() or not access.isprintable():
        raise Malformed("the pod's SSH address is too long or has characters that don't belong there")
    words = access.split(" ")
    if words[0] != "ssh":
        raise Malformed("the pod's SSH address does not begin with `ssh`")
    before, target, after = _around_target([word for word in words[1:] if word])
    ports = _options(before, {"-p", "-i"}) + _options(after, {"-p"})
    if len(ports) > 1:
        raise Malformed("the pod's SSH address names two ports")
    user, _, host = target.partition("@")
    return Address(_user(user), _host(host), ports[0] if ports else 22)


def _around_target(words: list[str]) -> tuple[list[str], str, list[str]]:
    targets = [index for index, word in enumerate(words) if "@" in word and (index == 0 or words[index - 1] != "-i")]
    if len(targets) != 1:
        raise Malformed("the pod's SSH address needs exactly one user@host")
    at = targets[0]
    return words[:at], words[at], words[at + 1 :]


def _options(words: list[str], allowed: set[str]) -> list[int]:
    """The ports among option words; every option at most once, each with its value."""
    ports: list[int] = []
    seen: set[str] = set()
    for name, value in zip(words[::2], [*words[1::2], ""][: len(words[::2])], strict=True):
        if name not in allowed or name in seen:
            raise Malformed("the pod's SSH address has an option other than -p and -i, or one twice")
        seen.add(name)
        if name == "-p":
            ports.append(_port(value))
        elif not _KEY_PATH.fullmatch(value):
            raise Malformed("the key path in the pod's SSH address is not a plain path")
    return ports


def _port(text: str) -> int:
    if not _PORT.fullmatch(text) or int(text) > 65535:
        raise Malformed("the port in the pod's SSH address is not a number from 1 to 65535")
    return int(text)


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise Malformed("the user in the pod's SSH address is not a plain login name")
    return text


def _host(text: str) -> str:
    if ":" in text and "%" not in text:
        try:
            return str(ipaddress.IPv6Address(text))
        except ValueError as exc:
            raise Malformed("the host in the pod's SSH address is not an IPv6 address") from exc
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Malformed("the host in the pod's SSH address is not a plain host name or IP address")
    if labels[-1][0].isdigit():
        _require_ipv4(text)
    return text.lower()


def _require_ipv4(text: str) -> None:
    """Names that resolvers read as numbers (`127.1`, `0x7f.1`, `2130706433`) are IPv4 in full, or refused."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError as exc:
        raise Malformed("the host in the pod's SSH address looks like a number but is no IPv4 address") from exc


async def resolve(address: Address, *, allow_private: bool) -> IPAddress:
    """Look the host up once; the answer is checked here and is what must be dialled, so that DNS can't change between.

    Raises:
        HostUnreachable: the name does not resolve (yet).
        Malformed: it is an address that may never be dialled, or a private one where those are not allowed.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise HostUnreachable(f"{address.host} does not resolve") from exc
    if not found:
        raise HostUnreachable(f"{address.host} does not resolve")
    ip = _unwrap(ipaddress.ip_address(found[0][4][0]))
    check_dialable(ip, allow_private=allow_private)
    return ip


def check_dialable(ip: IPAddress, *, allow_private: bool) -> None:
    """Refuse addresses that no pod can have.

    Raises:
        Malformed: link-local, metadata, multicast, unspecified or reserved, always; loopback, private, shared and every
            other address that is not global, unless `allow_private`.
    """
    ip = _embedded(ip)
    never = ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified
    reserved = ip.is_reserved and not ip.is_loopback
    if never or reserved or (ip.version == 4 and ip in _THIS_NETWORK):
        raise Malformed(
            f"a pod can't be at {ip}: that address is link-local, multicast, reserved or a metadata service"
        )
    if not ip.is_global and not allow_private:
        raise Malformed(f"the pod is at {ip}, which is private; the policy's network.allow_private_hosts forbids that")


def _unwrap(ip: IPAddress) -> IPAddress:
    mapped = ip.ipv4_mapped if ip.version == 6 else None
    return mapped or ip


def _embedded(ip: IPAddress) -> IPAddress:
    """The IPv4 address that a mapped, 6to4 or NAT64 address leads to, else the address itself."""
    if ip.version == 4:
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
