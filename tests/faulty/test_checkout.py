"""Faults of the checkout: no link that nobody watches, no payment that nobody sees."""

from pathlib import Path

import pytest

from tests.e2e.swineherd import STRIPE, Swineherd, ended, write_job
from tests.e2e.test_checkout import pay
from tests.faulty.leap import Leap
from tests.faulty.provider import Provider, assert_never_below, counted

pytestmark = pytest.mark.timeout(120)

GRACELESS = STRIPE + "grace_minutes = 0\n"


def test_a_link_that_was_lost_is_never_shown(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """The provider made an order and its answer broke: the one link shown is another's, and nothing is charged."""
    by_card = herd.policy(STRIPE)
    provider.fail("rent", "lost_answer")

    done = by_card.run("run", write_job(tmp_path, "true"), "--sandbox", "--json", "--no-wait")

    lost, *others = [order["order_id"] for order in provider.books()["orders"]]
    assert lost not in done.document["order_ids"]
    assert len(others) <= 1
    assert (provider.rented(), provider.pods()) == ([], [])
    if others:
        assert (done.code, done.document["order_ids"]) == (4, others)
    assert counted(by_card) == 20 * len(others)


def test_a_link_paid_after_its_end_is_never_ignored(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """The link expires unpaid and is paid all the same: the money is booked, and its pod does the job or is ended."""
    by_card = herd.policy(GRACELESS)
    provider.configure(late_payment=3600)
    leap = Leap(tmp_path / "leap")
    arguments = ("run", write_job(tmp_path, "true"), "--sandbox", "--json")
    with ended(by_card.start(*arguments, command=leap.command)) as started:
        started.until_said("pay here until")
        url = by_card.show(started.run_id)["checkout_url"]
        leap.to(minutes=31)
        expired = started.done()
    assert expired.code == 4, expired.text
    assert expired.document["checkout_url"] is None

    pay(url)
    done = by_card.start("resume", expired.document["run_id"], "--json", command=leap.command).done()

    assert (done.code, done.document["status"]) == (0, "succeeded"), done.text
    assert provider.rented() == [20]
    assert_never_below(by_card, provider)
    provider.assert_no_pod()
