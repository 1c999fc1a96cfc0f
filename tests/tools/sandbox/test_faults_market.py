"""Faults of the market and of its pods: what the provider says, what is so, and what the books tell of it."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.tools.sandbox.conftest import (
    RTX_4090,
    call,
    client_of,
    configure,
    dial,
    rent,
    running_pod,
    ssh_port,
    wait_for,
    wait_status,
)
from tests.tools.sandbox.test_market import HOUR, Hands
from tools.errors import Refused
from tools.sandbox.endpoint import Endpoint
from tools.sandbox.market import Market
from tools.sandbox.process import shut_down
from tools.sandbox.records import Settings, Status
from tools.sandbox.store import Store


@pytest.fixture
def clock() -> Hands:
    """The market's clock."""
    return Hands()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The market's disk."""
    with Store(tmp_path / "market.db") as store:
        yield store


@pytest.fixture
def market(store: Store, clock: Hands) -> Market:
    """A market with an empty book."""
    return Market(store, clock)


def _shown(http: httpx.Client, order_id: str) -> dict[str, object]:
    view = http.get(f"/api/order/{order_id}").json()
    assert isinstance(view, dict)
    return view


def _status(http: httpx.Client, order_id: str) -> str:
    return str(_shown(http, order_id)["status"])


def _kill(http: httpx.Client, order_id: str) -> int:
    return http.post("/_sandbox/kill-pod", json={"order_id": order_id}).status_code


def _booked(http: httpx.Client, order_id: str) -> dict[str, object]:
    found = [order for order in http.get("/_sandbox/books").json()["orders"] if order["order_id"] == order_id]
    assert isinstance(found[0], dict)
    return found[0]


def test_stuck_deploys_never_run(market: Market, clock: Hands) -> None:
    """The next orders paid for, on either rail, stay at deploying until their hours are over; the one after is well."""
    market.configure(replace(market.settings, stuck_deploys=2))
    by_credits, _ = market.rent_with_credits(RTX_4090, 1)
    by_card = market.pay(market.rent(RTX_4090, 1).token)
    well, _ = market.rent_with_credits(RTX_4090, 1)
    clock.time += HOUR - 1
    assert [order.order_id for order in market.due()] == [well.order_id]
    assert market.order(by_credits.order_id).status is Status.DEPLOYING
    assert market.next_change() is not None
    clock.time += 1
    assert {order.order_id for order in market.due()} >= {by_credits.order_id, by_card.order_id}
    assert market.order(by_credits.order_id).status is Status.TERMINATED
    assert market.settings.stuck_deploys == 0


def test_a_stuck_order_can_be_terminated(http: httpx.Client) -> None:
    """It is paid, shows no address, and ends when it is told to."""
    configure(http, stuck_deploys=1)
    stuck = rent(http)
    running_pod(http)
    assert _status(http, stuck) == "deploying"
    assert call(http, stuck, "terminate") == "terminated"
    assert len(http.get("/_sandbox/books").json()["debits"]) == 2


async def test_a_deaf_terminate_says_terminated_and_does_nothing(sandbox: Endpoint, http: httpx.Client) -> None:
    """The answer says so, the order and the pod go on; the call after it ends them."""
    configure(http, deaf_terminates=1)
    order_id, port = running_pod(http)
    assert call(http, order_id, "terminate") == "terminated"
    assert _status(http, order_id) == "running"
    async with await dial(sandbox, port) as pod:
        assert (await pod.run("echo up")).stdout == "up\n"
    assert call(http, order_id, "terminate") == "terminated"
    assert _status(http, order_id) == "terminated"


async def test_a_lying_terminate_says_so_when_looked_at_too(sandbox: Endpoint, http: httpx.Client) -> None:
    """The order shows terminated for `lie_seconds` while its pod works on; the books know; then it shows running."""
    configure(http, lying_terminates=1, lie_seconds=0.8)
    order_id, port = running_pod(http)
    assert call(http, order_id, "terminate") == "terminated"
    assert "access" not in _shown(http, order_id)
    assert (_status(http, order_id), _booked(http, order_id)["status"]) == ("terminated", "running")
    async with await dial(sandbox, port) as pod:
        assert (await pod.run("echo up")).stdout == "up\n"
    assert ssh_port(wait_status(http, order_id, "running")) == port
    assert call(http, order_id, "terminate") == "terminated"
    assert (_status(http, order_id), _booked(http, order_id)["status"]) == ("terminated", "terminated")


def test_a_pod_that_was_lied_about_goes_on_billing(market: Market, clock: Hands) -> None:
    """A stopped pod whose end was a lie costs storage hour by hour, and its stock stays taken while it runs."""
    market.configure(replace(market.settings, lying_terminates=2, lie_seconds=1e6, stock={RTX_4090: 1}))
    order, _ = market.rent_with_credits(RTX_4090, 4)
    market.deployed(order.order_id, 22)
    assert market.terminate(order.order_id).status is Status.TERMINATED
    assert market.shown_order(order.order_id).status is Status.TERMINATED
    with pytest.raises(Refused, match="stock"):
        market.rent_with_credits(RTX_4090, 1)
    market.stop(order.order_id)
    market.terminate(order.order_id)
    clock.time += 2 * HOUR
    assert market.account().spent == 196 + 2 * 5


def test_the_end_of_the_sandbox_believes_no_lie(sandbox_process: Endpoint) -> None:
    """Shutting down with `end_pods` ends every pod, whatever terminate is told to say."""
    with client_of(sandbox_process) as http:
        configure(http, lying_terminates=9, deaf_terminates=9, lie_seconds=1e6)
        running_pod(http)
    shut_down(sandbox_process, end_pods=True)
    assert list((sandbox_process.ssh_key.parents[1] / "pods").iterdir()) == []


def test_a_link_or_an_ended_order_is_no_occasion_to_lie(market: Market) -> None:
    """Only a pod can outlive its end: an unpaid order ends truly and uses up no lie."""
    market.configure(replace(market.settings, lying_terminates=1, deaf_terminates=1))
    order = market.rent(RTX_4090, 1)
    assert market.terminate(order.order_id) == market.terminate(order.order_id)
    assert market.order(order.order_id).status is Status.TERMINATED
    assert (market.settings.lying_terminates, market.settings.deaf_terminates) == (1, 1)


def test_a_late_debit_is_in_the_books_at_once(http: httpx.Client) -> None:
    """The pod deploys, the receipt and the balance show the old figure for a while; the books never do."""
    configure(http, debit_delay_seconds=0.8)
    body = http.post("/api/rent-with-credits", json={"gpu_id": RTX_4090, "hours": 1}).json()
    shown = http.get("/api/credits/balance").json()
    books = http.get("/_sandbox/books").json()
    assert (body["credits_spent"], body["balance"]) == (49, 2500)
    assert (shown["total_spent"], shown["credits_balance"], shown["total_purchased"]) == (0, 2500, 2500)
    assert (books["total_spent"], books["balance"], [debit["cents"] for debit in books["debits"]]) == (49, 2451, [49])
    assert wait_for(lambda: http.get("/api/credits/balance").json()["total_spent"]) == 49


def test_a_debit_that_is_not_shown_yet_is_spent_all_the_same(market: Market) -> None:
    """The balance that counts is the true one: nothing is sold twice for the same credits."""
    market.configure(replace(market.settings, debit_delay_seconds=60, credits_purchased=60))
    market.rent_with_credits(RTX_4090, 1)
    assert market.shown_account().balance == 60
    with pytest.raises(Refused, match="Not enough credits"):
        market.rent_with_credits(RTX_4090, 1)


def test_a_link_can_be_paid_late_where_that_is_asked_for(http: httpx.Client) -> None:
    """`expires_at` is over and a browser can still pay; the order deploys, and the card is booked once."""
    configure(http, checkout_minutes=0, late_payment=60)
    offer = http.post("/api/rent", json={"gpu_id": RTX_4090}).json()
    url = offer["payment"]["checkout_url"]
    form = re.search(r'action="([^"]+)"', http.get(url).text)
    assert form is not None
    for _ in range(2):
        assert "<h1>Paid</h1>" in http.post(form[1], data={}, follow_redirects=True).text
    wait_status(http, offer["order_id"], "running")
    assert len(http.get("/_sandbox/books").json()["debits"]) == 1


def test_late_has_its_end_too(market: Market, clock: Hands) -> None:
    """After `expires_at` and the seconds of grace nothing is taken."""
    market.configure(replace(market.settings, late_payment=10))
    first, second = market.rent(RTX_4090, 1), market.rent(RTX_4090, 1)
    clock.time += 30 * 60 + 9
    assert market.pay(first.token).status is Status.DEPLOYING
    clock.time += 1
    with pytest.raises(Refused, match="expired"):
        market.pay(second.token)


async def test_a_dead_pod_says_that_it_runs(sandbox: Endpoint, http: httpx.Client) -> None:
    """Its processes and its SSH are gone for good, the order shows running; only a new start revives it."""
    order_id, port = running_pod(http, hours=2)
    async with await dial(sandbox, port) as pod:
        await pod.run("sleep 918273 >/dev/null 2>&1 </dev/null &")
        assert _kill(http, order_id) == 200
        await asyncio.wait_for(pod.wait_closed(), 10)
    configure(http, ssh="dropped")
    configure(http, ssh="open")
    with pytest.raises(ConnectionRefusedError):
        await dial(sandbox, port)
    assert ssh_port(_shown(http, order_id)) == port
    assert (_booked(http, order_id)["status"], _booked(http, order_id)["dead"]) == ("running", True)
    call(http, order_id, "stop")
    call(http, order_id, "start")
    wait_status(http, order_id, "running")
    configure(http, ssh="refused")
    configure(http, ssh="open")
    async with await dial(sandbox, ssh_port(_shown(http, order_id))) as pod:
        assert (await pod.run("pgrep -f '[s]leep 918273'")).exit_status == 1


def test_only_a_running_pod_can_be_killed(http: httpx.Client) -> None:
    """404 for an unknown order, 409 where no pod runs, 422 without an order."""
    configure(http, stuck_deploys=1)
    stuck = rent(http)
    for body, status in (({"order_id": "HOG-0"}, 404), ({"order_id": stuck}, 409), ({"order_id": 7}, 422), ({}, 422)):
        assert http.post("/_sandbox/kill-pod", json=body).status_code == status


def test_faults_of_the_market_survive_a_restart(store: Store, market: Market, clock: Hands) -> None:
    """Settings, lies, dead pods and late debits are on the disk."""
    market.configure(Settings(lying_terminates=1, lie_seconds=99, debit_delay_seconds=99, ssh="refused"))
    one, _ = market.rent_with_credits(RTX_4090, 1)
    market.deployed(one.order_id, 22)
    market.kill_pod(one.order_id)
    market.terminate(one.order_id)
    again = Market(store, clock)
    assert (again.settings, again.orders(), again.debits()) == (market.settings, market.orders(), market.debits())
    assert again.order(one.order_id).dead is True
    assert again.shown_order(one.order_id).status is Status.TERMINATED
    assert (again.account().spent, again.shown_account().spent) == (49, 0)


@pytest.mark.parametrize(
    "settings",
    [{"ssh": "closed"}, {"ssh": True}, {"ssh": ["open"]}, {"stuck_deploys": -1}, {"late_payment": "1"}, {"lie": 1}],
)
def test_settings_that_make_no_sense_are_refused(http: httpx.Client, settings: dict[str, object]) -> None:
    """422, and what was in force stays."""
    before = http.get("/_sandbox/settings").json()
    assert http.post("/_sandbox/settings", json=settings).status_code == 422
    assert http.get("/_sandbox/settings").json() == before


def test_books_of_an_older_version_are_read(tmp_path: Path, clock: Hands) -> None:
    """A sandbox made before there were faults keeps its orders and debits, and goes on."""
    path = tmp_path / "market.db"
    with Store(path) as store:
        market = Market(store, clock)
        old, _ = market.rent_with_credits(RTX_4090, 1)
    with closing(sqlite3.connect(path)) as db:
        for table, column in (("orders", "lied_until"), ("orders", "dead"), ("debits", "shown_at")):
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.commit()
    with Store(path) as store:
        market = Market(store, clock)
        assert market.orders() == [old]
        assert market.account().spent == market.shown_account().spent == 49
        market.rent_with_credits(RTX_4090, 1)
        assert market.account().spent == 98
