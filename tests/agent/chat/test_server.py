"""What `serve` answers on its port: the chat, and beside it health; and where it refuses to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from agent.chat.web.door import Door
from agent.chat.web.notice import Notice, noticed, read_notice
from agent.chat.web.place import Address
from agent.chat.web.server import Beside, serving, serving_health
from agent.cli import serve
from agent.engine.engine import Engine
from agent.errors import BadSettings
from agent.herd import Herd
from policies.policy import Chat
from tests.agent.conftest import MakeWorld
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.world import ASK, World
from tools.spend_log.holder import is_alive, this_process
from tools.ssh.snapshot import pack

HERE = Address("127.0.0.1", 0, None)
PUBLIC = replace(HERE, public_url="https://herd.example")


def engine_of(world: World) -> Engine:
    """One that does not work yet."""
    return Engine(Herd(world.parts, world.driver(), pack), PlainQueue().open)


@asynccontextmanager
async def asking(door: Door) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that was opened at the address which is shown."""
    async with httpx.AsyncClient(base_url=door.place.origin, headers={"Origin": door.place.origin}) as client:
        yield client


async def test_the_owner_of_the_terminal_logs_in(world: World) -> None:
    """Where the policy names nobody for the web; health needs no login, and is as safe."""
    async with serving(engine_of(world), HERE, "ann", sandbox=False) as door, asking(door) as client:
        assert door.people == ("web:ann",)
        assert (await client.get("/")).headers["Location"] == "/login"
        assert (await client.post(door.link("web:ann"))).status_code == 303
        assert (await client.get("/")).status_code == 200
        health = await client.get("/healthz", headers={"Cookie": ""})
        assert (health.text, health.headers["X-Content-Type-Options"]) == ("up\n", "nosniff")
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/metrics", headers={"Host": "evil.example"})).status_code == 400


async def test_who_the_policy_names_logs_in_and_not_the_owner(make_world: MakeWorld) -> None:
    """The policy is asked again at each request."""
    world = make_world(replace(ASK, chat=Chat(approvers=("slack:U1", "web:bob"))))
    async with serving(engine_of(world), HERE, "ann", sandbox=True) as door, asking(door) as client:
        assert door.people == ("web:bob",)
        assert (await client.post(door.link("web:ann"))).status_code == 403
        assert (await client.post(door.link("web:bob"))).status_code == 303
        assert door.for_link == f"swineherd serve --link --sandbox --port {door.place.origin.rpartition(':')[2]}"


async def test_nobody_elsewhere_reaches_it_where_nobody_is_named(make_world: MakeWorld) -> None:
    """It does not begin, whoever owns the terminal; named ones may."""
    for approvers in ((), ("slack:U1",)):
        world = make_world(replace(ASK, chat=Chat(approvers=approvers)))
        with pytest.raises(BadSettings, match=r'chat.approvers = \["web:NAME"\]'):
            async with serving(engine_of(world), PUBLIC, "ann", sandbox=False):
                pass
        assert not list(world.parts.home.path.glob("web-links/*"))
    world = make_world(replace(ASK, chat=Chat(approvers=("web:ann",))))
    async with serving(engine_of(world), PUBLIC, "ann", sandbox=False) as door:
        assert door.place.origin == "https://herd.example"
        assert door.owner is None


async def test_an_unsafe_address_is_refused(world: World) -> None:
    """Before anything listens."""
    with pytest.raises(BadSettings, match="--public-url"):
        async with serving(engine_of(world), Address("0.0.0.0", 0, None), "ann", sandbox=False):
            pass


async def test_health_is_for_this_machine_alone() -> None:
    """Whoever connects from elsewhere gets the chat's answer, by whatever name."""

    async def health(_: object, __: object, ___: object) -> None:
        asked.append("health")

    async def chat(_: object, __: object, ___: object) -> None:
        asked.append("chat")

    asked: list[str] = []
    app = Beside(health, chat)
    for client in (("127.0.0.1", 1), ("::1", 1), ("192.0.2.7", 1), ("::ffff:192.0.2.7", 1), None):
        await app({"type": "http", "client": client, "path": "/metrics"}, _never, _nowhere)
    await app({"type": "http", "client": ("127.0.0.1", 1), "path": "/"}, _never, _nowhere)
    assert asked == ["health", "health", "chat", "chat", "chat", "chat"]


async def _never() -> dict[str, object]:
    raise AssertionError("nothing is read here")


async def _nowhere(_: object) -> None:
    raise AssertionError("nothing is answered here")


async def test_headless_there_are_no_pages(world: World) -> None:
    """Health alone; a second one on the port is told so."""
    async with serving_health(engine_of(world), HERE) as origin, httpx.AsyncClient() as client:
        assert (await client.get(f"{origin}/healthz")).text == "up\n"
        assert (await client.get(f"{origin}/login")).status_code == 404
        port = int(origin.rpartition(":")[2])
        with pytest.raises(BadSettings, match=f"port {port}"):
            async with serving_health(engine_of(world), replace(HERE, port=port)):
                pass


async def test_a_notice_is_there_while_it_serves(world: World) -> None:
    """For `serve --link`; then it goes."""
    folder = world.parts.home.web_links
    async with serving(engine_of(world), HERE, "ann", sandbox=False) as door:
        port = int(door.place.origin.rpartition(":")[2])
        assert read_notice(folder, port, world.parts.alive) == Notice(door.place.origin, ("web:ann",))
    with pytest.raises(BadSettings, match="`swineherd serve` starts one"):
        read_notice(folder, port, world.parts.alive)


async def test_no_link_leads_to_one_that_was_killed(world: World) -> None:
    """Its notice is left behind, with the process that nobody can be taken for."""
    folder = world.parts.home.web_links
    async with serving(engine_of(world), HERE, "ann", sandbox=False) as door:
        port = int(door.place.origin.rpartition(":")[2])
        world.restart()
        with pytest.raises(BadSettings, match=f"port {port}: the one that did, process 100, is gone; `swineherd"):
            read_notice(folder, port, world.parts.alive)


def test_a_notice_says_whom_a_link_may_be_for(tmp_path: Path) -> None:
    """One alone need not be named."""
    server = this_process()
    with noticed(tmp_path, 1, Notice("http://127.0.0.1:1", ("web:ann", "web:bob")), server):
        notice = read_notice(tmp_path, 1, is_alive)
        assert notice.person("bob") == "web:bob"
        for name in (None, "eve", "web:bob", ""):
            with pytest.raises(BadSettings, match="one of ann, bob"):
                notice.person(name)
    assert Notice("http://127.0.0.1:1", ("web:ann",)).person(None) == "web:ann"


async def test_the_link_is_for_the_terminals_eyes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, whole; where several may log in, the command that makes theirs."""
    async with serving(engine_of(world), HERE, "ann", sandbox=False) as door:
        serve.tell_link(door, None)
        told = capsys.readouterr()
        assert told.out == ""
        link = told.err.strip().rpartition(" ")[2]
        assert door.links.user(link.rpartition("/")[2]) == "web:ann"
        serve.tell_link(replace(door, approvers=("web:ann", "web:bob"), owner=None), None)
        told = capsys.readouterr()
        assert "/login/" not in told.err
        assert "--as NAME" in told.err
        assert "ann, bob" in told.err
