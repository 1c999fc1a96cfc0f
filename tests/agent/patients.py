"""A healthy patient for the doctor, and a provider that says what a test wants it to say."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.doctor.check import Check, exit_code
from agent.doctor.examine import examine
from agent.doctor.patient import Login, Patient
from agent.leftovers import left_running
from policies.answers import Balance
from policies.money import Cents
from tests.agent.world import World
from tools.gpuhog.shape import Read
from tools.gpuhog.survey import Seen, Survey
from tools.spend_log.log import SqliteSpendLog

FINE = Survey(
    tuple(Seen(read, 200, ahead=timedelta(0)) for read in Read),
    Balance(Cents(1847), Cents(2500), Cents(653)),
)


class Found:
    """A provider as a test wants it."""

    def __init__(self, survey: Survey = FINE) -> None:
        self.survey_told = survey
        self.orders: list[str] = []

    async def survey(self, order_id: str) -> Survey:
        self.orders.append(order_id)
        return self.survey_told

    async def aclose(self) -> None:
        """Nothing to close."""


def with_seen(read: Read, **changes: Any) -> Survey:
    """The fine survey with one endpoint otherwise."""
    seen = tuple(replace(one, **changes) if one.read is read else one for one in FINE.seen)
    return replace(FINE, seen=seen)


def open_home(home: Path) -> SqliteSpendLog:
    return SqliteSpendLog.open(home / "spend.db")


@pytest.fixture
def patient(world: World) -> Patient:
    """In good health, on the world's home."""
    return Patient(
        home=world.home,
        base_url="https://gpuhog.test/api",
        provider="https://gpuhog.test/api",
        is_sandbox=False,
        has_key=True,
        environment=(),
        policy=world.parts.policy,
        policy_file=world.home.path / "policy.toml",
        has_policy_file=False,
        login=Login(("id_ed25519 SHA256:abc",), (), (), has_password=False),
        surveying=Found(),
        check_place=lambda _: None,
        open_log=lambda: open_home(world.home.path),
        left_running=lambda log: left_running(replace(world.parts, log=log)),
        clock=world.clock,
        holder=world.holder,
        alive=lambda holder: holder == world.holder,
    )


async def lines(patient: Patient, name: str = "", status: str = "") -> list[str]:
    """What is found, of one name or of one status."""
    checks = await examine(patient)
    return [check.found for check in checks if name in ("", check.name) and status in ("", check.status)]


async def code(patient: Patient) -> int:
    return exit_code(await examine(patient))


async def the(patient: Patient, name: str) -> Check:
    """The one line of a name."""
    (found,) = (check for check in await examine(patient) if check.name == name)
    return found
