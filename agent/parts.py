"""The parts a step works with, passed in; `agent.assemble_parts` and `agent.assemble` alone name concrete ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.accrual import after_look
from agent.face import Face
from agent.folders import Home
from agent.mind.port import Mind
from agent.policy_file import PolicyFile
from policies.answers import Answer, Checkout, Declined, Garbled, Receipt
from policies.budget import Caps
from policies.charge import FINAL, SPENT, ChargeState
from policies.job import Job, from_json
from policies.offer import Offer
from policies.order import TERMINATED, OrderView, phase
from policies.policy import Policy, caps_for
from tools.errors import SwineherdError
from tools.ports import Clock, Market, Pods
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Attempt, Charge, Holder, Kind, OrderRow, Run
from tools.tracing.port import UNTOLD, Tracer

JUST_SEEN = 2.0
"""Seconds: what the watcher saw when it woke the run is not asked again."""

LEASE_SECONDS = 60

BUYS_NOTHING = "a sweep buys nothing"
"""Why nothing is rented where `Parts.spends` is False."""


@dataclass(frozen=True)
class Parts:
    """Everything outside that a run touches. LangGraph passes it to every node as the run's context."""

    clock: Clock
    market: Market
    pods: Pods
    log: SpendLog
    policy: Policy
    policy_file: PolicyFile
    """Where `policy` was read."""
    face: Face
    home: Home
    account: str
    """Fingerprint of the API key, or "" without one."""
    base_url: str
    """The provider, as offers and charges are bound to it."""
    api_url: str
    """Where the provider's API answers, without a slash at its end."""
    holder: Holder
    """This process: whom leases belong to, and who is named as the sender of what it buys."""
    alive: Callable[[Holder], bool]
    """False only for a process that is proven gone."""
    variables: Mapping[str, str]
    """The environment of the process that drives, for a job's envs and secrets."""
    new_id: Callable[[str], str]
    """A fresh id with the given prefix."""
    new_code: Callable[[], str]
    """A fresh approval code, from the system's randomness."""
    last_views: dict[str, tuple[float, OrderView]] = field(default_factory=dict, kw_only=True)
    """The provider's last answer by order, with the monotonic time it came."""
    hour: timedelta = field(default=timedelta(hours=1), kw_only=True)
    """How long a paid hour lasts; only a sandbox may be set to shorter ones."""
    spends: bool = field(default=True, kw_only=True)
    """False where nothing may be bought, however it is approved, and no job is stood by: a sweep only winds down."""
    home_id: str = field(default="", kw_only=True)
    """The home among those that share the store; "" where the store lies in it."""
    mind: Mind | None = field(default=None, kw_only=True)
    """The language model, which proposes (law 5); None where none is configured, and rules alone have to do."""
    tracer: Tracer = field(default=UNTOLD, kw_only=True)
    """Told what each drive and each step did, and how long it took."""
    absolute_mounts: bool
    """Pods have a file system of their own; the sandbox's share this machine's."""
    read_receipt: Callable[[Answer], Receipt | Garbled | Declined]
    """Parses the answer of `rent-with-credits`, after it was stored."""
    read_checkout: Callable[[Answer, datetime], Checkout | Garbled | Declined]
    """Parses the answer of `rent`, after it was stored; the link's host is checked against the policy's list."""

    def run(self, run_id: str) -> Run:
        """The run, which must exist."""
        run = self.log.run(run_id)
        if run is None:
            raise SwineherdError(f"no run {run_id} in {self.home.spend_log}")
        return run

    def at_home(self, run_id: str) -> bool:
        """Whether this home has the run's files, as far as is known."""
        return self.log.home_of(run_id) in {"", self.home_id}

    def job(self, run_id: str) -> Job:
        """The job as it was submitted."""
        return from_json(self.run(run_id).job_json)

    def attempt(self, run_id: str) -> Attempt:
        """The current offer of a run, which must have one."""
        return self.log.attempts(run_id)[-1]

    def pays_as(self, offer: Offer) -> bool:
        """Whether this process pays with the account, and at the provider, that the offer is bound to."""
        return (offer.account, offer.base_url) == (self.account, self.base_url)

    def named_elsewhere(self, order: OrderRow) -> str:
        """The provider that named an order, if that is another than this process talks to; else "".

        Whoever knows an order id can end its pod, so it is told to nobody but the provider that named it.
        """
        charge = self.log.charge(order.charge_id)
        return charge.base_url if charge is not None and charge.base_url != self.base_url else ""

    def money_at_work(self, run_id: str) -> bool:
        """Whether the run has bought, or may have: then a new offer is out of the question."""
        pod = self.pod(run_id)
        paid = pod is not None and any(
            charge.charge_id == pod.charge_id and charge.state in SPENT for charge in self.log.charges(run_id)
        )
        return paid or self.open_charge(run_id) is not None or self._taken_without_order(run_id)

    def _taken_without_order(self, run_id: str) -> bool:
        """An orphaned purchase is followed by no automatic second one, whatever the checkpoint says (law 2)."""
        orphaned = self.log.charges(run_id, [ChargeState.ORPHANED])
        return any(charge.kind is Kind.RENT for charge in orphaned)

    def pods_used(self, run_id: str) -> int:
        """So many pods the run has paid for, as `max_pods_per_run` counts them."""
        paid = {ChargeState.PAID, ChargeState.MISMATCH, ChargeState.ORPHANED}
        return sum(1 for charge in self.log.charges(run_id) if charge.kind is Kind.RENT and charge.state in paid)

    def caps(self, run_id: str) -> Caps:
        """The ceilings of a run."""
        return caps_for(self.policy, self.run(run_id).ceiling)

    def open_charge(self, run_id: str) -> Charge | None:
        """The run's purchase that is not final, if it has one; storage that accrues is none."""
        charges = [charge for charge in self.log.charges(run_id) if charge.kind is Kind.RENT]
        return next((charge for charge in charges if charge.state not in FINAL), None)

    def pod(self, run_id: str) -> OrderRow | None:
        """The order of the current attempt that is not proven gone."""
        attempts = self.log.attempts(run_id)
        of_offer = [
            order
            for order in self.log.orders(run_id, open_only=True)
            if attempts and order.attempt == attempts[-1].offer.attempt
        ]
        return of_offer[-1] if of_offer else None

    async def look(self, order: OrderRow, *, max_age: float = 0.0) -> OrderView:
        """Ask the provider about an order, and note the status seen.

        Args:
            max_age: seconds within which the last answer will do, so that the watcher and the steps it wakes do not ask
                the same thing twice.
        """
        asked_at, view = self.last_views.get(order.order_id, (0.0, None))
        if view is None or self.clock.monotonic() - asked_at >= max_age:
            view = await self.market.order(order.order_id)
            self.last_views[order.order_id] = (self.clock.monotonic(), view)
            self._seen(order, view.status)
        if phase(view.status) == "gone":
            del self.last_views[order.order_id]
        return view

    def gone(self, order: OrderRow) -> None:
        """Note that an order has vanished, though it could not say so itself any more."""
        self.log.note(order.run_id, "forgotten", {"order": order.order_id}, self.clock.now(), order.charge_id)
        self._seen(order, TERMINATED)

    def _seen(self, order: OrderRow, status: str) -> None:
        self.log.see_order(order.order_id, status, self.clock.now())
        after_look(self, order, status)
