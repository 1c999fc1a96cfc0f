"""What waits for a human is said with the command that answers it."""

from agent.batch.consent import Expected, ask
from agent.batch.drive import to_do
from agent.cli.waiting import all_waiting, run_waits
from agent.schedule import consent
from agent.schedule.add import read_schedule
from policies.money import Cents
from tests.agent.batch.herd_of import submitted
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import scheduled
from tests.agent.world import ASK, CHECKOUT, World
from tools.spend_log.batch_rows import Grant
from tools.spend_log.rows import Decision, RunStatus

HOUR = 3600


def said(world: World) -> list[str]:
    return list(all_waiting(world.log, world.log.runs(), world.clock.now()))


def said_of(world: World, run_id: str) -> str:
    return run_waits(world.log, world.parts.run(run_id), world.clock.now())


async def test_an_offer_that_waits_for_its_answer(make_world: MakeWorld) -> None:
    """Its amount and `approve`; once its time is over a fresh one; answered, it waits for no human."""
    world = make_world(ASK)
    late, answered = world.submit(), world.submit()
    await world.drive(late, wait=False)
    world.clock.advance(HOUR)
    await world.drive(answered, wait=False)
    assert said_of(world, late) == f"{late} was not answered in time: `swineherd resume {late}` makes a fresh offer"
    assert said_of(world, answered).startswith(f"{answered} asks for approval of $0.98 until ")
    assert said_of(world, answered).endswith(f"`swineherd approve {answered}`")
    world.decide(answered, Decision.APPROVED)
    assert said(world) == [said_of(world, late)]


async def test_a_link_that_waits_to_be_paid(make_world: MakeWorld) -> None:
    """The link itself is printed by `show` alone; past its time somebody may still have paid it."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    assert said(world) == [f"{run_id} waits to be paid: `swineherd show {run_id}` prints the link"]
    world.clock.advance(24 * HOUR)
    await world.drive(run_id, wait=False)
    assert said(world) == [
        f"{run_id} was not paid in time: `swineherd resume {run_id}` still watches for a late payment"
    ]


async def test_a_run_that_ended_waits_for_nobody(world: World) -> None:
    """However it was left before."""
    await world.run()
    assert said(world) == []


def asked(world: World) -> Grant:
    batch = world.log.batch(submitted(world, 2))
    assert batch is not None
    return ask(world.parts, batch, Expected((Cents(98), Cents(98)), 0))


def test_the_question_about_a_batch(world: World) -> None:
    """While it can be answered, and some job of it has not ended."""
    denied, cancelled, open_ = asked(world), asked(world), asked(world)
    world.log.decide_grant(denied.grant_id, denied.code, denied.amount, Decision.DENIED, "me", world.clock.now())
    for run_id in to_do(world.parts, cancelled.batch_id):
        world.log.set_status(run_id, RunStatus.CANCELLED, world.clock.now(), reason="", code=130)
    (words,) = said(world)
    assert words.startswith(f"{open_.batch_id} asks for approval of up to $1.96 until ")
    world.clock.advance(HOUR)
    assert said(world) == []


async def test_the_question_about_the_nights_of_a_schedule(make_world: MakeWorld) -> None:
    """For what all of them may cost."""
    world = make_world(ASK)
    schedule = scheduled(world, 1)
    jobs = read_schedule(schedule)
    night = await consent.expect_night(world.parts, schedule, jobs)
    consent.ask(world.parts, schedule, jobs, night, consent.Asked(None, 3, None))
    (words,) = said(world)
    assert words.startswith(f"{schedule.schedule_id} asks for approval of up to $2.94 until ")
    world.clock.advance(HOUR)
    assert said(world) == []
