"""Paying at the provider's checkout page, as a person does in a browser."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from tests.e2e.swineherd import STRIPE, Swineherd, ended, write_job

pytestmark = pytest.mark.timeout(120)


def pay(url: str) -> None:
    """Open the page and press its one button."""
    with httpx.Client(follow_redirects=True, timeout=30) as browser:
        page = browser.get(url)
        assert page.status_code == 200, page.text
        form = re.search(r'<form method="post" action="([^"]+)"', page.text)
        assert form is not None, page.text
        paid = browser.post(urljoin(url, unescape(form[1])))
    assert paid.status_code == 200, paid.text
    assert "Thank you" in paid.text


def test_paying_the_link_is_the_approval(herd: Swineherd, tmp_path: Path) -> None:
    """With `rails = ["stripe"]` a run waits with its link shown, and goes on by itself once that is paid."""
    by_card = herd.policy(STRIPE)
    with ended(by_card.start("run", write_job(tmp_path, "echo oink"), "--sandbox", "--json")) as started:
        started.until_said("pay here until")
        waiting = by_card.show(started.run_id)
        assert waiting["checkout_url"] in started.said()
        assert waiting["checkout_url"].startswith(f"http://{herd.endpoint.checkout_host}/checkout/")
        assert (waiting["spent_usd"], waiting["held_usd"]) == ("0.00", "0.20")
        assert "approval" not in waiting
        assert by_card.debits(waiting) == []
        pay(waiting["checkout_url"])
        done = started.done()

    assert done.code == 0, done.text
    result = done.document
    assert (result["status"], result["checkout_url"]) == ("succeeded", None)
    assert (result["spent_usd"], result["held_usd"]) == ("0.20", "0.00")
    assert by_card.debits(result) == [(result["order_ids"][0], "stripe", 20)]
    (charge,) = by_card.run("spend", "--sandbox", "--json").document["charges"]
    assert (charge["rail"], charge["state"], charge["amount_usd"]) == ("stripe", "paid", "0.20")
    by_card.assert_gone(result)


def test_a_link_is_left_and_taken_up_again(herd: Swineherd, tmp_path: Path) -> None:
    """`--no-wait` leaves the one link standing; `resume` watches that same link and makes no second one."""
    by_card = herd.policy(STRIPE)
    left = by_card.run("run", write_job(tmp_path, "echo oink"), "--sandbox", "--json", "--no-wait")
    assert left.code == 4, left.text
    url = left.document["checkout_url"]
    again = by_card.run("resume", left.document["run_id"], "--json", "--no-wait")
    assert again.code == 4, again.text
    assert again.document["checkout_url"] == url
    assert again.document["order_ids"] == left.document["order_ids"]

    pay(url)
    done = by_card.run("resume", left.document["run_id"], "--json")

    assert done.code == 0, done.text
    assert len(by_card.debits(done.document)) == 1
    by_card.assert_gone(done.document)
