"""An approval is used once, for one offer: replays, races, edits and old checkpoints buy nothing."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from langgraph.types import Command

from agent.errors import LeaseHeld
from policies.charge import ChargeState
from policies.money import Cents
from tests.agent.conftest import MakeWorld
from tests.agent.watched import KeptSaver
from tests.agent.world import ASK, AUTO, GPU, PRICE, World
from tests.fakes.faults import Refuse
from tools.spend_log.port import NotApproved, NotRecorded, Recorded
from tools.spend_log.rows import Charge, Decision


@pytest.fixture
def asking(make_world: MakeWorld) -> World:
    """A world in which every order needs a human."""
    return make_world(ASK)


async def approved(world: World) -> str:
    """A run whose offer a human said yes to; nobody drives it."""
    run_id = world.submit()
    await world.drive(run_id, wait=False)
    assert isinstance(world.decide(run_id, Decision.APPROVED), Recorded)
    return run_id


async def checkpoints(world: World, run_id: str) -> list[Any]:
    """Every checkpoint of a run, oldest first."""
    return [item async for item in world.graph.aget_state_history(world.config(run_id))][::-1]


async def replay(world: World, snapshot: Any) -> None:
    """Begin again from an old checkpoint, as a debugger's time travel does; resumed where it had asked."""
    step: Command[Any] | None = None
    if snapshot.interrupts:
        step = Command(resume={snapshot.interrupts[0].id: {"cause": "changed"}})
    await world.graph.ainvoke(step, snapshot.config, context=world.parts, durability="sync")


async def test_a_decision_counts_once(asking: World) -> None:
    """The same answer again, or the opposite one, is not recorded."""
    run_id = await approved(asking)
    for decision in (Decision.APPROVED, Decision.DENIED):
        assert isinstance(asking.decide(run_id, decision), NotRecorded)
    assert (await asking.drive(run_id)).code == 0
    assert asking.purchases == ["rent_with_credits"]


async def test_an_approval_pays_for_one_charge(asking: World) -> None:
    """Reserving again with it, for the same or a changed offer, is refused."""
    run_id = await approved(asking)
    offer, approval = asking.parts.attempt(run_id).offer, asking.log.approval(run_id)
    assert approval is not None
    now, caps = asking.clock.now(), asking.parts.caps(run_id)
    dearer = type(offer)(**{name: getattr(offer, name) for name in offer.__slots__} | {"amount": Cents(PRICE + 1)})
    assert isinstance(asking.log.reserve("chg-a", dearer, caps, now, approval.approval_id), NotApproved)
    longer = type(offer)(**{name: getattr(offer, name) for name in offer.__slots__} | {"hours": 3})
    assert isinstance(asking.log.reserve("chg-b", longer, caps, now, approval.approval_id), NotApproved)
    assert isinstance(asking.log.reserve("chg-c", offer, caps, now, approval.approval_id), Charge)


async def test_the_log_itself_refuses_an_expired_yes(asking: World) -> None:
    """Whoever asks it to reserve, and whenever the driver had looked."""
    run_id = await approved(asking)
    offer, approval = asking.parts.attempt(run_id).offer, asking.log.approval(run_id)
    assert approval is not None
    asking.clock.advance(60 * 60)
    said = asking.log.reserve("chg", offer, asking.parts.caps(run_id), asking.clock.now(), approval.approval_id)
    assert isinstance(said, NotApproved)


async def test_an_offer_that_had_its_charge_buys_no_second_one(world: World) -> None:
    """The purchase was refused and released; the same offer is not good for another try."""
    world.market.fail("rent_with_credits", Refuse(404))
    run_id = world.submit()
    said: list[object] = []

    def again(step: str) -> None:
        if step == "diagnose":
            offer = world.parts.attempt(run_id).offer
            said.append(world.log.reserve("chg-again", offer, world.parts.caps(run_id), world.clock.now(), None))

    world.log.entering = again
    await world.drive(run_id)
    assert [type(one) for one in said] == [NotApproved]


@pytest.mark.parametrize("policy", [AUTO, ASK], ids=["auto", "approval"])
@pytest.mark.parametrize("ended", [True, False], ids=["after-the-end", "while-it-runs"])
async def test_old_checkpoints_buy_nothing(make_world: MakeWorld, policy: object, *, ended: bool) -> None:
    """Beginning again from any checkpoint of a run that has paid: no second purchase, and no pod left behind."""
    world = make_world(policy)
    world.saver = KeptSaver()
    run_id = world.submit()
    if policy is ASK:
        world.approve_at(5, run_id)
        await world.driver().leg(run_id, None)
        world.decide(run_id, Decision.APPROVED)
        await world.driver().leg(run_id, "changed")
    else:
        await world.driver().leg(run_id, None)
    assert world.charge(run_id).state is ChargeState.PAID
    if ended:
        await world.drive(run_id)
    standing = await checkpoints(world, run_id)
    assert standing
    for snapshot in standing:
        await replay(world, snapshot)
    if not ended:
        await world.drive(run_id)
    assert world.purchases == ["rent_with_credits"]
    assert world.log.totals().spent == PRICE
    assert world.parts.run(run_id).code == 0
    world.check()


async def test_a_state_edited_after_the_approval_buys_nothing(asking: World) -> None:
    """The graph's state is no proof: with other listings written into it the market is read and a human asked anew."""
    run_id = await approved(asking)
    await edit(asking, run_id)
    assert (await asking.drive(run_id, wait=False)).code == 4
    assert asking.purchases == []
    approval = asking.log.approval(run_id)
    assert approval is not None
    assert (approval.decision, approval.offer.gpu_id, approval.offer.amount) == (None, GPU, PRICE)


async def test_a_state_edited_while_the_pod_runs_leaves_no_pod(world: World) -> None:
    """The run goes on with what it has bought."""
    run_id = world.submit()
    await world.driver().leg(run_id, None)
    await edit(world, run_id)
    assert (await world.drive(run_id)).code == 0
    assert world.purchases == ["rent_with_credits"]
    world.check()


async def edit(world: World, run_id: str) -> None:
    """Write other listings into the state, as if the offer had just been made from them."""
    config = world.config(run_id)
    snapshot = await world.graph.aget_state(config)
    listings = [dict(one, price_per_hour="9.00", gpu_id="NVIDIA A100 80GB") for one in snapshot.values["listings"]]
    await world.graph.aupdate_state(config, {"listings": listings, "offers_made": 0}, as_node="rent")


async def test_two_resumes_at_once_buy_once(asking: World) -> None:
    """Two processes heed the same yes: one has the lease, the other is told who."""
    run_id = await approved(asking)
    first = asking.driver()
    asking.holder = asking._next_holder()
    second = replace(first, parts=replace(asking.parts, holder=asking.holder, alive=lambda _holder: True))
    ends = await asyncio.gather(first.drive(run_id, wait=True), second.drive(run_id, wait=True), return_exceptions=True)
    assert [type(end) for end in ends if isinstance(end, BaseException)] == [LeaseHeld]
    assert asking.purchases == ["rent_with_credits"]


async def test_two_graphs_without_a_lease_buy_once(asking: World) -> None:
    """Even where somebody drives the graph itself twice at the same time, past every lease."""
    run_id = await approved(asking)
    snapshot = await asking.graph.aget_state(asking.config(run_id))
    await asyncio.gather(replay(asking, snapshot), replay(asking, snapshot), return_exceptions=True)
    assert asking.purchases == ["rent_with_credits"]
    await asking.drive(run_id)
    assert asking.log.totals().spent == PRICE
    asking.check()


async def test_an_approval_that_expired_before_it_was_used(asking: World) -> None:
    """A yes nobody acted on in time buys nothing."""
    run_id = await approved(asking)
    asking.clock.advance(61 * 60)
    run = await asking.drive(run_id, wait=False)
    assert run.code == 4
    assert asking.purchases == []


async def test_the_code_is_in_no_checkpoint_and_no_interrupt(asking: World) -> None:
    """It goes to human channels only."""
    asking.saver = KeptSaver()
    run_id = await approved(asking)
    approval = asking.log.approval(run_id)
    assert approval is not None
    snapshot = await asking.graph.aget_state(asking.config(run_id))
    assert approval.code not in repr(snapshot)
    await asking.drive(run_id)
    assert approval.code.encode() not in asking.checkpoint_bytes()
    assert GPU.encode() in asking.checkpoint_bytes()
    assert not any(approval.code in line for line in asking.face.lines)
    assert not any(approval.code in event.body for event in asking.log.events(run_id))


@pytest.mark.parametrize(
    "resumed",
    [
        {"decisions": [{"type": "approve"}]},
        [{"type": "accept", "args": None}],
        {"cause": "approved"},
        {"cause": {"decisions": [{"type": "approve"}]}},
        "approve",
    ],
    ids=["agent-chat-ui", "agent inbox", "another cause", "no cause", "text"],
)
async def test_what_a_graph_client_says_is_no_decision(asking: World, resumed: object) -> None:
    """It buys nothing and the run waits on, for the same question; what is recorded afterwards counts."""
    run_id = asking.submit()
    await asking.drive(run_id, wait=False)
    before = asking.log.approval(run_id)
    config = asking.config(run_id)
    (interrupt,) = (await asking.graph.aget_state(config)).interrupts
    step: Command[Any] = Command(resume={interrupt.id: resumed})
    await asking.graph.ainvoke(step, config, context=asking.parts, durability="sync")
    assert (await asking.graph.aget_state(config)).next == ("escalate",)
    assert asking.log.approval(run_id) == before
    assert asking.purchases == []
    asking.decide(run_id, Decision.APPROVED)
    assert (await asking.drive(run_id)).code == 0
    assert asking.purchases == ["rent_with_credits"]
