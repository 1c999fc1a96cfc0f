"""Another offer instead of an answer: "by card", "three hours". And a yes to the whole run."""

from datetime import timedelta

import pytest

from agent.cli.waiting import run_waits
from policies.charge import ChargeState
from policies.money import Cents
from policies.offer import Listing, Offer, Rail
from policies.policy import Budget, Payment, Policy
from policies.wish import Wish
from tests.agent.conftest import MakeWorld
from tests.agent.lost_pods import lose_first_pod_at
from tests.agent.test_approval import checkpoints, edit, replay
from tests.agent.watched import KeptSaver, Killed
from tests.agent.world import ASK, PRICE, World
from tools.spend_log.port import NotRecorded, Recorded
from tools.spend_log.rows import Decision

BY_CARD = Wish(Rail.STRIPE, None)
THREE_HOURS = Wish(None, 3)
THREE = PRICE * 3 // 2
"""Cents: three hours of the GPU."""

CREDITS_ONLY = Policy(payment=Payment(rails=(Rail.CREDITS,)))
TIGHT = Policy(budget=Budget(per_run=Cents(120)))
"""Two hours fit, three do not."""


@pytest.fixture
def asking(make_world: MakeWorld) -> World:
    """A world in which every order from credits needs a human."""
    return make_world(ASK)


async def waiting(world: World) -> str:
    """A run that waits for a human, and that nobody drives."""
    run_id = world.submit()
    assert (await world.drive(run_id, wait=False)).code == 4
    return run_id


async def wished(world: World, wish: Wish) -> str:
    """A run whose offer a human put aside, with what came of it; nobody drives it."""
    run_id = await waiting(world)
    assert isinstance(world.instead(run_id, wish), Recorded)
    return run_id


def offers(world: World, run_id: str) -> list[Offer]:
    return [attempt.offer for attempt in world.log.attempts(run_id)]


async def test_an_offer_that_is_put_aside_while_its_price_is_read(
    asking: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash, when the question stands already: another offer is made, and the run goes on."""
    run_id, listed = asking.submit(), asking.market.gpus

    async def quick_human() -> tuple[Listing, ...]:
        if asking.log.attempts(run_id) and not asking.log.wishes(run_id):
            offer, now = asking.parts.attempt(run_id).offer, asking.clock.now()
            asking.log.ask(offer, asking.parts.new_code(), now, now + timedelta(hours=1))
            assert isinstance(asking.instead(run_id, THREE_HOURS), Recorded)
        return await listed()

    monkeypatch.setattr(asking.market, "gpus", quick_human)
    run = await asking.drive(run_id, wait=False)
    assert run.code == 4
    assert [offer.hours for offer in offers(asking, run_id)] == [2, 3]


async def test_by_card_a_link_is_made_and_paying_it_is_the_yes(asking: World) -> None:
    """No credits are spent, and nobody is asked a second time."""
    run_id = await waiting(asking)
    asking.clock.at(5, lambda: asking.instead(run_id, BY_CARD))
    asking.pay_at(60)
    run = await asking.drive(run_id)
    assert run.code == 0
    assert asking.purchases == ["rent"]
    assert [(offer.attempt, offer.rail) for offer in offers(asking, run_id)] == [(1, Rail.CREDITS), (2, Rail.STRIPE)]
    assert asking.charge(run_id).state is ChargeState.PAID
    asking.check()


async def test_other_hours_are_asked_about_anew(asking: World) -> None:
    """With a new number and a new code; the old code is worth nothing."""
    run_id = await waiting(asking)
    first = asking.log.approval(run_id)
    asking.instead(run_id, THREE_HOURS)
    assert run_waits(asking.log, asking.parts.run(run_id), asking.clock.now()) == ""
    assert (await asking.drive(run_id, wait=False)).code == 4
    second = asking.log.approval(run_id)
    assert first is not None
    assert second is not None
    assert (second.offer.attempt, second.offer.hours, second.offer.amount) == (2, 3, THREE)
    assert second.code != first.code
    old = asking.log.decide(run_id, first.code, Cents(THREE), Decision.APPROVED, "me", asking.clock.now())
    assert isinstance(old, NotRecorded)
    asking.decide(run_id, Decision.APPROVED)
    assert (await asking.drive(run_id)).code == 0
    assert (asking.charge(run_id).amount, asking.charge(run_id).hours) == (THREE, 3)
    assert not any("nothing was bought" in line for line in asking.face.lines)
    asking.check()


async def test_a_later_wish_is_heard_with_the_earlier(asking: World) -> None:
    """Three hours, then by card: three hours by card; a later pod is offered so too."""
    run_id = await wished(asking, THREE_HOURS)
    await asking.drive(run_id, wait=False)
    asking.instead(run_id, BY_CARD)
    asking.pay_at(60)
    assert (await asking.drive(run_id)).code == 0
    assert [(offer.rail, offer.hours) for offer in offers(asking, run_id)][-1] == (Rail.STRIPE, 3)
    asking.check()


@pytest.mark.parametrize("wish", [Wish(None, 25), Wish(None, 0), Wish(None, None), BY_CARD], ids=str)
async def test_what_the_policy_never_allows_is_refused_at_once(make_world: MakeWorld, wish: Wish) -> None:
    """With the reason, while the question stands: a slip loses nothing."""
    world = make_world(CREDITS_ONLY)
    run_id = await waiting(world)
    said = world.instead(run_id, wish)
    assert isinstance(said, NotRecorded)
    assert said.reason
    assert world.log.wishes(run_id) == []
    assert isinstance(world.decide(run_id, Decision.APPROVED), Recorded)


async def test_a_wish_beyond_a_cap_is_told_and_the_offer_is_as_before(make_world: MakeWorld) -> None:
    """Never shortened silently, and no end of the run: it asks again, and says why."""
    world = make_world(TIGHT)
    run_id = await wished(world, THREE_HOURS)
    assert (await world.drive(run_id, wait=False)).code == 4
    attempt = world.parts.attempt(run_id)
    assert (attempt.offer.attempt, attempt.offer.hours, attempt.offer.amount) == (2, 2, PRICE)
    assert attempt.reason.startswith("3 h can't be had: no offer fits: NVIDIA RTX 4090: per_run_usd: ")
    world.decide(run_id, Decision.APPROVED)
    assert (await world.drive(run_id)).code == 0


async def test_what_was_not_wished_for_is_never_paid_unasked(make_world: MakeWorld) -> None:
    """The driver's policy has become one that pays by itself, and has no card: it asks all the same."""
    world = make_world(ASK)
    run_id = await wished(world, BY_CARD)
    pays = Payment(rails=(Rail.CREDITS,), auto_pay=Cents(500), auto_pay_per_day=Cents(5000))
    world.change(policy=Policy(payment=pays))
    assert (await world.drive(run_id, wait=False)).code == 4
    assert world.parts.attempt(run_id).reason.startswith("by card can't be had: payment.rails in the policy")
    assert world.purchases == []


async def test_credits_alone_are_no_link(asking: World) -> None:
    """Where they have become short, a human who wants no link is told so by the reason of the one that is made."""
    run_id = await wished(asking, Wish(Rail.CREDITS, None))
    asking.market.purchased = Cents(10)
    await asking.drive(run_id, wait=False)
    attempt = asking.parts.attempt(run_id)
    assert attempt.offer.rail is Rail.STRIPE
    assert "from credits can't be had: $0.10 of credits are short" in attempt.reason


@pytest.mark.parametrize("step", ["discover", "pick", "rent", "escalate"])
async def test_killed_after_a_wish_it_goes_on(asking: World, step: str) -> None:
    """At any step on the way to the new offer: it is made, asked about once, and bought once."""
    run_id = await wished(asking, THREE_HOURS)

    def die(entered: str) -> None:
        if entered == step:
            asking.log.entering = lambda _: None
            raise Killed

    asking.log.entering = die
    assert await asking.killed(run_id, wait=False)
    assert (await asking.drive(run_id, wait=False)).code == 4
    asking.decide(run_id, Decision.APPROVED)
    assert (await asking.drive(run_id)).code == 0
    assert asking.purchases == ["rent_with_credits"]
    assert asking.charge(run_id).hours == 3
    asking.check()


async def test_a_wish_before_the_question_is_parked_is_heard(asking: World) -> None:
    """Killed right after asking, the run is not parked yet; a human who read the code in `show` has spoken."""
    run_id = asking.submit()

    def die(entered: str) -> None:
        if entered == "escalate":
            asking.log.entering = lambda _: None
            raise Killed

    asking.log.entering = die
    assert await asking.killed(run_id, wait=False)
    asking.instead(run_id, THREE_HOURS)
    assert (await asking.drive(run_id, wait=False)).code == 4
    assert asking.parts.attempt(run_id).offer.hours == 3


@pytest.mark.parametrize("step", ["rent", "escalate"])
async def test_a_step_done_again_after_a_wish_goes_on_to_the_other_offer(asking: World, step: str) -> None:
    """As when its process died before its checkpoint: the offer that was put aside ends nothing."""
    asking.saver = KeptSaver()
    run_id = await waiting(asking)
    (old,) = [snapshot for snapshot in await checkpoints(asking, run_id) if snapshot.next == (step,)]
    asking.instead(run_id, THREE_HOURS)
    await replay(asking, old)
    assert asking.parts.run(run_id).ended_at is None
    assert offers(asking, run_id)[-1].hours == 3


async def test_old_checkpoints_buy_nothing_after_a_wish(asking: World) -> None:
    """Beginning again from any of them: the offer that was put aside is bought by none, approved ones once."""
    asking.saver = KeptSaver()
    run_id = await waiting(asking)
    before = await checkpoints(asking, run_id)
    asking.instead(run_id, THREE_HOURS)
    for snapshot in before:
        await replay(asking, snapshot)
    assert asking.purchases == []
    assert {offer.hours for offer in offers(asking, run_id)[1:]} == {3}
    asking.decide(run_id, Decision.APPROVED)
    for snapshot in before:
        await replay(asking, snapshot)
    await asking.drive(run_id, wait=False)
    assert len(asking.purchases) <= 1
    assert [charge.hours for charge in asking.log.charges(run_id)] == [3] * len(asking.purchases)


async def test_a_state_edited_after_a_wish_changes_nothing_of_it(asking: World) -> None:
    """The wish is in the spend log; the listings are read again."""
    run_id = await wished(asking, THREE_HOURS)
    await edit(asking, run_id)
    assert (await asking.drive(run_id, wait=False)).code == 4
    offer = asking.parts.attempt(run_id).offer
    assert (offer.hours, offer.amount) == (3, THREE)


async def test_a_cancelled_run_makes_no_other_offer(asking: World) -> None:
    """Whoever wants it to end is heard first."""
    run_id = await wished(asking, BY_CARD)
    asking.cancel(run_id)
    assert (await asking.drive(run_id)).code == 130
    assert asking.purchases == []
    assert len(offers(asking, run_id)) == 1


# a yes to the whole run


async def test_a_grant_pays_for_the_next_pod_too(asking: World) -> None:
    """The first pod is lost; the second is not asked about, and both are of the grant."""
    run_id = await waiting(asking)
    assert isinstance(asking.grant(run_id), Recorded)
    lose_first_pod_at(asking, 80)
    assert (await asking.drive(run_id)).code == 0
    assert asking.purchases == ["rent_with_credits"] * 2
    (given,) = asking.log.run_grants(run_id)
    used = asking.log.run_grant_used(given.grant_id)
    assert (used.amount, used.pods) == (2 * PRICE, 2)
    assert sum(debit.cents for debit in asking.market.debits) == asking.log.totals().spent == used.amount
    asking.check()


@pytest.mark.parametrize("terms", [{"up_to": PRICE + 1}, {"pods": 1}], ids=["money", "pods"])
async def test_a_grant_that_is_used_up_pays_for_no_more(asking: World, terms: dict[str, int]) -> None:
    """By its amount or by its pods: then a human is asked again."""
    run_id = await waiting(asking)
    asking.grant(run_id, **terms)
    lose_first_pod_at(asking, 80)
    assert (await asking.drive(run_id, wait=False)).code == 4
    assert asking.purchases == ["rent_with_credits"]
    asked = asking.log.approval(run_id)
    assert asked is not None
    assert asked.decision is None


async def test_a_grant_taken_back_mid_run_pays_for_no_more(asking: World) -> None:
    """The pod that was paid for goes on; another one is asked about."""
    run_id = await waiting(asking)
    asking.grant(run_id)
    (given,) = asking.log.run_grants(run_id)
    lose_first_pod_at(asking, 80)
    asking.clock.at(5, lambda: asking.log.revoke_run_grant(given.grant_id, "me", asking.clock.now()))
    assert (await asking.drive(run_id, wait=False)).code == 4
    assert asking.purchases == ["rent_with_credits"]


async def test_a_grant_taken_back_before_it_paid_buys_nothing(asking: World) -> None:
    """The yes to the offer goes with it."""
    run_id = await waiting(asking)
    asking.grant(run_id)
    (given,) = asking.log.run_grants(run_id)
    asking.log.revoke_run_grant(given.grant_id, "me", asking.clock.now())
    assert (await asking.drive(run_id, wait=False)).code == 4
    assert asking.purchases == []


async def test_a_state_edited_after_a_grant_buys_once(asking: World) -> None:
    """The state is no proof: the market is read again, and the grant pays for what fits into it."""
    run_id = await waiting(asking)
    asking.grant(run_id)
    await edit(asking, run_id)
    assert (await asking.drive(run_id)).code == 0
    assert asking.purchases == ["rent_with_credits"]
    assert asking.charge(run_id).amount == PRICE
    asking.check()
