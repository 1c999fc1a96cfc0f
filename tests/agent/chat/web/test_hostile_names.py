"""Whatever comes from outside is shown as text: on every page and in every part of one that a stream sends.

Two worlds that differ only in their texts must give the same elements with the same attributes: then no element and no
attribute came out of data.
"""

from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml

from agent.batch.consent import Expected
from agent.batch.consent import ask as ask_batch
from agent.chat.web.live import Shown
from agent.chat.web.pages.batches import BatchSubject
from agent.chat.web.pages.home_view import HomeSubject
from agent.chat.web.pages.run_view import RunSubject
from agent.chat.web.pages.spoken import Spoken
from agent.diary import Diary
from policies.money import Cents
from policies.offer import Rail
from policies.policy import Payment, Policy
from policies.text import has_link
from tests.agent.batch.herd_of import submitted
from tests.agent.chat.web.browser import Browser
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import scheduled
from tests.agent.world import World
from tools.spend_log.rows import Decision, NewRun, RunStatus

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "</pre></title></textarea><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "\u202e\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "[Approve](https://evil.example) javascript:alert(1)",
)
ASK = Policy(payment=Payment(rails=(Rail.CREDITS,)))
PAY = Policy(payment=Payment(rails=(Rail.STRIPE,)))


class _Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action", "hx-post"}]

    def handle_comment(self, data: str) -> None:
        self.shape.append(("!--", ()))

    def handle_decl(self, decl: str) -> None:
        self.shape.append((decl, ()))


def shape_of(html: str) -> _Shape:
    read = _Shape()
    read.feed(html)
    read.close()
    return read


@dataclass
class Told:
    """A world in which everything that comes from outside says one text."""

    world: World
    text: str

    async def happen(self, rail: Rail) -> str:
        """A run that asks, with everything around it; its id."""
        world, text = self.world, self.text
        if rail is Rail.CREDITS or not has_link(text):  # no link is shown for a GPU that is called like one
            world.market.stock = {
                gpu_id: replace(one, name=f"RTX {number} {text}", tier=text)
                for number, (gpu_id, one) in enumerate(world.market.stock.items())
            }
        run_id = world.submit(self._job())
        await world.drive(run_id, wait=False)
        self._needed()
        diary = Diary(world.face, world.home, world.clock)
        diary.tell(run_id, f"the pod says {text}")
        diary.gpu(run_id, 40, 20)
        diary.gpu(run_id, 60, 20)
        world.home.run(run_id).log.write_bytes(f"\n{text}\n".encode() + b"\xff\xfe\x00" + text.encode())
        if rail is Rail.STRIPE:
            return run_id
        world.log.freeze(text, world.clock.now())
        for subject in (submitted(world, 1, text=self._job()),):
            batch = world.log.batch(subject)
            assert batch is not None
            ask_batch(world.parts, batch, Expected((Cents(98),), 0))
        scheduled(world, 1, text=self._job())
        return run_id

    def _needed(self) -> None:
        """A run that only a human can help on, whose name no job file may have."""
        log, now = self.world.log, self.world.clock.now()
        log.add_run(NewRun("stuck", self.text, '{"run": "echo"}', "0" * 64, "", None, self.text, now, ""))
        log.set_status("stuck", RunStatus.WAITING_FOR_HUMAN, now, reason=self.text, code=4)

    def _job(self) -> str:
        job: dict[str, Any] = {
            "name": "train",
            "workdir": ".",
            "run": f"echo {self.text}",
            "setup": self.text,
            "envs": {"A": self.text},
            "hours": 2,
        }
        return yaml.safe_dump(job, sort_keys=False)


async def pages(told: Told, run_id: str) -> dict[str, str]:
    """Every page there is, and every part that a stream sends."""
    world = told.world
    batches, schedules = world.log.batches(), world.log.schedules()
    paths = ["/", f"/runs/{run_id}", "/runs/stuck", "/batches", "/schedules", "/grants", "/devices", "/nothing"]
    paths += [f"/batches/{batch.batch_id}" for batch in batches]
    paths += [f"/schedules/{schedule.schedule_id}" for schedule in schedules]
    async with Browser(world) as browser:
        found = {str(number): (await browser.get(path)).html for number, path in enumerate(paths)}
    subjects: list[Shown] = [
        RunSubject(world.parts, run_id).show(),
        HomeSubject(world.parts, world.root, "web:ann", Spoken()).show(),
    ]
    subjects += [BatchSubject(world.parts, batch).show() for batch in batches]
    for number, shown in enumerate(subjects):
        for part in shown.parts:
            piece = part.since("")
            found[f"{number} {part.key}"] = piece.html if piece else ""
    return found


async def both(make_world: MakeWorld, policy: Policy, attack: str, then: Any) -> tuple[dict[str, str], dict[str, str]]:
    rendered = []
    for text in ("calm words", attack):
        told = Told(make_world(policy), text)
        run_id = await told.happen(policy.payment.rails[0])
        then(told, run_id)
        rendered.append(await pages(told, run_id))
    return rendered[0], rendered[1]


def check_same(calm: dict[str, str], attacked: dict[str, str]) -> None:
    assert calm.keys() == attacked.keys()
    for name, html in attacked.items():
        before, after = shape_of(calm[name]), shape_of(html)
        assert after.shape == before.shape, name
        for address in after.addresses:
            assert address.startswith(("/", "data:,", "#", "https://checkout.stripe.com/")), address
            assert "evil" not in address
        assert not set("\u202e\x1b\x00") & set(html)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_while_it_asks(make_world: MakeWorld, attack: str) -> None:
    """Names, reasons, commands, variables, the log, the diary, the freeze."""
    check_same(*await both(make_world, ASK, attack, lambda told, run_id: None))


@pytest.mark.parametrize("attack", ATTACKS)
async def test_once_it_was_answered(make_world: MakeWorld, attack: str) -> None:
    """Who answered is shown, whatever they are called."""

    def answer(told: Told, run_id: str) -> None:
        log, now = told.world.log, told.world.clock.now()
        asked = log.approval(run_id)
        assert asked is not None
        log.decide(run_id, asked.code, asked.offer.amount, Decision.APPROVED, told.text, now)
        log.request_cancel(run_id, now, told.text)

    check_same(*await both(make_world, ASK, attack, answer))


@pytest.mark.parametrize("attack", ATTACKS)
async def test_once_it_ended(make_world: MakeWorld, attack: str) -> None:
    """The reason it ended for, and the order's status."""

    def end(told: Told, run_id: str) -> None:
        log, now = told.world.log, told.world.clock.now()
        log.set_status(run_id, RunStatus.FAILED, now, reason=told.text, code=1)

    check_same(*await both(make_world, ASK, attack, end))


@pytest.mark.parametrize("attack", ATTACKS)
async def test_while_it_waits_to_be_paid(make_world: MakeWorld, attack: str) -> None:
    """The link is the one that was checked, whatever else is called what."""
    check_same(*await both(make_world, PAY, attack, lambda told, run_id: None))
