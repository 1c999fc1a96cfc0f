"""Another pod: what a failed one teaches the next."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agent.quote import quote
from policies.money import Cents
from policies.policy import Policy, Recovery
from policies.recovery import BAD_GPU_FOR
from tests.agent.conftest import MakeWorld
from tests.agent.lost_pods import OUT_OF_MEMORY, gpus, lose_first_pod_at
from tests.agent.world import ANY_GPU, AUTO, GPU, JOB, PRICE, World
from tests.fakes.faults import Refuse, Unreachable
from tests.fakes.pods import Script
from tools.ports import GpuSeen
from tools.spend_log.rows import RunStatus

A100 = "NVIDIA A100 80GB"
RTX_3090 = "NVIDIA RTX 3090"


def notes(world: World, run_id: str, kind: str) -> list[dict[str, Any]]:
    return [json.loads(event.body) for event in world.log.events(run_id) if event.kind == kind]


def limited(**budget: Any) -> Policy:
    return replace(AUTO, budget=replace(AUTO.budget, **budget))


# out of memory


async def test_a_job_that_ran_out_of_memory_gets_a_larger_gpu(world: World) -> None:
    """In use plus tried plus headroom: 26.43 GB become 31, which the A100 has; paid within the caps, told and noted."""
    world.pods.scripts.append(OUT_OF_MEMORY)
    run = await world.run(ANY_GPU)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.SUCCEEDED, 0, 0)
    assert [gpus(world, run)[0] != A100, gpus(world, run)[1:]] == [True, [A100]]
    assert len(world.market.debits) == 2
    said = "\n".join(world.face.lines)
    assert "out of GPU memory as it asked for 4.0 GB on top of 22.4 GB" in said
    assert "looking for another offer with at least 31 GB of VRAM" in said
    (diagnosed,) = notes(world, run.run_id, "diagnosed")
    assert (diagnosed["failure"], diagnosed["move"]) == ("out_of_memory", "another pod")
    assert diagnosed["least_vram_gb"] == 31
    rejected = notes(world, run.run_id, "rejected")[-1]
    assert rejected[GPU] == rejected[RTX_3090] == "too small after the last pod: 24 GB < 31 GB"
    assert world.log.bad_gpus(world.clock.now()) == {}
    world.check()


@pytest.mark.parametrize(
    ("policy", "text", "why"),
    [
        (AUTO, JOB, "24 GB < 31 GB"),
        (limited(per_run=Cents(PRICE + 50)), ANY_GPU, "per_run_usd"),
        (limited(per_day=Cents(PRICE + 50)), ANY_GPU, "per_day_usd"),
        (
            limited(max_open_pods=4, max_price_per_hour=AUTO.budget.max_price_per_hour / 4),
            ANY_GPU,
            "max_price_per_hour",
        ),
        (replace(AUTO, recovery=Recovery(max_pods_per_run=1)), ANY_GPU, "max_pods_per_run = 1"),
        (replace(AUTO, recovery=Recovery(same_failure_limit=1)), ANY_GPU, "1 time the same failure"),
    ],
    ids=["accelerators", "per-run", "per-day", "price", "pods", "limit"],
)
async def test_a_job_for_which_no_larger_gpu_may_be_rented(
    make_world: MakeWorld, policy: Policy, text: str, why: str
) -> None:
    """The job's own failure stays the story: exit 1, its exit code, what was tried and what stood in the way."""
    world = make_world(policy)
    world.pods.scripts.append(OUT_OF_MEMORY)
    run = await world.run(text)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.FAILED, 1, 1)
    assert "the job exited with 1: out of GPU memory" in run.reason
    assert why in run.reason
    assert len(world.market.debits) == 1
    assert (world.home.run(run.run_id).outputs / "metrics.json").exists()
    world.check()


async def test_a_job_that_is_too_large_twice_is_given_up(world: World) -> None:
    """`same_failure_limit`, with the count; two pods were paid, both are gone."""
    world.pods.script = OUT_OF_MEMORY
    run = await world.run(ANY_GPU)
    assert (run.code, run.job_exit_code, len(world.market.debits)) == (1, 1, 2)
    assert "2 times the same failure (same_failure_limit = 2)" in run.reason
    world.check()


async def test_a_larger_gpu_that_never_comes_up_is_the_providers_failure(make_world: MakeWorld) -> None:
    """What the first pod's job ended with is over once a second pod is there."""
    world = make_world(replace(AUTO, recovery=Recovery(max_pods_per_run=2)))
    world.pods.scripts.append(OUT_OF_MEMORY)
    world.clock.at(100, lambda: setattr(world.market, "deploy_seconds", 1_000_000))
    run = await world.run(ANY_GPU)
    assert (run.code, run.job_exit_code) == (5, None)
    assert "still deploying" in run.reason
    world.check()


async def test_any_other_failing_job_is_not_paid_for_again(world: World) -> None:
    """Exit 1 without a word about memory: the same money would buy the same failure."""
    world.pods.script = Script(log=b"MemoryError\n", code=1)
    run = await world.run(ANY_GPU)
    assert (run.code, run.job_exit_code, run.reason) == (1, 1, "the job exited with 1")
    assert len(world.market.debits) == 1


# bad GPUs


async def test_a_bad_gpu_is_left_out_by_other_runs_and_forgotten_after_a_while(world: World) -> None:
    """The GPU whose pod was lost; the next run and `quote` take another and say why, six hours later it is taken."""
    run_id = world.submit(ANY_GPU)
    lose_first_pod_at(world, 80)
    assert (await world.drive(run_id)).code == 0
    bad = gpus(world, run_id)[0]
    assert list(world.log.bad_gpus(world.clock.now())) == [bad]
    second = await world.run(ANY_GPU)
    assert gpus(world, second) == [gpus(world, run_id)[1]]
    (rejected,) = notes(world, second.run_id, "rejected")
    assert rejected[bad].startswith("left out for a while: the pod was ended")
    quoted = await quote(world.parts, world.parts.job(run_id), None)
    assert bad not in [one.listing.gpu_id for one in quoted.quotes]
    world.clock.advance(BAD_GPU_FOR.total_seconds())
    third = await world.run(ANY_GPU)
    assert gpus(world, third) == [bad]
    world.check()


async def test_a_bad_gpu_is_offered_again_where_nothing_else_fits(world: World) -> None:
    """A job for one GPU only: its next pod is of the same kind, and that is told."""
    run_id = world.submit(JOB)
    lose_first_pod_at(world, 80)
    run = await world.drive(run_id)
    assert (run.code, gpus(world, run)) == (0, [GPU, GPU])
    assert any(f"nothing else fits, so {GPU} is offered again: the pod was ended" in line for line in world.face.lines)
    world.check()


async def test_what_is_sold_out_is_not_bad(world: World) -> None:
    """However often: none of it counts as a failure of the same kind, and other runs may have better luck."""
    world.market.fail("rent_with_credits", Refuse(404), Refuse(404))
    run = await world.run(ANY_GPU)
    assert run.code == 0
    assert len(set(gpus(world, run))) == 3
    assert world.log.bad_gpus(world.clock.now()) == {}


async def test_a_purchase_that_never_left_speaks_against_no_gpu(world: World) -> None:
    """The same offer again."""
    world.market.fail("rent_with_credits", Unreachable())
    run = await world.run(ANY_GPU)
    assert (run.code, len(gpus(world, run)), len(set(gpus(world, run)))) == (0, 2, 1)


# wrong hardware


def another_name(world: World) -> None:
    order = world.market.orders["HOG-000000000001"]
    order.listing = replace(order.listing, name="RTX 3060", vram_gb=24)


def less_memory(world: World) -> None:
    order = world.market.orders["HOG-000000000001"]
    order.listing = replace(order.listing, vram_gb=12)


@pytest.mark.parametrize("lie", [another_name, less_memory])
async def test_an_order_for_another_gpu_is_ended(world: World, lie: Callable[[World], None]) -> None:
    """Before anything of the job gets there; another GPU is rented, the one that was not delivered is remembered."""
    world.market.after_spending = lambda: lie(world)
    world.clock.at(1, lambda: setattr(world.market, "after_spending", lambda: None))
    run = await world.run(ANY_GPU)
    first, second = gpus(world, run)
    assert (run.code, len(world.pods.starts), first != second) == (0, 1, True)
    assert "instead of" in world.log.bad_gpus(world.clock.now())[first]
    world.check()


async def test_a_pod_with_another_gpu_gets_nothing_of_the_job(world: World) -> None:
    """`nvidia-smi` at first contact: no file, no variable; the pod is ended and another one rented."""
    world.pods.gpus.extend([GpuSeen("NVIDIA GeForce GTX 1080 Ti", 11264), GpuSeen("NVIDIA GeForce RTX 4090", 24564)])
    run = await world.run(JOB)
    assert (run.code, len(world.market.debits)) == (0, 2)
    first, second = world.pods.pods.values()
    assert (first.uploads, first.jobs, len(second.jobs)) == ({}, {}, 1)
    assert world.log.bad_gpus(world.clock.now()) == {GPU: "the pod has 11264 MiB of VRAM instead of 24 GB"}
    world.check()


async def test_a_gpu_is_asked_for_at_first_contact_only(world: World) -> None:
    """A job that runs is not ended for what a later look shows."""
    world.pods.gpus.extend([GpuSeen("NVIDIA GeForce RTX 4090", 24564), GpuSeen("", 0)])
    world.pods.drops.extend([5, 10])
    run = await world.run(JOB)
    assert (run.code, len(world.market.debits), world.calls.count("gpu")) == (0, 1, 1)
