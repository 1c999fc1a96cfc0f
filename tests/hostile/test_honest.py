"""The same worlds with a provider that does not lie: what the suite forbids elsewhere is possible."""

from tests.agent.world import PRICE
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CHECKOUT, CREDITS
from tools.spend_log.rows import RunStatus


async def test_an_honest_provider_is_paid_and_used(make_hostile: MakeHostile) -> None:
    """From credits: bought once, the job run, the pod ended."""
    hostile = make_hostile(CREDITS)
    run = await hostile.world.run()
    hostile.assert_ended(run, RunStatus.SUCCEEDED, 0, "picked RTX 4090")
    assert hostile.world.log.totals().spent == PRICE
    assert hostile.provider.asked("rent_with_credits") == 1
    assert len(hostile.world.pods.starts) == 1
    assert "GPU 23 18" in hostile.world.face.lines
    hostile.world.check()


async def test_an_honest_link_is_shown_and_paid(make_hostile: MakeHostile) -> None:
    """By checkout: the link is in the result until it is paid."""
    hostile = make_hostile(CHECKOUT)
    run_id = hostile.world.submit()
    waiting = await hostile.world.drive(run_id, wait=False)
    assert waiting.code == 4
    assert "https://checkout.stripe.com/c/pay/HOG-" in hostile.said(waiting)
    hostile.world.pay_at(5)
    run = await hostile.world.drive(run_id)
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0)
    hostile.assert_key_stayed()
    hostile.world.check()
