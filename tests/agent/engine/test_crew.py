"""Workers on one store: who is dead, who sees to what they left, and whose run is whose."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.typing import EventDict

from agent.engine.allowance import Allowance
from agent.engine.crew import Crew, executor_id
from agent.engine.leg import Leg
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.world import World
from tests.fakes.clock import FakeClock
from tools.errors import StoreBusy
from tools.spend_log.rows import Holder
from tools.spend_log.standing import SILENT_FOR

HERE = Holder(boot_id="boot", pid=4711, started="9", host="here")
THERE = replace(HERE, host="there")


async def listed_after(world: World, worker: Holder, silent: timedelta, *, alive: bool) -> bool:
    """Whether a worker that was silent for so long is on the list after a round of another one."""
    world.change(alive=lambda holder: alive or holder == world.holder)
    world.log.beat(worker, world.clock.now() - silent)
    queue = PlainQueue()
    queue.begun = {"leg": executor_id(worker), "ours": executor_id(world.holder)}
    mine = replace(world.parts, holder=world.holder)
    await Crew(mine).round(queue)
    listed = worker in [one.holder for one in world.log.workers()]
    assert queue.again == ([] if listed else ["leg"])
    return listed


async def test_one_on_this_machine_is_dead_when_its_process_is_gone(world: World) -> None:
    """At once; one that is only suspended keeps what it has, however long it is silent."""
    assert not await listed_after(world, HERE, timedelta(0), alive=False)
    assert await listed_after(world, HERE, timedelta(days=1), alive=True)


async def test_one_elsewhere_is_dead_when_it_is_silent(world: World) -> None:
    """Its process can't be looked at from here."""
    assert await listed_after(world, THERE, SILENT_FOR - timedelta(seconds=1), alive=True)
    assert not await listed_after(world, THERE, SILENT_FOR, alive=True)


async def test_legs_are_taken_over_before_the_dead_is_forgotten(world: World) -> None:
    """A worker that dies in between leaves it to the next one."""

    class Broken(PlainQueue):
        async def begin_again(self, leg_ids: Sequence[str]) -> None:
            raise StoreBusy(str(leg_ids))

    world.log.beat(HERE, world.clock.now())
    queue = Broken()
    queue.begun = {"leg": executor_id(HERE)}
    with pytest.raises(StoreBusy):
        await Crew(world.parts).round(queue)
    assert HERE in [one.holder for one in world.log.workers()]


async def test_legs_of_nobody_on_the_list_are_taken_over_too(world: World, said: list[EventDict]) -> None:
    """However that came about: their runs would have no other leg for ever. The log names the runs."""
    queue = PlainQueue()
    gone = "somebody who left the list"
    queue.begun = {Leg("run-2", "at-2", "changed").leg_id: gone, Leg("run-1").leg_id: gone}
    await Crew(world.parts).round(queue)
    assert queue.again == ["run-2:at-2:changed", "run-1::go-on"]
    (line,) = [line for line in said if "run_ids" in line]
    assert (line["log_level"], line["run_ids"]) == ("info", ["run-1", "run-2"])


async def test_one_of_the_living_sees_to_the_dead(world: World) -> None:
    """Two that did it at once would begin a leg again that is under way by then."""
    other = replace(world.holder, pid=world.holder.pid + 1)
    world.change(alive=lambda holder: holder in {world.holder, other})
    for holder in (HERE, other, world.holder):
        world.log.beat(holder, world.clock.now())
    queue = PlainQueue()
    queue.begun = {"leg": executor_id(HERE)}
    await Crew(replace(world.parts, holder=other)).round(queue)
    assert queue.again == []
    await Crew(world.parts).round(queue)
    assert queue.again == ["leg"]


async def test_every_run_is_exactly_one_workers(world: World) -> None:
    """Of three, each has some; when one leaves, the others have its share at their next round."""
    holders = [replace(HERE, pid=pid) for pid in (1, 2, 3)]
    world.change(alive=lambda _holder: True)
    crews = [Crew(replace(world.parts, holder=holder)) for holder in holders]
    for crew in crews:
        crew.join()
    run_ids = [f"run-{number}" for number in range(60)]
    for present in (crews, crews[1:]):
        for crew in present:
            await crew.round(PlainQueue())
        shares = [[run_id for run_id in run_ids if crew.mine(run_id)] for crew in present]
        assert sorted(run_id for share in shares for run_id in share) == sorted(run_ids)
        assert all(shares)
        crews[0].leave()


async def test_a_crew_is_of_one_home(world: World) -> None:
    """Runs are shared among the workers whose home has their files; the requests among all."""
    world.change(alive=lambda _holder: True, home_id="home-a")
    crews = [Crew(replace(world.parts, holder=replace(HERE, pid=pid), home_id="home-b")) for pid in (1, 2)]
    for crew in (*crews, alone := Crew(world.parts)):
        crew.join()
    for crew in (*crews, alone):
        await crew.round(PlainQueue())
    run_ids = [f"run-{number}" for number in range(20)]
    assert all(alone.mine(run_id) for run_id in run_ids)
    assert all(crews[0].mine(run_id) != crews[1].mine(run_id) for run_id in run_ids)
    assert {crew.size for crew in (*crews, alone)} == {3}


async def test_legs_are_left_to_no_worker_of_another_home(world: World) -> None:
    """It takes no leg of this home's: what it had begun here is nobody's."""
    world.change(alive=lambda _holder: True, home_id="home-a")
    world.log.beat(HERE, world.clock.now(), "home-b")
    queue = PlainQueue()
    queue.begun = {"leg": executor_id(HERE)}
    await Crew(world.parts).round(queue)
    assert queue.again == ["leg"]


def test_runs_of_no_home_are_adopted_where_their_files_are(world: World) -> None:
    """Those that were submitted before homes were written down; where the store lies in a home there is no need."""
    here, elsewhere = world.submit(), world.submit()
    shutil.rmtree(world.home.run(elsewhere).path)
    Crew(world.parts).adopt()
    assert world.log.home_of(here) == ""
    world.change(home_id="home-a")
    Crew(world.parts).adopt()
    assert [world.log.home_of(run_id) for run_id in (here, elsewhere)] == ["home-a", ""]


@pytest.mark.parametrize(
    "twin",
    [replace(HERE, boot_id="else"), replace(HERE, pid=1), replace(HERE, started="else"), THERE],
    ids=["boot_id", "pid", "started", "host"],
)
def test_no_two_workers_have_one_name(twin: Holder) -> None:
    """A reused pid, or the same one elsewhere, is another worker."""
    assert executor_id(HERE) != executor_id(twin)


def test_an_allowance_saves_up_a_second() -> None:
    """After a pause no burst: a second's worth, and then one at a time."""
    clock = FakeClock()
    allowance = Allowance(clock, 5)
    assert [allowance.take() for _ in range(2)] == [True, False]
    clock.advance(3600)
    assert [allowance.take() for _ in range(6)] == [True] * 5 + [False]
    clock.advance(0.25)
    assert [allowance.take() for _ in range(2)] == [True, False]
