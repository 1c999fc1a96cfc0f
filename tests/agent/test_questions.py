"""Every question that waits for a human, and the one place where its answer is taken."""

import pytest

from agent.approvals import answer_any
from agent.batch.consent import Expected
from agent.batch.consent import ask as ask_batch
from agent.chat.cards import lines_of
from agent.questions import Question, question_of, questions
from agent.schedule.add import read_schedule
from agent.schedule.consent import Asked, expect_night
from agent.schedule.consent import ask as ask_schedule
from policies.money import Cents
from tests.agent.batch.herd_of import submitted
from tests.agent.conftest import MakeWorld
from tests.agent.schedule.scheduled import scheduled
from tests.agent.world import ASK, PRICE, World
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision, RunStatus


async def of_every_kind(world: World) -> list[Question]:
    """One of each: a run's, a batch's, a schedule's."""
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    batch = world.log.batch(submitted(world, 2))
    assert batch is not None
    ask_batch(world.parts, batch, Expected((Cents(98), Cents(98)), 0))
    schedule = scheduled(world, 1)
    jobs = read_schedule(schedule)
    ask_schedule(world.parts, schedule, jobs, await expect_night(world.parts, schedule, jobs), Asked(None, 3, None))
    return questions(world.log, world.clock.now())


async def test_all_kinds_are_listed_and_shown(make_world: MakeWorld) -> None:
    """With the amount that a yes names, and no code in what is shown."""
    world = make_world(ASK)
    asked = await of_every_kind(world)
    assert [one.amount for one in asked] == [PRICE, 2 * PRICE, 3 * PRICE]
    for one in asked:
        text = "\n".join(lines_of(world.parts, one))
        assert one.subject in text
        assert one.code not in text + repr(one)


@pytest.mark.parametrize("decision", [Decision.APPROVED, Decision.DENIED])
@pytest.mark.parametrize("kind", range(3))
async def test_each_kind_is_answered_once(make_world: MakeWorld, kind: int, decision: Decision) -> None:
    """By code and amount; the second answer hears who was first, and the question is open no more."""
    world = make_world(ASK)
    one = (await of_every_kind(world))[kind]
    said = answer_any(world.parts, one.subject, decision, code=one.code.lower(), amount=one.amount, by="web:ann")
    assert isinstance(said, Question)
    assert (said.decision, said.question_id) == (decision, one.question_id)
    assert question_of(world.log, one.subject, world.clock.now()) is None
    again = answer_any(world.parts, one.subject, decision, code=one.code, amount=one.amount, by="web:bob")
    assert isinstance(again, NotRecorded)


@pytest.mark.parametrize("kind", range(3))
async def test_a_wrong_code_or_amount_answers_nothing(make_world: MakeWorld, kind: int) -> None:
    """Of whatever kind the question is."""
    world = make_world(ASK)
    one = (await of_every_kind(world))[kind]
    for code, amount in (("WRONGONE", one.amount), (one.code, Cents(one.amount + 1)), ("", one.amount)):
        said = answer_any(world.parts, one.subject, Decision.APPROVED, code=code, amount=amount, by="web:ann")
        assert isinstance(said, NotRecorded)
    assert question_of(world.log, one.subject, world.clock.now()) == one


@pytest.mark.parametrize("kind", range(3))
async def test_no_kind_takes_a_yes_while_frozen(make_world: MakeWorld, kind: int) -> None:
    """The question stands; a no is taken all the same."""
    world = make_world(ASK)
    one = (await of_every_kind(world))[kind]
    world.log.freeze("by hand", world.clock.now())

    def says(decision: Decision) -> Question | NotRecorded:
        return answer_any(world.parts, one.subject, decision, code=one.code, amount=one.amount, by="web:ann")

    said = says(Decision.APPROVED)
    assert isinstance(said, NotRecorded)
    assert "spending is frozen: by hand" in said.reason
    assert question_of(world.log, one.subject, world.clock.now()) == one
    assert isinstance(says(Decision.DENIED), Question)


async def test_what_has_ended_or_expired_asks_nothing(make_world: MakeWorld) -> None:
    """A run that is being cancelled, a batch whose runs ended, and all of them once their time is over."""
    world = make_world(ASK)
    run, batch, schedule = await of_every_kind(world)
    world.log.request_cancel(run.subject, world.clock.now(), "terminal:me")
    for job in world.log.batch_jobs(batch.subject):
        world.log.set_status(job.run_id, RunStatus.CANCELLED, world.clock.now(), reason="by hand", code=130)
    assert questions(world.log, world.clock.now()) == [schedule]
    world.clock.advance(3601)
    assert questions(world.log, world.clock.now()) == []
    said = answer_any(world.parts, "no-such", Decision.APPROVED, code="X", amount=Cents(1), by="web:ann")
    assert said == NotRecorded("nothing is asked about no-such now")


async def test_a_new_offer_is_another_question(make_world: MakeWorld) -> None:
    """Of the same run, with a code of its own."""
    world = make_world(ASK)
    old = (await of_every_kind(world))[0]
    world.clock.advance(3601)
    await world.drive(old.subject, wait=False, fresh=True)
    new = question_of(world.log, old.subject, world.clock.now())
    assert new is not None
    assert (new.subject, new.question_id != old.question_id, new.code != old.code) == (old.subject, True, True)
