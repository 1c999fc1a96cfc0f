"""One question for many nights, where each of them would ask for itself (law 4)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.batch.consent import GRANTED_FOR
from agent.granted import given
from agent.questions import schedule_question
from agent.schedule.add import read_schedule
from agent.schedule.consent import Asked, ask, expect_night, needs_a_yes
from agent.submit import BadJob
from policies.grant import Used
from policies.money import Cents
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import files_of, move_to, rung, runs_of, scheduled
from tests.agent.world import ASK, AUTO, CHECKOUT, JOB, PRICE, World
from tools.spend_log.rows import Decision, RunStatus
from tools.spend_log.schedule_rows import Schedule, StandingGrant

SEVEN = Asked(None, 7, None)


@pytest.fixture
def asking(make_world: MakeWorld) -> World:
    """A world in which every credit needs a human's yes."""
    world = make_world(ASK)
    move_to(world, "2026-07-01T12:00+02:00")
    return world


async def asked(world: World, schedule: Schedule, what: Asked = SEVEN) -> StandingGrant:
    jobs = read_schedule(schedule)
    return ask(world.parts, schedule, jobs, await expect_night(world.parts, schedule, jobs), what)


async def granted(world: World, schedule: Schedule, what: Asked = SEVEN) -> StandingGrant:
    grant = await asked(world, schedule, what)
    now, total = world.clock.now(), grant.terms.total
    said = world.log.decide_standing_grant(grant.grant_id, grant.code, total, Decision.APPROVED, "terminal:me", now)
    assert isinstance(said, StandingGrant)
    return said


async def test_the_question_is_for_the_nights_and_what_each_costs(asking: World) -> None:
    """The budget, or what the jobs cost now; until a day after the last of the nights."""
    schedule = scheduled(asking, 2)
    grant = await asked(asking, schedule)
    assert (grant.amount, grant.nights, grant.terms.total) == (2 * PRICE, 7, 14 * PRICE)
    assert grant.pods == 2 * ASK.recovery.max_pods_per_run
    assert f"{grant.until:%Y-%m-%d %H:%M}" == "2026-07-09 00:00"
    budget = scheduled(asking, 2, budget=Cents(800))
    assert (await asked(asking, budget)).amount == 800
    own = Asked(Cents(500), 3, asking.clock.now() + timedelta(days=2))
    grant = await asked(asking, budget, own)
    assert (grant.amount, grant.nights, grant.until) == (500, 3, own.until)
    assert schedule_question(asking.log.standing_grants(budget.schedule_id), asking.clock.now()) == grant
    asking.clock.advance(3601)
    assert schedule_question(asking.log.standing_grants(budget.schedule_id), asking.clock.now()) is None


async def test_what_is_left_of_a_yes_counts_all_nights(asking: World) -> None:
    """The sum that was said yes to, and the pods of every night."""
    grant = await granted(asking, scheduled(asking, 2))
    left = given(asking.log, grant, asking.clock.now())
    assert (left.standing, left.pays, left.nights, left.used) == ("approved", True, 0, Used(Cents(0), 0))
    assert (left.amount, left.pods) == (14 * PRICE, 7 * grant.pods)


async def test_a_question_that_was_taken_back_is_open_no_more(asking: World) -> None:
    """Nobody is shown its code."""
    schedule = scheduled(asking, 1)
    grant = await asked(asking, schedule)
    asking.log.revoke_standing_grant(grant.grant_id, "terminal:me", asking.clock.now())
    assert schedule_question(asking.log.standing_grants(schedule.schedule_id), asking.clock.now()) is None


async def test_what_can_not_be_granted_is_said(asking: World, make_world: MakeWorld) -> None:
    """A day that is over, a price that nobody knows, no credits to pay from."""
    schedule = scheduled(asking, 1)
    with pytest.raises(BadJob, match="is over"):
        await asked(asking, schedule, Asked(None, 1, asking.clock.now()))
    nothing = scheduled(asking, 1, text="run: x\nresources: {vram_gb: 900}\nhours: 1")
    with pytest.raises(BadJob, match="name the dollars"):
        await asked(asking, nothing)
    with pytest.raises(BadJob, match="needs no yes"):
        await asked(asking, schedule, Asked(Cents(0), 1, None))
    keyless = make_world(ASK, has_key=False)
    with pytest.raises(BadJob, match="GPUHOG_API_KEY"):
        await asked(keyless, scheduled(keyless, 1))


async def test_a_yes_is_needed_where_some_order_of_a_night_would_wait(make_world: MakeWorld) -> None:
    """As of any batch."""
    for policy, needed in ((ASK, True), (AUTO, False), (CHECKOUT, False)):
        world = make_world(policy)
        schedule = scheduled(world, 2)
        expected = await expect_night(world.parts, schedule, read_schedule(schedule))
        assert needs_a_yes(world.parts, expected) is needed


async def test_a_granted_night_asks_nobody(asking: World) -> None:
    """It pays from its own grant, which is of that night alone."""
    schedule = scheduled(asking, 2)
    standing = await granted(asking, schedule)
    night = await rung(asking, schedule, "2026-07-02T02:00+02:00")
    (grant,) = asking.log.grants(night.batch_id)
    assert (grant.amount, grant.decision, grant.revoked_at) == (standing.amount, Decision.APPROVED, None)
    assert grant.decided_by == f"terminal:me ({standing.grant_id})"
    assert grant.until == asking.clock.now() + GRANTED_FOR
    runs = runs_of(asking, night)
    for run_id in runs:
        assert (await asking.drive(run_id)).status is RunStatus.SUCCEEDED
    used = asking.log.grant_used(grant.grant_id)
    assert (used.amount, used.pods) == (2 * PRICE, 2)
    asking.check()


async def test_work_that_nobody_said_yes_to_asks(asking: World) -> None:
    """A job that was changed, or was added, since; the others pay."""
    schedule = scheduled(asking, 1)
    await granted(asking, schedule, Asked(Cents(1000), 7, None))
    job = files_of(asking) / "job.yaml"
    other = JOB.replace("train.py", "mine.py")
    job.write_text(f"{JOB}\nmatrix: {{SEED: [1]}}\n", encoding="utf-8")
    (files_of(asking) / "more.yaml").write_text(other, encoding="utf-8")
    night = await rung(asking, replace(schedule), "2026-07-02T02:00+02:00")
    (run_id,) = runs_of(asking, night)
    assert (await asking.drive(run_id)).status is RunStatus.SUCCEEDED
    job.write_text(other, encoding="utf-8")
    night = await rung(asking, schedule, "2026-07-03T02:00+02:00")
    assert asking.log.grants(night.batch_id) == []
    (run_id,) = runs_of(asking, night)
    assert (await asking.drive(run_id, wait=False)).status is RunStatus.WAITING_FOR_HUMAN


async def test_files_that_change_each_night_are_covered(asking: World) -> None:
    """The yes was to what is done with them."""
    schedule = scheduled(asking, 1)
    await granted(asking, schedule)
    (files_of(asking) / "train.py").write_text("print('tonight')\n", encoding="utf-8")
    night = await rung(asking, schedule, "2026-07-02T02:00+02:00")
    assert (await asking.drive(*runs_of(asking, night))).status is RunStatus.SUCCEEDED


async def test_so_many_nights_and_no_more(asking: World) -> None:
    """The night after the last of them asks."""
    schedule = scheduled(asking, 1)
    standing = await granted(asking, schedule, Asked(None, 2, asking.clock.now() + timedelta(days=30)))
    for day in (2, 3):
        night = await rung(asking, schedule, f"2026-07-0{day}T02:00+02:00")
        assert (await asking.drive(*runs_of(asking, night))).status is RunStatus.SUCCEEDED
    assert len(asking.log.grants_of_nights(standing.grant_id)) == 2
    night = await rung(asking, schedule, "2026-07-04T02:00+02:00")
    assert (await asking.drive(*runs_of(asking, night), wait=False)).status is RunStatus.WAITING_FOR_HUMAN


async def test_what_is_taken_back_pays_for_nothing_more(asking: World) -> None:
    """Not even for a night that had begun."""
    schedule = scheduled(asking, 1)
    standing = await granted(asking, schedule)
    night = await rung(asking, schedule, "2026-07-02T02:00+02:00")
    asking.log.revoke_standing_grant(standing.grant_id, "me", asking.clock.now())
    assert (await asking.drive(*runs_of(asking, night), wait=False)).status is RunStatus.WAITING_FOR_HUMAN
    assert asking.purchases == []
