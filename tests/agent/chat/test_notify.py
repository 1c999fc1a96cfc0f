"""Notices through Apprise to an endpoint on loopback; and which channels the environment and the policy ask for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from agent.chat.channels import channels
from agent.chat.messages import ChannelDown
from agent.chat.notify import Notices
from agent.chat.posted import Posted
from agent.chat.relay import Relay
from agent.errors import BadSettings
from agent.settings import Settings
from policies.policy import Chat
from tests.agent.chat.talkers import talks_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, World
from tests.fakes.telegram import CHAT, SECRET, TOKEN

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # in a plugin of Apprise's


@contextmanager
def endpoint(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What Apprise's `json://` posts to; yields its address and what came."""
    came: list[dict[str, Any]] = []

    class Kept(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - http.server's name
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Kept) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_address[1]}", came
        server.shutdown()


def relay_of(world: World, notices: Notices) -> Relay:
    world.home.chat.mkdir(exist_ok=True)
    return Relay(world.parts, notices, Posted.read(world.home.chat / "notify.json"))


@pytest.mark.parametrize("link", ["", "https://herd.test"])
async def test_what_waits_is_told_without_a_code(make_world: MakeWorld, link: str) -> None:
    """How much, of what, and where it is answered; then the end."""
    world = make_world(ASK)
    with endpoint() as (url, came):
        relay = relay_of(world, Notices(url, link))
        run_id = world.submit()
        await world.drive(run_id, wait=False)
        await relay.round()
        world.clock.advance(3601)
        world.cancel(run_id)
        await world.drive(run_id)
        await relay.round()
    asked, ended = came
    approval = world.log.approval(run_id)
    assert asked["title"] == "Approve $0.98?"
    assert run_id in asked["message"]
    assert "RTX 4090" in asked["message"]
    assert (link or f"`swineherd approve {run_id}`") in asked["message"]
    assert "ZQXSECRETCODE" not in json.dumps(came)
    assert ended["title"] == f"{run_id}: cancelled"
    assert approval is None


async def test_a_notice_that_does_not_arrive_is_tried_again(make_world: MakeWorld) -> None:
    """As any channel that is down."""
    world = make_world(ASK)
    await world.drive(world.submit(), wait=False)
    with endpoint(500) as (url, came):
        relay = relay_of(world, Notices(url))
        with pytest.raises(ChannelDown, match="could not deliver"):
            await relay.round()
        assert len(came) == 1


def test_a_url_that_is_none() -> None:
    """Told at the start, and not repeated: it may hold a password."""
    with pytest.raises(BadSettings) as told:
        Notices("nosuch://user:hunter2@x")
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN, SWINEHERD_SLACK_CHANNEL"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SWINEHERD_SLACK_CHANNEL": "C0HERD"}, "SLACK_APP_TOKEN"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SWINEHERD_SLACK_CHANNEL": "#gpus"},
            "a channel's id",
        ),
    ],
)
async def test_half_a_slack_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], why: str
) -> None:
    """Naming what is missing, and no token."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SWINEHERD_SLACK_CHANNEL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=why) as told:
        async with channels(world.parts, Settings(), talks_of(world)):
            pass
    assert "xoxb" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TELEGRAM_BOT_TOKEN": ""}, "needs TELEGRAM_BOT_TOKEN"),
        ({"SWINEHERD_TELEGRAM_CHAT": ""}, "needs SWINEHERD_TELEGRAM_CHAT"),
        ({"TELEGRAM_BOT_TOKEN": f"{SECRET}/../x"}, "as @BotFather shows it"),
        ({"SWINEHERD_TELEGRAM_CHAT": "@gpus"}, "a number"),
        ({"SWINEHERD_TELEGRAM_CHAT": "0"}, "a number"),
        ({"TELEGRAM_API_URL": "http://telegram.example"}, "must be https"),
        ({"TELEGRAM_API_URL": "https://ann:word@telegram.example"}, "nothing else"),
    ],
)
async def test_a_wrong_telegram_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], why: str
) -> None:
    """Naming which part is missing or wrong, and no token."""
    right = {"TELEGRAM_BOT_TOKEN": TOKEN, "SWINEHERD_TELEGRAM_CHAT": str(CHAT), "TELEGRAM_API_URL": ""}
    for name, value in (right | changes).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=why) as told:
        async with channels(world.parts, Settings(), talks_of(world)):
            pass
    assert SECRET not in str(told.value)


async def test_an_extra_that_is_not_installed_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    policy = replace(ASK, chat=Chat(notify_url="json://127.0.0.1:9"))
    monkeypatch.setattr("agent.extras.find_spec", lambda _: None)
    with pytest.raises(BadSettings, match=r"swineherd\[notify\]"):
        async with channels(replace(world.parts, policy=policy), Settings(), talks_of(world)):
            pass
