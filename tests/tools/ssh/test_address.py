"""What an order says about SSH is data from outside: one form, nothing else, and never to a shell."""

import ipaddress
import socket

import pytest

from tools.errors import HostUnreachable, Malformed
from tools.ssh.address import Address, check_dialable, parse_address, resolve

GOOD = {
    "ssh root@203.0.113.42 -p 22042": Address("root", "203.0.113.42", 22042),
    "ssh root@203.0.113.42": Address("root", "203.0.113.42", 22),
    "ssh -p 1 root@pod.example.com": Address("root", "pod.example.com", 1),
    "ssh -i ~/.ssh/id_ed25519 root@pod-1.example.com -p 65535": Address("root", "pod-1.example.com", 65535),
    "ssh -p 22 -i /k/id_rsa root@localhost": Address("root", "localhost", 22),
    "ssh -i /k/id_rsa -p 22 ubuntu_1@LOCALHOST": Address("ubuntu_1", "localhost", 22),
    "ssh  root@10.0.0.1   -p  22": Address("root", "10.0.0.1", 22),
    "ssh root@2001:db8::1 -p 22": Address("root", "2001:db8::1", 22),
    "ssh root@::ffff:10.0.0.1": Address("root", "::ffff:a00:1", 22),
    "ssh Pod-User@xn--bcher-kva.example": Address("Pod-User", "xn--bcher-kva.example", 22),
}

HOSTILE = [
    "",
    "ssh",
    "ssh ",
    "ssh root",
    "ssh @host",
    "ssh root@",
    "ssh root@a@b",
    "sshx root@host",
    "/usr/bin/ssh root@host",
    "SSH root@host",
    " ssh root@host",
    "ssh\troot@host",
    "ssh root@host\n",
    "ssh root@host\r\n-p 22",
    "ssh root@host\x00",
    "ssh root@host\x1b[31m",
    "ssh root@host -p",
    "ssh root@host -p 0",
    "ssh root@host -p 65536",
    "ssh root@host -p 022",
    "ssh root@host -p +22",
    "ssh root@host -p 22.0",
    "ssh root@host -p ٢٢",
    "ssh root@host -p22",
    "ssh -p 22 root@host -p 22",
    "ssh -p 22 -p 23 root@host",
    "ssh root@host -p 22 -p 23",
    "ssh root@host 22",
    "ssh root@host id",
    "ssh root@host; id",
    "ssh root@host;id",
    "ssh root@host -p 22 id",
    "ssh root@host -- id",
    "ssh root@$(id)",
    "ssh root@`id`",
    "ssh root@host|id",
    "ssh root@host&id",
    "ssh 'root'@host",
    "ssh root@host -i key",
    "ssh root@host -oProxyCommand=id",
    "ssh -oProxyCommand=id root@host",
    "ssh -o ProxyCommand=id root@host",
    "ssh -J evil root@host",
    "ssh -A root@host",
    "ssh -i -oProxyCommand=id root@host",
    "ssh -i a -i b root@host",
    "ssh -i $(id) root@host",
    "ssh -i root@host",
    "ssh -i " + "k" * 256 + " root@host",
    "ssh -root@host",
    "ssh -p 22 -root@host",
    "ssh root@-host",
    "ssh root@host-",
    "ssh root@-oProxyCommand=id",
    "ssh root:pw@host",
    "ssh ro.ot@host",
    "ssh 1root@host",
    "ssh " + "r" * 33 + "@host",
    "ssh rööt@host",
    "ssh root@hösten",
    "ssh root@рое.example",
    "ssh root@host..example",
    "ssh root@host.",
    "ssh root@.host",
    "ssh root@ho_st",
    "ssh root@host/24",
    "ssh root@[::1]",
    "ssh root@fe80::1%eth0",
    "ssh root@:::1",
    "ssh root@127.1",
    "ssh root@2130706433",
    "ssh root@0x7f000001",
    "ssh root@0x7f.0.0.1",
    "ssh root@0177.0.0.1",
    "ssh root@1.2.3.4.5",
    "ssh root@256.1.1.1",
    "ssh root@1.2.3",
    "ssh root@" + "a" * 64 + ".example",
    "ssh root@" + ".".join(["abcdefgh"] * 32),
    "ssh root@host" + " " * 600,
    "ssh root@host -p 22\u202e",
    "ssh\u00a0root@host",
]


@pytest.mark.parametrize(("access", "address"), GOOD.items())
def test_the_documented_form_is_read(access: str, address: Address) -> None:
    """User, host and port; the key path is ignored."""
    assert parse_address(access) == address


@pytest.mark.parametrize("access", HOSTILE)
def test_everything_else_is_refused(access: str) -> None:
    """Refused, and the message repeats nothing of it that could act on a terminal."""
    with pytest.raises(Malformed) as refused:
        parse_address(access)
    assert str(refused.value).isprintable()


NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "::",
    "fe80::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]
PRIVATE = ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"]
PRIVATE += ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1"]
PUBLIC = ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("ip", NEVER)
def test_no_policy_allows_these(ip: str) -> None:
    """Link-local, metadata services, multicast, unspecified, reserved: in any disguise."""
    with pytest.raises(Malformed):
        check_dialable(ipaddress.ip_address(ip), allow_private=True)


@pytest.mark.parametrize("ip", PRIVATE)
def test_private_ones_only_where_the_policy_says(ip: str) -> None:
    """Loopback, private and shared address space need allow_private_hosts."""
    check_dialable(ipaddress.ip_address(ip), allow_private=True)
    with pytest.raises(Malformed, match="allow_private_hosts"):
        check_dialable(ipaddress.ip_address(ip), allow_private=False)


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_ones_are_fine(ip: str) -> None:
    """No false alarm."""
    check_dialable(ipaddress.ip_address(ip), allow_private=False)


def _answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Make DNS give `answers`, one list per question; returns the questions asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answers[len(asked) - 1]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_a_name_is_resolved_once_and_its_address_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public answer now and a metadata answer later (DNS rebinding) dials the public one."""
    asked = _answering(monkeypatch, ["1.1.1.1"], ["169.254.169.254"])
    assert await resolve(Address("root", "pod.example"), allow_private=False) == ipaddress.ip_address("1.1.1.1")
    assert asked == ["pod.example"]


async def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A harmless name proves nothing."""
    _answering(monkeypatch, ["10.0.0.5"])
    with pytest.raises(Malformed):
        await resolve(Address("root", "pod.example"), allow_private=False)


async def test_a_mapped_address_is_unwrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is dialled is the IPv4 address that was checked."""
    _answering(monkeypatch, ["::ffff:10.0.0.5"])
    assert await resolve(Address("root", "pod.example"), allow_private=True) == ipaddress.ip_address("10.0.0.5")


async def test_a_name_without_an_address_is_a_pod_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retried by the caller, not an error for good."""
    _answering(monkeypatch, [])
    with pytest.raises(HostUnreachable):
        await resolve(Address("root", "pod.example"), allow_private=True)
