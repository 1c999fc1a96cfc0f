"""Who looks on: at every call that reaches the provider and after every write, on a connection of its own."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from agent.folders import Home
from policies.answers import Answer
from policies.offer import Offer, Rail
from policies.policy import Policy
from tests.agent.watched import address
from tests.simulation.books import Order
from tests.simulation.loop import LoopClock
from tests.simulation.pods import Machines
from tests.simulation.process import Process, Trace
from tests.simulation.provider import Provider
from tests.simulation.quick import Connections
from tools.ports import Vanished
from tools.spend_log.answer_rows import NewRunGrant

Row = dict[str, Any]
Kind = Literal["spend", "end", "stop", "write", "rest"]


@dataclass(slots=True)
class Words:
    """What humans did.

    Attributes:
        approved: the approvals that a human really gave, each with what they were shown.
        granted: the grants that a human gave to a run, by id, each with the offer that they were shown.
        hours: those that humans asked for instead of an offer's, by run.
        shown: links that a human was shown, by order id.
        codes: every approval code ever made.
        cancelled: when somebody cancelled a run (monotonic).
    """

    approved: dict[str, Row] = field(default_factory=dict)
    granted: dict[str, tuple[Offer, NewRunGrant]] = field(default_factory=dict)
    hours: dict[str, set[int]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    codes: list[str] = field(default_factory=list)
    cancelled: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of the world, and everything there is to know about it.

    Attributes:
        kind: spend, end, stop: the provider is asked to; write: something was committed; rest: all is over.
        charge: of a spending call: the one intent that it can be.
        order_id: of a call that ends or stops.
    """

    kind: Kind
    process: Process | None
    witness: "Witness"
    charge: Row | None = None
    order_id: str = ""

    @property
    def now(self) -> float:
        return self.witness.clock.monotonic()


@dataclass
class Witness:
    """Reads what is committed, keeps who asked for what, and lets the laws judge every moment."""

    home: Home
    connections: Connections
    clock: LoopClock
    provider: Provider
    machines: Machines
    policy: Policy
    hours: Mapping[str, int]
    """What the job needs on each GPU."""
    trace: Trace
    laws: Sequence[Callable[["Moment"], Iterator[str]]]
    words: Words = field(default_factory=Words)
    sent: dict[str, float] = field(default_factory=dict)
    """When a spending call was made for a charge."""
    unkept: dict[int, tuple[str, Answer]] = field(default_factory=dict)
    """By process: what it has heard and not yet stored."""
    reserved: set[str] = field(default_factory=set)
    """Charges whose reservation was judged."""
    broken: list[str] = field(default_factory=list)
    links_shown: Callable[[], list[tuple[str, str]]] = list
    """What humans are shown to pay, by order."""
    said: Callable[[], str] = str
    """Everything that was said to anybody, but for the approval itself."""

    def __post_init__(self) -> None:
        self._db: sqlite3.Connection = self.connections.take().conn
        self._rows: dict[str, list[Row]] = {}
        self._read: dict[str, list[tuple[Any, ...]]] = {}
        self._fresh: set[str] = set()
        self._index: dict[str, tuple[list[Row], dict[str, Row]]] = {}
        self._version: object = None

    # what is committed

    def look(self) -> None:
        """Whatever was committed until now is seen from now on."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._fresh.clear()

    def rows(self, sql: str) -> list[Row]:
        """As of the last look."""
        if sql not in self._fresh:
            self._fresh.add(sql)
            cursor = self._db.execute(sql)
            read = cursor.fetchall()
            if read != self._read.get(sql):
                names = [column[0] for column in cursor.description]
                self._read[sql], self._rows[sql] = read, [dict(zip(names, row, strict=True)) for row in read]
        return self._rows[sql]

    def _by(self, key: str, rows: list[Row]) -> dict[str, Row]:
        """By what is unique among them; made anew when they have changed."""
        known = self._index.get(key)
        if known is None or known[0] is not rows:
            known = self._index[key] = (rows, {row[key]: row for row in rows})
            assert len(known[1]) == len(rows)
        return known[1]

    @property
    def charges(self) -> list[Row]:
        return self.rows("SELECT * FROM charges ORDER BY seq")

    def charge(self, charge_id: str) -> Row | None:
        return self._by("charge_id", self.charges).get(charge_id)

    @property
    def orders(self) -> list[Row]:
        return self.rows("SELECT * FROM orders ORDER BY seq")

    def order(self, order_id: str) -> Row | None:
        return self._by("order_id", self.orders).get(order_id)

    @property
    def runs(self) -> dict[str, Row]:
        return self._by("run_id", self.rows("SELECT * FROM runs ORDER BY seq"))

    @property
    def approvals(self) -> list[Row]:
        return self.rows("SELECT * FROM approvals")

    def grant_used(self, charge_id: str) -> Row | None:
        """The grant of a run that a charge was reserved under."""
        uses = self.rows(
            "SELECT u.charge_id, g.grant_id, g.revoked_at FROM run_grant_uses u JOIN run_grants g USING (grant_id)"
        )
        return next((row for row in uses if row["charge_id"] == charge_id), None)

    def charges_under(self, grant_id: str) -> list[Row]:
        uses = self.rows("SELECT charge_id, grant_id FROM run_grant_uses")
        theirs = {row["charge_id"] for row in uses if row["grant_id"] == grant_id}
        return [row for row in self.charges if row["charge_id"] in theirs and row["state"] != "released"]

    @property
    def answers(self) -> list[Row]:
        return self.rows("SELECT * FROM answers ORDER BY seq")

    @property
    def frozen(self) -> bool:
        return bool(self.rows("SELECT 1 AS one FROM meta WHERE key = 'frozen'"))

    def offer(self, run_id: str, attempt: int) -> Row:
        sql = "SELECT run_id, number, offer FROM attempts"
        found = [row for row in self.rows(sql) if (row["run_id"], row["number"]) == (run_id, attempt)]
        parsed: Row = json.loads(found[0]["offer"])
        return parsed

    def passed(self, at: str) -> float:
        """A time of the spend log, on the monotonic clock."""
        return self.clock.monotonic() - (self.clock.now() - datetime.fromisoformat(at)).total_seconds()

    def outputs_on(self, order: Order) -> dict[str, bytes] | None:
        """What the job of a pod left there, or will; None where it never ran, or where nothing of it is left."""
        pod = self.machines.pods.get(address(order.order_id))
        jobs = list(pod.jobs.values()) if pod else []
        if not jobs or order.wiped or isinstance(jobs[0].state(self.clock.monotonic()), Vanished):
            return None
        return jobs[0].script.files

    # what happens

    def spending(self, process: Process, rail: Rail, gpu_id: str, hours: int) -> str:
        """A spending call reaches the provider; returns the charge it is for."""
        self.look()
        intents = [
            row
            for row in self.charges
            if (row["state"], row["rail"], row["gpu_id"], row["hours"]) == ("submitting", rail.value, gpu_id, hours)
            and row["charge_id"] not in self.sent
            and self._sender(row["charge_id"]) == process.holder.pid
        ]
        charge = intents[0] if len(intents) == 1 else None
        self._judge(Moment("spend", process, self, charge))
        charge_id: str = charge["charge_id"] if charge else f"nobody's {len(self.sent)}"
        self.sent[charge_id] = self.clock.monotonic()
        return charge_id

    def _sender(self, charge_id: str) -> int:
        named = [row for row in self.rows("SELECT charge_id, pid FROM senders") if row["charge_id"] == charge_id]
        return named[0]["pid"] if named else 0

    def heard(self, process: Process, charge_id: str, answer: Answer) -> None:
        """An answer about money is with the process, and nowhere else yet."""
        self.unkept[process.holder.pid] = (charge_id, answer)

    def ending(self, process: Process, order_id: str) -> None:
        self._judge(Moment("end", process, self, order_id=order_id))

    def stopping(self, process: Process, order_id: str) -> None:
        self._judge(Moment("stop", process, self, order_id=order_id))

    def ended_by_timer(self, _verb: str, order_id: str) -> None:
        self._judge(Moment("end", None, self, order_id=order_id))

    def written(self, process: Process, _method: str) -> None:
        self._judge(Moment("write", process, self))

    def at_rest(self) -> None:
        """Everything is over."""
        self._judge(Moment("rest", None, self))

    def _judge(self, moment: Moment) -> None:
        """Whatever is wrong is kept, and ends the process that did it: nothing after it is worth looking at."""
        self.look()
        for law in self.laws:
            self.trace.counts["checks"] += 1
            for problem in law(moment):
                self.trace.note("LAW", f"{law.__name__}: {problem}")
                self.broken.append(f"{law.__name__}: {problem}")
        if self.broken and moment.process is not None:
            moment.process.dead = True
            moment.process.still_there()
