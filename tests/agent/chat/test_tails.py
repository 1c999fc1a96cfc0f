"""What a job writes, in its run's thread while it runs: one reply, edited as the log grows."""

from contextlib import suppress
from typing import Any

import pytest

from agent.chat import news, tails
from agent.chat.messages import ChannelDown, NotTaken
from agent.diary import Diary
from agent.folders import RunFolder
from tests.agent.chat.running import LONG, job_runs, writes
from tests.agent.chat.wall import Wall, relay_of
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, World


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """One that asks about every order; its jobs run for a while."""
    world = make_world(ASK)
    world.pods.script = LONG
    return world


async def asked(world: World, wall: Wall) -> str:
    """A run whose card is on the wall."""
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    await relay_of(world, wall).round()
    return run_id


async def test_one_reply_follows_the_log_and_the_report_comes_after_it(world: World) -> None:
    """Edited where something is new, never more than twice a minute; the last edit leaves the log to the report."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    relaying = relay_of(world, wall)
    writes(world, run_id, "epoch 1\n")
    await relaying.round()
    ((thread, said),) = wall.told
    assert (thread, said.title, said.log_tail) == ("card-1", f"{run_id}: the job runs", "epoch 1")
    for _ in range(29):
        writes(world, run_id, "epoch\n")
        world.clock.advance(1)
        await relaying.round()
    assert wall.changed == []
    for _ in range(3):
        world.clock.advance(tails.EVERY.total_seconds())
        await relaying.round()
    ((ref, said),) = wall.changed
    assert (ref, said.log_tail.count("epoch")) == ("reply-1", news.MOST_TAIL_LINES)
    assert (await world.drive(run_id)).code == 0
    await relaying.round()
    assert [(ref, said.title, said.log_tail) for ref, said in wall.changed[1:]] == [
        ("reply-1", f"{run_id}: {tails.OVER}", "")
    ]
    assert [(ref, said.title) for ref, said in wall.told[1:]] == [("card-1", f"{run_id}: succeeded")]
    world.clock.advance(60)
    await relaying.round()
    assert (len(wall.told), len(wall.changed)) == (2, 2)


async def test_how_busy_the_gpu_is_and_when_the_log_grew(world: World) -> None:
    """As the diary has it, while that is news; a log that stands still is seen to."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    relaying, diary = relay_of(world, wall), Diary(world.face, world.home, world.clock)
    for util in (12, 97):
        diary.gpu(run_id, util, 81)
    diary.tell(run_id, "the outputs are synced")
    await relaying.round()
    writes(world, run_id, "epoch 1\n")
    world.clock.advance(news.FIGURES_LAST.total_seconds() + 1)
    await relaying.round()
    assert wall.told[0][1].lines == ("GPU 97 % busy, 81 % of its memory",)
    (line,) = wall.changed[0][1].lines
    assert line.startswith("log last written at 20")


async def test_a_restart_posts_no_second_reply(world: World) -> None:
    """The reply that is there is edited."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    await relay_of(world, wall).round()
    writes(world, run_id, "epoch 2\n")
    await relay_of(world, wall).round()
    assert len(wall.told) == 1
    assert [(ref, said.log_tail) for ref, said in wall.changed] == [("reply-1", "epoch 2")]


async def test_a_run_that_nobody_was_asked_about_has_its_end_alone(world: World) -> None:
    """It has no thread, and a message of its own that changes for hours is noise."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    world.change(policy=AUTO)
    unasked = world.submit()
    await job_runs(world, unasked)
    relaying = relay_of(world, wall)
    await relaying.round()
    await world.drive(unasked)
    await relaying.round()
    assert [(ref, said.title) for ref, said in wall.told] == [
        ("card-1", f"{run_id}: the job runs"),
        ("", f"{unasked}: succeeded"),
    ]


async def test_orders_are_looked_up_twice_a_minute_and_only_where_there_are_threads(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a round is made, and however many runs wait."""
    wall, looked_up = Wall(), 0
    run_id = await asked(world, wall)
    orders = world.log.orders

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal looked_up
        looked_up += 1
        return orders(*arguments, **named)

    relaying, threadless = relay_of(world, wall), tails.Tails(world.parts, wall, relay_of(world, wall)._posted)
    await relaying.round()
    threadless._posted.threads.clear()
    monkeypatch.setattr(world.log, "orders", counted)
    for _ in range(59):
        world.clock.advance(1)
        await relaying._tails.look()
        await threadless.look()
    assert (run_id in relaying._posted.threads, looked_up) == (True, 1)


async def test_a_channel_that_is_down_gets_the_last_state_and_no_other(world: World) -> None:
    """Nothing queues up; and an end that could not be told is told after the reply's last edit."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    relaying = relay_of(world, wall)
    await relaying.round()
    for number in range(3):
        writes(world, run_id, f"epoch {number}\n")
        world.clock.advance(tails.EVERY.total_seconds())
        wall.refusals = [ChannelDown("no answer")] if number < 2 else []
        with suppress(ChannelDown):
            await relaying.round()
    assert [said.log_tail for _, said in wall.changed] == ["epoch 0\nepoch 1\nepoch 2"]
    await world.drive(run_id)
    wall.refusals = [ChannelDown("no answer")]
    with pytest.raises(ChannelDown):
        await relaying.round()
    await relaying.round()
    assert wall.changed[-1][1].title == f"{run_id}: {tails.OVER}"
    assert wall.told[-1][1].title == f"{run_id}: succeeded"


async def test_a_reply_that_is_gone_is_not_posted_again(world: World) -> None:
    """Somebody deleted it, and wants no other. The report comes all the same."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    relaying = relay_of(world, wall)
    await relaying.round()
    wall.refusals = [NotTaken("message_not_found")]
    for number in range(3):
        writes(world, run_id, f"epoch {number}\n")
        world.clock.advance(tails.EVERY.total_seconds())
        await relaying.round()
    await world.drive(run_id)
    await relaying.round()
    assert (wall.changed, wall.refusals) == ([], [])
    assert [said.title for _, said in wall.told] == [f"{run_id}: the job runs", f"{run_id}: succeeded"]


async def test_what_comes_after_the_job_is_shown_and_a_newer_card_has_a_reply_of_its_own(world: World) -> None:
    """A pod that is lost, and another one that is asked about: the log is where the human looks now."""
    wall = Wall()
    run_id = await asked(world, wall)
    await job_runs(world, run_id)
    relaying = relay_of(world, wall)
    await relaying.round()
    (order,) = world.log.orders(run_id)
    await world.market.terminate(order.order_id)
    await world.drive(run_id, wait=False)
    world.clock.advance(tails.EVERY.total_seconds())
    await relaying.round()
    assert [(ref, said.title) for ref, said in wall.changed] == [("reply-1", f"{run_id}: {tails.ELSEWHERE}")]
    assert len(wall.told) == 1
    await job_runs(world, run_id)
    world.clock.advance(tails.EVERY.total_seconds())
    await relaying.round()
    assert [(ref, said.title) for ref, said in wall.told[1:]] == [("card-2", f"{run_id}: the job runs")]


async def test_of_many_logs_those_left_alone_longest_come_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A messenger that limits what is said refuses nobody's card for a log."""
    monkeypatch.setattr(tails, "MOST_AT_ONCE", 1)
    wall = Wall()
    runs = [await asked(world, wall) for _ in range(2)]
    for run_id in runs:
        await job_runs(world, run_id)
    relaying = relay_of(world, wall)
    for _ in range(4):
        for run_id in runs:
            writes(world, run_id, "epoch\n")
        await relaying.round()
        world.clock.advance(tails.EVERY.total_seconds())
    assert len(wall.told) == 2
    assert sorted(ref for ref, _ in wall.changed) == ["reply-1", "reply-2"]


def test_a_progress_bar_is_one_line_without_colours(world: World) -> None:
    """As a terminal would show it in the end; the line that was cut in two is left out."""
    folder = RunFolder(world.root)
    bar = "".join(f"\r{percent} %" for percent in range(100))
    folder.log.write_bytes(b"x" * news.MOST_TAIL_BYTES + f"\n\x1b[32mloading\x1b[0m\n{bar}\n".encode())
    assert news.tail(folder) == "loading\n99 %"
