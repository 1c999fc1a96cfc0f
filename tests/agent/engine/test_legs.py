"""A leg: from where a run stands to where it parks or ends, once, whoever asks for it however often."""

import asyncio
from collections.abc import Callable

from structlog.typing import EventDict

from agent.drive import LEFT
from agent.engine.counted_market import CountedMarket
from agent.engine.leg import Leg
from agent.engine.legs import Came, Legs
from agent.parts import LEASE_SECONDS
from policies.answers import Answer
from policies.charge import ChargeState
from tests.agent.conftest import MakeWorld
from tests.agent.watched import Killed
from tests.agent.world import ASK, CHECKOUT, JOB, World
from tests.fakes.pods import LOG, Script
from tools.spend_log.rows import Awaited, Decision, Holder, Parked, RunStatus

OTHER = Holder(boot_id="boot", pid=4711, started="9", host="here")

SECRET = JOB + "secrets: {HF_TOKEN: null}\n"


def legs(world: World) -> Legs:
    return Legs(world.driver())


def stands(world: World, run_id: str) -> Parked:
    """Where the run is parked."""
    (parked,) = world.log.parked(run_id)
    return parked


async def asked(world: World) -> tuple[str, Parked]:
    """A run that waits for its human."""
    run_id = world.submit()
    assert await legs(world).drive(Leg(run_id)) == Came.PARKED
    return run_id, stands(world, run_id)


async def until(done: Callable[[], bool], what: str) -> None:
    """Let the others work until `done()`."""
    for _ in range(10_000):
        if done():
            return
        await asyncio.sleep(0)
    raise AssertionError(f"never came to {what}")


async def test_a_new_run_goes_to_its_first_parking_place(world: World) -> None:
    """It is paid for, and nothing of it is left in this process."""
    run_id = world.submit()
    assert await legs(world).drive(Leg(run_id)) == Came.PARKED
    assert stands(world, run_id).awaited is Awaited.DEPLOY
    assert world.log.lease(run_id) is None
    assert world.purchases == ["rent_with_credits"]


async def test_whoever_takes_a_run_over_from_the_dead_says_so(world: World, said: list[EventDict]) -> None:
    """Once, with the run's id and whose it was; not where nobody had it."""
    run_id = world.submit()
    world.log.take_lease(run_id, OTHER, world.clock.now(), LEASE_SECONDS, lambda _: True)
    for _ in range(2):
        assert await legs(world).drive(Leg(run_id)) == Came.PARKED
    (line,) = [line for line in said if line["event"] == "taken over"]
    assert (line["log_level"], line["run_id"], line["from_pid"], line["from_host"]) == ("info", run_id, 4711, "here")


async def test_legs_lead_home(world: World) -> None:
    """Each leg wakes the run where the one before parked it, to the end."""
    run_id = world.submit()
    came: str = await legs(world).drive(Leg(run_id))
    for _ in range(20):
        if came != Came.PARKED:
            break
        world.clock.advance(100)
        came = await legs(world).drive(Leg(run_id, stands(world, run_id).interrupt_id, "changed"))
    assert came == Came.ENDED
    assert world.parts.run(run_id).code == 0
    world.check()


async def test_a_run_that_waits_for_its_human_says_so(make_world: MakeWorld) -> None:
    """Its status is the one that `ps` and a script look for."""
    world = make_world(ASK)
    run_id, _ = await asked(world)
    run = world.parts.run(run_id)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)


async def test_an_answer_that_comes_twice_counts_once(make_world: MakeWorld) -> None:
    """The second leg finds the run parked elsewhere: it wakes nothing, let alone approves the next payment."""
    world = make_world(ASK)
    run_id, parked = await asked(world)
    world.decide(run_id, Decision.APPROVED)
    answer = Leg(run_id, parked.interrupt_id, "changed")
    assert await legs(world).drive(answer) == Came.PARKED
    assert await legs(world).drive(answer) == Came.LATE
    assert stands(world, run_id).awaited is Awaited.DEPLOY
    assert world.purchases == ["rent_with_credits"]


async def test_a_leg_carries_no_decision(make_world: MakeWorld) -> None:
    """What the spend log does not know of, no leg brings about."""
    world = make_world(ASK)
    run_id, parked = await asked(world)
    assert await legs(world).drive(Leg(run_id, parked.interrupt_id, "changed")) == Came.PARKED
    assert stands(world, run_id).awaited is Awaited.HUMAN
    assert world.purchases == []


async def test_nobody_answers_in_time(make_world: MakeWorld) -> None:
    """The question is over, the run waits for a human to ask for a fresh offer, and is not looked at any more."""
    world = make_world(ASK)
    run_id, parked = await asked(world)
    world.clock.advance(3601)
    assert await legs(world).drive(Leg(run_id, parked.interrupt_id, "deadline")) == Came.LEFT
    run = world.parts.run(run_id)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert "nobody answered" in run.reason
    now = world.clock.now()
    assert world.log.due(now, now, 10) == []
    resumed = asyncio.create_task(world.drive(run_id, fresh=True))
    world.approve_at(3700, run_id)
    assert (await resumed).code == 0


async def test_a_cancel_that_came_before_the_deadlines_leg_is_heard(make_world: MakeWorld) -> None:
    """While it was waited for; nothing would look at the run any more."""
    world = make_world(ASK)
    run_id, parked = await asked(world)
    world.clock.advance(3601)
    world.cancel(run_id)
    assert await legs(world).drive(Leg(run_id, parked.interrupt_id, "deadline")) == Came.ENDED
    assert world.parts.run(run_id).status is RunStatus.CANCELLED


async def test_an_expired_link_is_watched_on(make_world: MakeWorld) -> None:
    """Its run waits for a human, and the next look at it has a time."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    await legs(world).drive(Leg(run_id))
    world.clock.advance(40 * 60)
    assert await legs(world).drive(Leg(run_id, stands(world, run_id).interrupt_id, "deadline")) == Came.PARKED
    assert world.charge(run_id).state is ChargeState.EXPIRED
    assert "nobody paid" in world.parts.run(run_id).reason
    assert stands(world, run_id).next_look <= stands(world, run_id).until


async def test_a_run_that_is_driven_is_left_alone(world: World) -> None:
    """A living foreground command has its lease."""
    run_id = world.submit()
    world.change(alive=lambda _holder: True)
    world.log.take_lease(run_id, OTHER, world.clock.now(), LEASE_SECONDS, lambda _holder: True)
    assert await legs(world).drive(Leg(run_id)) == Came.HELD
    assert world.calls == []


async def test_two_legs_of_a_run_at_once(world: World) -> None:
    """The lease is this process' own, so it is not what keeps them apart."""
    run_id = world.submit()
    ours = legs(world)
    came = await asyncio.gather(ours.drive(Leg(run_id)), ours.drive(Leg(run_id)))
    assert list(came) == [Came.PARKED, Came.HELD]
    assert world.purchases == ["rent_with_credits"]


async def test_a_dead_drivers_run_goes_on(world: World) -> None:
    """Killed between two nodes: the leg is driven again, finds the run woken, and pays nothing more."""
    run_id = world.submit()

    def die(step: str) -> None:
        if step == "poll":
            raise Killed

    world.log.entering = die
    assert await world.killed(run_id)
    came = await legs(world).drive(Leg(run_id, "where the dead one woke it", "changed"))
    assert came == Came.PARKED
    assert world.purchases == ["rent_with_credits"]


async def test_an_ended_run_is_not_driven(world: World) -> None:
    """A late leg changes nothing."""
    run = await world.run()
    before = list(world.calls)
    assert await legs(world).drive(Leg(run.run_id)) == Came.LATE
    assert world.calls == before


async def test_a_missing_variable_is_told_to_the_human(world: World) -> None:
    """Where nobody sees an error, the run says what to set; it is not tried round and round."""
    world.change(variables={"HF_TOKEN": "hf_123456"})
    run_id = world.submit(SECRET)
    world.change(variables={})
    assert await legs(world).drive(Leg(run_id)) == Came.LEFT
    run = world.parts.run(run_id)
    assert (run.status, run.code) == (RunStatus.WAITING_FOR_HUMAN, 4)
    assert "HF_TOKEN" in run.reason
    assert world.log.adrift(10) == []
    world.change(variables={"HF_TOKEN": "hf_123456"})
    assert (await world.drive(run_id)).code == 0


async def test_a_defect_ends_one_leg_and_no_other(world: World) -> None:
    """It is an outcome: the queue keeps no error, and the run is free to be tried again."""
    run_id = world.submit()

    def break_down(_step: str) -> None:
        raise RuntimeError("a defect")

    world.log.entering = break_down
    assert await legs(world).drive(Leg(run_id)) == Came.FAILED
    world.log.entering = lambda _step: None
    assert world.log.lease(run_id) is None
    assert await legs(world).drive(Leg(run_id)) == Came.PARKED


async def test_draining_lets_go_of_a_running_job(world: World) -> None:
    """The job on the pod goes on, the lease is free at once, and whoever drives next has the whole log once."""
    run_id = world.submit()
    world.pods.script = Script(seconds=3000)
    ours = legs(world)
    await ours.drive(Leg(run_id))
    world.clock.advance(100)
    standing = asyncio.create_task(ours.drive(Leg(run_id, stands(world, run_id).interrupt_id, "changed")))
    await until(lambda: "start_job" in world.calls, "the job's start")
    await ours.drain()
    assert await standing == Came.LEFT
    assert world.log.lease(run_id) is None
    assert LEFT in [event.kind for event in world.log.events(run_id)]
    assert "stop_job" not in world.calls
    assert "terminate" not in world.calls
    assert world.log.adrift(10) == [run_id]
    world.restart()
    assert (await world.drive(run_id)).code == 0
    assert world.home.run(run_id).log.read_bytes() == LOG
    world.check()


async def test_no_leg_begins_after_draining(world: World) -> None:
    """It stays for another worker."""
    run_id = world.submit()
    ours = legs(world)
    await ours.drain()
    assert await ours.drive(Leg(run_id)) == Came.HELD
    assert world.calls == []


class SlowToSell(CountedMarket):
    """Takes a minute over a purchase."""

    def __init__(self, world: World) -> None:
        super().__init__(world.market, lambda _call, _error: None)
        self._clock = world.clock

    async def rent_with_credits(self, gpu_id: str, hours: int) -> Answer:
        await self._clock.sleep(60)
        return await super().rent_with_credits(gpu_id, hours)


async def test_draining_waits_for_a_purchase(world: World) -> None:
    """A purchase that was sent is answered and booked before its leg is let go."""
    run_id = world.submit()
    world.change(market=SlowToSell(world))
    ours = legs(world)
    buying = asyncio.create_task(ours.drive(Leg(run_id)))
    await until(lambda: "submitting" in world.states(run_id), "the purchase")
    await ours.drain()
    assert await buying == Came.LEFT
    assert world.states(run_id) == ["held", "submitting", "paid"]
    assert world.log.lease(run_id) is None


def test_one_id_for_each_reason() -> None:
    """A deadline and an answer at the same parking place are two legs; the same one twice is one."""
    legs = [Leg("r", "i", "changed"), Leg("r", "i", "deadline"), Leg("r", "j", "changed"), Leg("r"), Leg("r")]
    assert len({leg.leg_id for leg in legs}) == 4
