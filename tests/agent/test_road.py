"""The happy roads: from a job file to results at home, on each way to pay."""

import json
from dataclasses import replace

import pytest

from policies.charge import ChargeState
from policies.policy import Policy
from tests.agent.conftest import MakeWorld
from tests.agent.world import ASK, AUTO, CHECKOUT, PRICE, World
from tests.fakes.pods import LOG, Script
from tools.spend_log.rows import Run, RunStatus


async def travel(world: World) -> Run:
    """Run the job with whatever human the way to pay needs."""
    run_id = world.submit()
    if world.parts.policy is ASK:
        world.approve_at(30, run_id)
    if world.parts.policy is CHECKOUT:
        world.pay_at(30)
    return await world.drive(run_id)


@pytest.mark.parametrize(
    ("policy", "spent_by", "states"),
    [
        (AUTO, "rent_with_credits", ["held", "submitting", "paid"]),
        (ASK, "rent_with_credits", ["held", "submitting", "paid"]),
        (CHECKOUT, "rent", ["held", "submitting", "awaiting_payment", "paid"]),
    ],
    ids=["auto", "approval", "checkout"],
)
async def test_a_run_buys_once_and_comes_home(
    make_world: MakeWorld, policy: Policy, spent_by: str, states: list[str]
) -> None:
    """One purchase, its charge moves as the table says, the books agree, the outputs are here and the pod is gone."""
    world = make_world(policy)
    run = await travel(world)
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.SUCCEEDED, 0, 0)
    assert world.purchases == [spent_by]
    assert world.states(run.run_id) == states
    assert sum(debit.cents for debit in world.market.debits) == world.log.totals().spent == PRICE
    assert world.charge(run.run_id).order_id == world.market.debits[0].order_id
    outputs = world.home.run(run.run_id).outputs
    assert (outputs / "metrics.json").read_bytes() == Script().files["metrics.json"]
    assert world.home.run(run.run_id).log.read_bytes() == LOG == world.face.output
    world.check()


async def test_the_report_is_what_show_prints(world: World) -> None:
    """`report.json` has every field of CONTRACT §6, money as decimal strings."""
    run = await world.run()
    report = json.loads(world.home.run(run.run_id).report.read_text(encoding="utf-8"))
    assert report == {
        "run_id": run.run_id,
        "status": "succeeded",
        "step": "report",
        "gpu": "RTX 4090",
        "hours": 2,
        "order_ids": [world.charge(run.run_id).order_id],
        "spent_usd": "0.98",
        "held_usd": "0.00",
        "in_doubt_usd": "0.00",
        "exit_code": 0,
        "outputs_dir": str(world.home.run(run.run_id).outputs),
        "checkout_url": None,
        "reason": report["reason"],
        "started_at": "2026-03-30T12:00:00Z",
        "ended_at": report["ended_at"],
        "summary": report["summary"],
    }


async def test_the_steps_come_in_their_order(world: World) -> None:
    """As the drawing of the road has them."""
    run = await world.run()
    steps = [json.loads(event.body)["step"] for event in world.log.events(run.run_id) if event.kind == "step"]
    once = list(dict.fromkeys(steps))
    assert once == ["intake", "discover", "pick", "rent", "pay", "poll", "run_job", "collect", "terminate", "report"]


async def test_a_failing_job_still_brings_its_outputs_home(world: World) -> None:
    """A job that exits 3: exit code 1, the job's own code kept, what it left fetched, the pod gone, nothing retried."""
    world.pods.script = replace(Script(), code=3, files={"metrics.json": b"half"})
    run = await world.run()
    assert (run.status, run.code, run.job_exit_code) == (RunStatus.FAILED, 1, 3)
    assert (world.home.run(run.run_id).outputs / "metrics.json").read_bytes() == b"half"
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def test_the_job_gets_its_files_and_its_command_once(world: World) -> None:
    """The snapshot lies in the remote workdir before the job starts; the lease's end is told."""
    run = await world.run()
    (start,) = world.pods.starts
    (pod,) = world.pods.pods.values()
    assert start.run == "python train.py"
    assert list(pod.uploads) == [f"/root/swineherd/{run.run_id}/work"]
    order = world.log.orders(run.run_id)[0]
    assert order.paid_from is not None
    assert (start.lease_end - order.paid_from).total_seconds() == 2 * 3600
    assert world.calls.index("upload") < world.calls.index("start_job")


async def test_a_lost_connection_costs_no_byte_of_the_log(world: World) -> None:
    """The log goes on where the file ends: nothing is missing, nothing comes twice, the job starts once."""
    world.pods.drops.extend([5, 5, 20])
    run = await world.run()
    assert run.code == 0
    assert world.home.run(run.run_id).log.read_bytes() == LOG
    assert len(world.pods.starts) == 1
    assert world.calls.count("upload") == 1


async def test_the_charge_of_a_checkout_waits_for_its_payment(make_world: MakeWorld) -> None:
    """Until the human pays, the money is held and the link is shown; afterwards it is spent and the link is not."""
    world = make_world(CHECKOUT)
    run_id = world.submit()
    left = await world.drive(run_id, wait=False)
    assert left.status is RunStatus.WAITING_FOR_HUMAN
    assert world.charge(run_id).state is ChargeState.AWAITING_PAYMENT
    assert world.log.totals().held == PRICE
