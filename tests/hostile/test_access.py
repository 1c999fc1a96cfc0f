"""`access.ssh`: one documented form, to an address a pod can have; everything else is dialled never and run never."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from policies.policy import Network, Policy
from tests.agent.world import PRICE
from tests.hostile.conftest import MakeHostile
from tests.hostile.doors import GuardedPods, Names
from tests.hostile.hostile import CREDITS, Hostile
from tests.hostile.provider import field_is, text, while_it_lives
from tools.spend_log.rows import Run, RunStatus

PRIVATE = replace(CREDITS, network=Network(allow_private_hosts=True))

DNS = {
    "inside.test": ("10.0.0.5",),
    "localhost.test": ("127.0.0.1",),
    "metadata.test": ("169.254.169.254",),
    "mapped.test": ("::ffff:169.254.169.254",),
    "rebinding.test": ("1.1.1.1", "169.254.169.254"),
    "localhost": ("127.0.0.1",),
}


@dataclass(frozen=True, slots=True)
class Access:
    """One `access.ssh`, and the words it is refused with."""

    attack: str
    access: str
    says: str


FORM = "the pod's SSH address"
OPTION = "has an option other than -p and -i, or one twice"
ONE_TARGET = "needs exactly one user@host"
HOST = "the host in the pod's SSH address is not a plain host name or IP address"
USER = "the user in the pod's SSH address is not a plain login name"
PORT = "the port in the pod's SSH address is not a number from 1 to 65535"
NUMBER = "looks like a number but is no IPv4 address"
CHARACTERS = "too long or has characters that don't belong there"

FORMS = (
    Access("proxy-command", "ssh -oProxyCommand=touch${IFS}x root@1.1.1.1", OPTION),
    Access("proxy-command-apart", "ssh -o ProxyCommand=id root@1.1.1.1", OPTION),
    Access("proxy-command-behind", "ssh root@1.1.1.1 -oProxyCommand=id", OPTION),
    Access("local-command", "ssh -oPermitLocalCommand=yes -oLocalCommand=id root@1.1.1.1", OPTION),
    Access("config-file", "ssh -F /tmp/evil root@1.1.1.1", OPTION),
    Access("jump-host", "ssh -J evil.test root@1.1.1.1", OPTION),
    Access("agent-forwarding", "ssh -A root@1.1.1.1", OPTION),
    Access("port-forwarding", "ssh -R 22:localhost:22 root@1.1.1.1", OPTION),
    Access("end-of-options", "ssh -- root@1.1.1.1", OPTION),
    Access("option-as-the-key-path", "ssh -i -oProxyCommand=id root@1.1.1.1", "not a plain path"),
    Access("command-as-the-key-path", "ssh -i $(id) root@1.1.1.1", "not a plain path"),
    Access("key-path-behind", "ssh root@1.1.1.1 -i key", OPTION),
    Access("command", "ssh root@1.1.1.1 id", OPTION),
    Access("command-after-the-port", "ssh root@1.1.1.1 -p 22 id", OPTION),
    Access("semicolon", "ssh root@1.1.1.1;id", HOST),
    Access("pipe", "ssh root@1.1.1.1|id", HOST),
    Access("ampersand", "ssh root@1.1.1.1&id", HOST),
    Access("substitution", "ssh root@$(id)", HOST),
    Access("backticks", "ssh root@`id`", HOST),
    Access("quotes", "ssh 'root'@1.1.1.1", USER),
    Access("redirection", "ssh root@1.1.1.1 > /etc/passwd", OPTION),
    Access("newline-and-command", "ssh root@1.1.1.1\nid", CHARACTERS),
    Access("carriage-return", "ssh root@1.1.1.1\r -p 22", CHARACTERS),
    Access("nul", "ssh root@1.1.1.1\x00", CHARACTERS),
    Access("terminal-escape", "ssh root@1.1.1.1\x1b[2J", CHARACTERS),
    Access("bidi-override", "ssh root@\u202e1.1.1.1", CHARACTERS),
    Access("homoglyph-host", "ssh root@pоd.test", CHARACTERS),
    Access("no-break-space", "ssh\u00a0root@1.1.1.1", CHARACTERS),
    Access("overlong", "ssh root@1.1.1.1" + " " * 600, "access.ssh: String should have at most 512 characters"),
    Access("another-program", "bash root@1.1.1.1", f"{FORM} does not begin with `ssh`"),
    Access("path-of-a-program", "/tmp/ssh root@1.1.1.1", f"{FORM} does not begin with `ssh`"),
    Access("a-link", "https://evil.test/", f"{FORM} does not begin with `ssh`"),
    Access("nothing-but-ssh", "ssh", ONE_TARGET),
    Access("no-user", "ssh 1.1.1.1", ONE_TARGET),
    Access("two-targets", "ssh root@1.1.1.1 root@198.51.100.1", ONE_TARGET),
    Access("user-begins-with-a-dash", "ssh -lroot@1.1.1.1", USER),
    Access("host-begins-with-a-dash", "ssh root@-oProxyCommand=id", HOST),
    Access("user-with-a-password", "ssh root:secret@1.1.1.1", USER),
    Access("two-ports", "ssh -p 22 root@1.1.1.1 -p 2222", "names two ports"),
    Access("port-zero", "ssh root@1.1.1.1 -p 0", PORT),
    Access("port-above-the-last", "ssh root@1.1.1.1 -p 65536", PORT),
    Access("negative-port", "ssh root@1.1.1.1 -p -22", PORT),
    Access("octal-port", "ssh root@1.1.1.1 -p 022", PORT),
    Access("hexadecimal-port", "ssh root@1.1.1.1 -p 0x16", PORT),
    Access("arabic-indic-port", "ssh root@1.1.1.1 -p ٢٢", CHARACTERS),
    Access("fullwidth-port", "ssh root@1.1.1.1 -p ２２", CHARACTERS),
    Access("port-without-a-value", "ssh root@1.1.1.1 -p", PORT),
    Access("port-of-five-thousand-digits", "ssh root@1.1.1.1 -p " + "9" * 400, PORT),
    Access("shortened-loopback", "ssh root@127.1", NUMBER),
    Access("decimal-loopback", "ssh root@2130706433", NUMBER),
    Access("hexadecimal-loopback", "ssh root@0x7f000001", NUMBER),
    Access("octal-loopback", "ssh root@0177.0.0.1", NUMBER),
    Access("hexadecimal-metadata", "ssh root@0xa9fea9fe", NUMBER),
    Access("zone-of-an-interface", "ssh root@fe80::1%eth0", HOST),
    Access("brackets", "ssh root@[::1]", "is not an IPv6 address"),
)

ONLY_WITH_LEAVE = "which is private; the policy's network.allow_private_hosts forbids that"

PRIVATE_PLACES = (
    Access("loopback", "ssh root@127.0.0.1", ONLY_WITH_LEAVE),
    Access("loopback-elsewhere", "ssh root@127.8.8.8 -p 22", ONLY_WITH_LEAVE),
    Access("loopback-ipv6", "ssh root@::1", ONLY_WITH_LEAVE),
    Access("private-10", "ssh root@10.0.0.5", ONLY_WITH_LEAVE),
    Access("private-172", "ssh root@172.16.0.1", ONLY_WITH_LEAVE),
    Access("private-192", "ssh root@192.168.1.1", ONLY_WITH_LEAVE),
    Access("shared-100-64", "ssh root@100.64.0.1", ONLY_WITH_LEAVE),
    Access("unique-local-ipv6", "ssh root@fd00::1", ONLY_WITH_LEAVE),
    Access("mapped-private", "ssh root@::ffff:10.0.0.5", ONLY_WITH_LEAVE),
    Access("mapped-loopback", "ssh root@::ffff:127.0.0.1", ONLY_WITH_LEAVE),
    Access("nat64-of-loopback", "ssh root@64:ff9b::7f00:1", ONLY_WITH_LEAVE),
    Access("name-of-loopback", "ssh root@localhost", ONLY_WITH_LEAVE),
    Access("name-that-leads-to-loopback", "ssh root@localhost.test", ONLY_WITH_LEAVE),
    Access("name-that-leads-inside", "ssh root@inside.test", ONLY_WITH_LEAVE),
)

NOWHERE = "that address is link-local, multicast, reserved or a metadata service"

NO_PLACES = (
    Access("metadata-service", "ssh root@169.254.169.254 -p 80", NOWHERE),
    Access("metadata-service-ipv6", "ssh root@fd00:ec2::254", NOWHERE),
    Access("metadata-service-of-another-cloud", "ssh root@100.100.100.200", NOWHERE),
    Access("host-agent", "ssh root@168.63.129.16", NOWHERE),
    Access("mapped-metadata", "ssh root@::ffff:169.254.169.254", NOWHERE),
    Access("6to4-of-metadata", "ssh root@2002:a9fe:a9fe::1", NOWHERE),
    Access("name-that-leads-to-metadata", "ssh root@metadata.test", NOWHERE),
    Access("name-that-leads-to-mapped-metadata", "ssh root@mapped.test", NOWHERE),
    Access("link-local", "ssh root@169.254.1.1", NOWHERE),
    Access("link-local-ipv6", "ssh root@fe80::1", NOWHERE),
    Access("unspecified", "ssh root@0.0.0.0", NOWHERE),
    Access("this-network", "ssh root@0.0.0.1", NOWHERE),
    Access("multicast", "ssh root@224.0.0.1", NOWHERE),
    Access("broadcast", "ssh root@255.255.255.255", NOWHERE),
)


@dataclass(frozen=True, slots=True)
class Literal:
    """The whole of `access` as a piece of JSON, and what is told of it."""

    attack: str
    literal: str
    says: str


LITERALS = (
    Literal("number", '{"ssh": 22}', "access.ssh: Input should be a valid string"),
    Literal("list-of-arguments", '{"ssh": ["ssh", "root@1.1.1.1"]}', "access.ssh: Input should be a valid string"),
    Literal("text-for-the-object", '"ssh root@1.1.1.1"', "access: Input should be a valid dictionary"),
    Literal("duplicate-key", '{"ssh": "ssh a@1.1.1.1", "ssh": "ssh b@10.0.0.5"}', "a key is there twice"),
    Literal("half-a-character", '{"ssh": "ssh root@1.1.1.1\\ud800"}', "unable to parse raw data as a unicode string"),
    Literal("null-for-ever", '{"ssh": null}', "still running after 3 minutes"),
)

TABLES = (FORMS, PRIVATE_PLACES, NO_PLACES, LITERALS)


def attack(row: Access | Literal) -> str:
    """For pytest's ids."""
    return row.attack


def guarded(hostile: Hostile, monkeypatch: pytest.MonkeyPatch, policy: Policy) -> GuardedPods:
    """The world with real doors before its pods and an attacker's DNS."""
    folder = hostile.world.root / "no-keys"
    folder.mkdir()
    pods = GuardedPods(hostile.world.pods, folder, allow_private=policy.network.allow_private_hosts)
    hostile.world.change(pods=pods)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Names(DNS).getaddrinfo)
    return pods


def assert_never_reached(hostile: Hostile, pods: GuardedPods, run: Run, says: str) -> None:
    """The pod is ended, what it cost is all that was spent, and nothing was dialled or run."""
    hostile.assert_ended(run, RunStatus.FAILED, 5, says)
    assert pods.dialled == []
    assert hostile.world.log.totals().spent == PRICE
    assert hostile.provider.asked("rent_with_credits") == 1
    hostile.assert_nothing_executed()
    hostile.assert_no_link(run)
    hostile.world.check()


@pytest.mark.parametrize("row", FORMS, ids=attack)
async def test_an_address_of_another_form_is_never_dialled(
    make_hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch, row: Access
) -> None:
    """Nor given to a shell or to `ssh`: what is wrong is said, and the pod is ended."""
    hostile = make_hostile(CREDITS)
    pods = guarded(hostile, monkeypatch, CREDITS)
    hostile.lie("order", while_it_lives(field_is("access", f'{{"ssh": {text(row.access)}}}')))
    assert_never_reached(hostile, pods, await hostile.world.run(), row.says)


@pytest.mark.parametrize("row", PRIVATE_PLACES, ids=attack)
async def test_a_private_address_is_never_dialled(
    make_hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch, row: Access
) -> None:
    """In whatever notation, and behind whatever name, unless the policy allows it."""
    hostile = make_hostile(CREDITS)
    pods = guarded(hostile, monkeypatch, CREDITS)
    hostile.lie("order", while_it_lives(field_is("access", f'{{"ssh": {text(row.access)}}}')))
    assert_never_reached(hostile, pods, await hostile.world.run(), row.says)


@pytest.mark.parametrize("row", NO_PLACES, ids=attack)
async def test_no_policy_lets_a_pod_be_there(
    make_hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch, row: Access
) -> None:
    """Link-local, metadata, multicast and reserved addresses, where private ones are allowed as well."""
    hostile = make_hostile(PRIVATE)
    pods = guarded(hostile, monkeypatch, PRIVATE)
    hostile.lie("order", while_it_lives(field_is("access", f'{{"ssh": {text(row.access)}}}')))
    assert_never_reached(hostile, pods, await hostile.world.run(), row.says)


@pytest.mark.parametrize("row", LITERALS, ids=attack)
async def test_an_access_that_is_no_address_is_no_way_to_the_pod(
    make_hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch, row: Literal
) -> None:
    """The pod is given its minutes, then ended."""
    hostile = make_hostile(CREDITS)
    pods = guarded(hostile, monkeypatch, CREDITS)
    hostile.lie("order", while_it_lives(field_is("access", row.literal)))
    assert_never_reached(hostile, pods, await hostile.world.run(), row.says)


@pytest.mark.parametrize(
    ("access", "dialled"),
    [
        ("ssh root@1.1.1.1 -p 22042", "root@1.1.1.1 port 22042"),
        ("ssh -i ~/.ssh/id_rsa -p 22 root@1.1.1.1", "root@1.1.1.1 port 22"),
        ("ssh root@rebinding.test", "root@1.1.1.1 port 22"),
    ],
    ids=["documented", "key-path", "name-that-leads-inside-when-asked-again"],
)
async def test_an_address_a_pod_can_have_is_dialled(
    make_hostile: MakeHostile, monkeypatch: pytest.MonkeyPatch, access: str, dialled: str
) -> None:
    """The doors do open; a name is asked for once, and the address that was checked is the one that is dialled."""
    hostile = make_hostile(CREDITS)
    pods = guarded(hostile, monkeypatch, CREDITS)
    hostile.lie("order", while_it_lives(field_is("access", f'{{"ssh": {text(access)}}}')))
    hostile.world.pods.login_refused = True
    hostile.world.pods.is_up = lambda _access: True
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.FAILED, 5, "refused every key")
    assert pods.dialled[0] == dialled
