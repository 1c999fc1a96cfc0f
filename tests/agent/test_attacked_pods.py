"""Pods that are not what they seem: gone and back, not mounted yet, out of sight, unknown to a store that is busy."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from agent.assemble import open_wreck
from agent.broken_store import clean_up
from agent.kept import collect_kept, kept_pods
from agent.reconcile import reconcile
from agent.second_look import UNANSWERED, look_again
from agent.settings import Settings
from agent.settle import WasRefunded, settle_by_hand
from policies.charge import ChargeState
from tests.agent.test_broken_store import wreck
from tests.agent.test_settle import in_doubt
from tests.agent.test_sweep import die, killed, outputs, sweep
from tests.agent.world import AUTO, PRICE, World
from tests.fakes.faults import Refuse, RequestLost, Unreachable
from tests.fakes.pods import FakePods, FakePodSession, Script
from tools.errors import StoreBusy, StoreUnusable
from tools.ports import RemoteHome
from tools.spend_log import database
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import Holder, OrderRow

pytestmark = pytest.mark.timeout(60)

HOUR = 3600
FIRST = "HOG-000000000001"


# gone and back


async def lost_at_work(world: World, pods: int = 1) -> str:
    """A run whose first pod, with a volume, said in the middle of the job that it was gone."""
    recovery = replace(AUTO.recovery, max_pods_per_run=pods)
    world.change(policy=replace(AUTO, recovery=recovery, network=replace(AUTO.network, deadman=False)))
    world.pods.script = Script(seconds=600)
    world.pods.on_volume = True
    world.clock.at(200, lambda: setattr(world.market.orders[FIRST], "status", "terminated"))
    run = await world.run()
    world.clock.advance(HOUR)
    return run.run_id


def first(world: World) -> OrderRow:
    order = world.log.order(FIRST)
    assert order is not None
    return order


async def test_a_pod_that_lives_again_gives_its_results_before_it_is_ended(world: World) -> None:
    """It was never gone, and what its job wrote is nowhere else."""
    run_id = await lost_at_work(world)
    assert outputs(world, run_id) == []
    world.market.orders[FIRST].status = "running"
    swept = await sweep(world)
    assert [(item.action, item.alarming) for item in swept.swept] == [("ended again", True)]
    assert (outputs(world, run_id), first(world).collected) == (["metrics.json"], True)
    assert world.pods_left == []


async def test_a_pod_that_is_back_stopped_keeps_its_volume(world: World) -> None:
    """Its results can be fetched once somebody starts it; until then it is no pod that does not end."""
    run_id = await lost_at_work(world)
    world.market.orders[FIRST].status = "stopped"
    swept = await sweep(world)
    assert [(item.action, item.alarming) for item in swept.swept] == [("stopped", True)]
    assert (swept.code, "terminate" in world.calls) == (0, False)
    world.market.orders[FIRST].status = "running"
    await sweep(world)
    assert outputs(world, run_id) == ["metrics.json"]
    assert world.pods_left == []


async def test_a_pod_whose_job_another_has_done_is_only_ended(world: World) -> None:
    """What it holds must not overwrite the results of the run."""
    run_id = await lost_at_work(world, pods=2)
    assert outputs(world, run_id) == ["metrics.json"]
    world.market.orders[FIRST].status = "running"
    fetched = world.calls.count("fetch")
    await look_again(world.parts)
    assert (world.calls.count("fetch"), first(world).collected) == (fetched, False)
    assert world.pods_left == []


# not mounted yet


class BareSession(FakePodSession):
    """SSH answers, and what should be the volume is an empty folder."""

    async def home(self, run_id: str) -> RemoteHome:
        return RemoteHome(f"/home/other/{run_id}", on_volume=False)


@dataclass
class SlowMounts:
    """Implements `tools.ports.Pods`: those of a world, whose volumes may not be mounted."""

    pods: FakePods
    mounted: bool = True

    async def connect(self, access: str, pinned_host_key: str | None) -> FakePodSession:
        session = await self.pods.connect(access, pinned_host_key)
        return session if self.mounted else BareSession(session.pods, session.access, session.pod)


async def test_a_kept_pod_without_its_volume_is_not_collected_from(world: World) -> None:
    """That nothing is there says nothing; with the volume the outputs come home."""
    world.pods.on_volume = True
    world.pods.failing["fetch"] = 1_000_000
    run = await world.run()
    world.pods.failing.clear()
    pods = SlowMounts(world.pods, mounted=False)
    world.change(pods=pods)
    world.market.orders[FIRST].status = "running"
    for order in kept_pods(world.parts):
        await collect_kept(world.parts, order)
    assert (world.market.orders[FIRST].status, first(world).collected) == ("stopped", False)
    assert any("not mounted yet" in line for line in world.face.lines)
    pods.mounted = True
    world.market.orders[FIRST].status = "running"
    for order in kept_pods(world.parts):
        await collect_kept(world.parts, order)
    assert outputs(world, run.run_id) == ["metrics.json"]
    assert world.pods_left == []


async def test_a_job_is_not_started_anew_beside_its_volume(world: World) -> None:
    """The connection drops, the pod is back before its volume is; the job is found as soon as that is mounted."""
    world.pods.on_volume = True
    world.pods.script = Script(seconds=600)
    pods = SlowMounts(world.pods)
    world.change(pods=pods)

    def unmounted() -> None:
        world.pods.lost, pods.mounted = True, False

    def back() -> None:
        world.pods.lost = False

    def mounted() -> None:
        pods.mounted = True

    for seconds, happens in ((200, unmounted), (230, back), (260, mounted)):
        world.clock.at(seconds, happens)
    run = await world.run()
    assert (run.code, len(world.pods.starts), first(world).on_volume) == (0, 1, True)
    assert outputs(world, run.run_id) == ["metrics.json"]
    world.check()


# out of sight


async def test_one_order_that_is_not_answered_for_hides_no_other(world: World) -> None:
    """The one is named without an alarm, and looked at the next time; the other, which lives, is ended."""
    sick = await world.run()
    alive = await world.run()
    world.clock.advance(HOUR)
    world.market.orders["HOG-000000000002"].status = "running"
    world.market.fail("order", Refuse(500))
    swept = await sweep(world)
    assert [(item.run_id, item.action) for item in swept.swept] == [(alive.run_id, "ended again")]
    assert [(item.run_id, item.alarming) for item in swept.left] == [(sick.run_id, False)]
    assert (swept.code, world.pods_left) == (0, [])
    assert (await sweep(world)).left == ()


async def test_a_provider_that_does_not_answer_is_not_asked_about_every_order(world: World) -> None:
    """Three unanswered in a row are enough; all that were due are due still."""
    runs = [await world.run() for _ in range(UNANSWERED + 2)]
    world.clock.advance(HOUR)
    world.market.fail("order", Unreachable(), Unreachable())
    assert len((await look_again(world.parts)).unseen) == 2
    world.clock.advance(HOUR)
    world.market.fail("order", *[Unreachable()] * 100)
    asked = world.calls.count("order")
    looked = await look_again(world.parts)
    assert [order.run_id for order in looked.unseen] == [run.run_id for run in runs]
    assert world.calls.count("order") == asked + UNANSWERED


# a store that is busy


class FailingLog(SqliteSpendLog):
    """A spend log that can't tell about orders."""

    error: StoreUnusable

    def order(self, order_id: str) -> OrderRow | None:
        raise self.error


def failing(world: World, error: StoreUnusable) -> FailingLog:
    log = FailingLog.open(world.home.spend_log)
    assert isinstance(log, FailingLog)
    log.error = error
    return log


async def test_a_log_that_another_process_holds_is_no_wreck(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleaning up without it could stop the very pods that the other one drives."""
    await killed(world, 90)
    world.log.close()
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    settings = Settings(GPUHOG_BASE_URL="https://gpuhog.test/api", SWINEHERD_HOME=world.home.path)
    with closing(sqlite3.connect(world.home.spend_log, isolation_level=None)) as holding:
        holding.execute("PRAGMA locking_mode = EXCLUSIVE")
        holding.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy):
            async with open_wreck(settings, sandbox=False):
                pass
    async with open_wreck(settings, sandbox=False) as left:
        assert (left.log is not None, left.strays()) == (True, [])


async def test_a_log_that_is_broken_is_a_wreck_without_strays(world: World) -> None:
    """Its orders are cleaned up as a whole, or not at all: what can't be read is not unknown."""
    world.pods.script = Script(seconds=5000)
    await killed(world, 1000)
    world.log.close()
    world.home.spend_log.write_bytes(b"not a database")
    for leftover in ("-wal", "-shm"):
        world.home.spend_log.with_name(world.home.spend_log.name + leftover).unlink(missing_ok=True)
    settings = Settings(GPUHOG_BASE_URL="https://gpuhog.test/api", SWINEHERD_HOME=world.home.path)
    async with open_wreck(settings, sandbox=False) as left:
        assert (left.log, [line.order_id for line in left.orders()], left.strays()) == (None, [FIRST], [])


async def test_an_order_that_can_not_be_read_is_no_stray(world: World) -> None:
    """Nor is it one while the log is busy: that is told, and nothing is touched."""
    world.pods.script = Script(seconds=5000)
    await killed(world, 1000)
    with closing(failing(world, StoreUnusable("the disk is failing"))) as log:
        left = wreck(world, log)
        assert ([line.order_id for line in left.orders()], left.strays()) == ([FIRST], [])
    with closing(failing(world, StoreBusy("another process has held it"))) as log:
        left = wreck(world, log)
        with pytest.raises(StoreBusy):
            left.strays()
        with pytest.raises(StoreBusy):
            await clean_up(left, left.named)
    assert world.market.orders[FIRST].status == "running"


# what a sweep says about money


async def test_money_found_on_the_account_is_told_and_no_doubt(world: World) -> None:
    """Somebody else spends from it too: there is nothing to settle."""
    await reconcile(world.parts)
    world.market.spend_elsewhere(13)
    world.clock.advance(100)
    swept = await sweep(world)
    assert [charge.state for charge in world.log.charges()] == [ChargeState.ORPHANED]
    assert [(item.run_id, item.alarming) for item in swept.left] == [("", False)]
    assert "settle" not in swept.left[0].reason
    assert swept.code == 0


async def test_money_that_a_human_has_spoken_about_alarms_no_more(world: World) -> None:
    """Taken, and given back: nobody can say more about it."""
    charge_id = await in_doubt(world)
    assert (await sweep(world)).code == 7
    world.market.spend_elsewhere(-PRICE)
    await settle_by_hand(world.parts, charge_id, WasRefunded(), "me")
    swept = await sweep(world)
    assert (swept.code, [item.reason for item in swept.left if charge_id in item.reason]) == (0, [])


async def test_a_purchase_that_a_dead_process_was_sending_is_in_doubt(world: World) -> None:
    """Even one that this key can't settle; while somebody drives its run it is only on its way."""
    run_id = world.submit()
    world.market.fail("rent_with_credits", RequestLost())
    world.market.before_spending = die
    assert await world.killed(run_id)
    world.change(account="key-2")
    swept = await sweep(world)
    assert world.charge(run_id).state is ChargeState.SUBMITTING
    assert (swept.code, [item.alarming for item in swept.left]) == (7, [False, True])
    driver = Holder(boot_id="boot", pid=77, started="1", host="here")
    world.change(alive=lambda _holder: True)
    assert world.log.take_lease(run_id, driver, world.clock.now(), 60, world.parts.alive)
    assert (await sweep(world)).code == 0
