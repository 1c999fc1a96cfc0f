"""The provider behind a run: told to fail, and asked what it really took and what really runs."""

from contextlib import closing
from dataclasses import dataclass

import httpx

from agent.folders import Home
from tests.e2e.swineherd import Document, Swineherd, pod_processes
from tools.sandbox.endpoint import Endpoint
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import Awaited

PAYING = """
[payment]
rails = ["credits"]
auto_pay_usd = "5.00"
auto_pay_per_day_usd = "25.00"
[reconcile]
settle_seconds = 1
readings = 2
"""
"""A policy under which credits are spent unasked, and a doubt settles within seconds."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One sandbox, by its own endpoints."""

    endpoint: Endpoint

    def fail(self, endpoint: str, kind: str, **more: object) -> None:
        """Tell the next calls of an endpoint to go wrong."""
        self._ask("POST", "faults", {"endpoint": endpoint, "kind": kind, **more})

    def left(self) -> list[Document]:
        """The faults that have not hit yet."""
        found = self._ask("GET", "faults")["faults"]
        assert isinstance(found, list)
        return found

    def configure(self, **settings: object) -> None:
        """Put settings in force."""
        self._ask("POST", "settings", settings)

    def kill_pod(self, order_id: str) -> None:
        """Let the machine of a running pod die."""
        self._ask("POST", "kill-pod", {"order_id": order_id})

    def books(self) -> Document:
        """What is so."""
        return self._ask("GET", "books")

    def rented(self) -> list[int]:
        """What was taken for renting, in cents, oldest first."""
        return [debit["cents"] for debit in self.books()["debits"] if debit["kind"] == "rent"]

    def pods(self) -> list[Document]:
        """The orders that are neither ended nor waiting for their payment."""
        return [order for order in self.books()["orders"] if order["status"] not in ("terminated", "reserved")]

    def assert_no_pod(self) -> None:
        """Nothing runs and nothing bills, and no process is left."""
        assert self.pods() == []
        for order in self.books()["orders"]:
            assert pod_processes(order["pod_id"]) == []

    def _ask(self, method: str, what: str, body: object = None) -> Document:
        url = f"{self.endpoint.base_url.removesuffix('/api')}/_sandbox/{what}"
        answer = httpx.request(method, url, json=body, headers={"X-Api-Key": self.endpoint.api_key}, timeout=30)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert isinstance(found, dict)
        return found


def counted(herd: Swineherd) -> int:
    """What the spend log counts towards every cap, in cents."""
    with closing(SqliteSpendLog.open(Home(herd.home).sandbox.spend_log)) as log:
        totals = log.totals()
    return totals.spent + totals.held + totals.in_doubt


def awaited(herd: Swineherd) -> list[Awaited]:
    """What the parked runs wait for."""
    with closing(SqliteSpendLog.open(Home(herd.home).sandbox.spend_log)) as log:
        return [parked.awaited for parked in log.parked()]


def assert_never_below(herd: Swineherd, provider: Provider) -> None:
    """The spend log counts at least what the market took."""
    assert counted(herd) >= sum(debit["cents"] for debit in provider.books()["debits"])
