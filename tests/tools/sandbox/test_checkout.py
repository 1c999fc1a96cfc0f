"""The checkout page, paid as a browser pays it: read the page, post its form, follow the answer."""

import re

import httpx
import pytest

from tests.tools.sandbox.conftest import RTX_4090, wait_status


def _offer(http: httpx.Client, hours: int = 2) -> tuple[str, str]:
    """The order id and checkout URL of a fresh offer."""
    body = http.post("/api/rent", json={"gpu_id": RTX_4090, "hours": hours}).json()
    return body["order_id"], body["payment"]["checkout_url"]


def _press_pay(http: httpx.Client, url: str) -> httpx.Response:
    """What a browser does when the button is pressed."""
    found = re.search(r'<form method="post" action="([^"]+)"', http.get(url).text)
    assert found
    return http.post(found[1], data={}, follow_redirects=True)


def test_paying_deploys_the_pod(http: httpx.Client) -> None:
    """Pressing Pay shows that it is paid, and the reserved order goes on to run."""
    order_id, url = _offer(http)
    paid = _press_pay(http, url)
    assert (paid.status_code, str(paid.url)) == (200, url)
    assert "<h1>Paid</h1>" in paid.text
    wait_status(http, order_id, "running")


def test_paying_costs_no_credits(http: httpx.Client) -> None:
    """A card payment is booked on its own rail and leaves the credits alone."""
    order_id, url = _offer(http)
    _press_pay(http, url)
    books = http.get("/_sandbox/books").json()
    (debit,) = books["debits"]
    assert (debit["order_id"], debit["rail"], debit["cents"]) == (order_id, "stripe", 98)
    assert (books["balance"], books["total_spent"]) == (2500, 0)


def test_paying_twice_takes_the_money_once(http: httpx.Client) -> None:
    """A second post of the form shows the paid page again and books nothing."""
    _, url = _offer(http)
    _press_pay(http, url)
    again = http.post(f"{url}/pay", follow_redirects=True)
    assert "<h1>Paid</h1>" in again.text
    assert len(http.get("/_sandbox/books").json()["debits"]) == 1


def test_an_expired_link_says_so(http: httpx.Client) -> None:
    """After its time a link can't be paid, and the order stays reserved."""
    http.post("/_sandbox/settings", json={"checkout_minutes": 0})
    order_id, url = _offer(http)
    for answer in (http.get(url), http.post(f"{url}/pay")):
        assert answer.status_code == 410
        assert "expired" in answer.text
        assert "<form" not in answer.text
    assert http.get(f"/api/order/{order_id}").json()["status"] == "reserved"
    assert http.get("/_sandbox/books").json()["debits"] == []


def test_a_terminated_order_cannot_be_paid(http: httpx.Client) -> None:
    """Ending a reserved order kills its link."""
    order_id, url = _offer(http)
    assert http.post(f"/api/order/{order_id}/terminate").json()["status"] == "terminated"
    assert http.get(url).status_code == 410
    assert http.post(f"{url}/pay").status_code == 410


def test_an_unpaid_order_cannot_be_started(http: httpx.Client) -> None:
    """`start` is no way around the checkout."""
    order_id, _ = _offer(http)
    assert http.post(f"/api/order/{order_id}/start").status_code == 402


def test_an_unknown_link_is_404(http: httpx.Client) -> None:
    """A guessed token leads nowhere."""
    assert http.get("/checkout/guess").status_code == 404
    assert http.post("/checkout/guess/pay").status_code == 404


def test_the_page_loads_and_runs_nothing(http: httpx.Client) -> None:
    """A strict policy: no script, no frames, no foreign content, no referrer that leaks the link."""
    _, url = _offer(http)
    page = http.get(url)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=", page.text)


def test_the_page_is_accessible_html(http: httpx.Client) -> None:
    """A language, a title, one heading, a real button with the amount on it."""
    _, url = _offer(http, hours=1)
    page = http.get(url).text
    assert '<html lang="en">' in page
    assert page.count("<h1>") == 1
    assert '<button type="submit">Pay $0.49</button>' in page
    assert "play money" in page


@pytest.mark.parametrize("token", ["<script>alert(1)</script>", "a%22b", "%00", "é" * 40])
def test_hostile_tokens_are_not_echoed(http: httpx.Client, token: str) -> None:
    """Nothing of the address ends up in a page."""
    answer = http.get(f"/checkout/{token}")
    assert answer.status_code == 404
    assert "alert" not in answer.text
