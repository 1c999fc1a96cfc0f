"""What Prometheus may ask: counted as it happens, or read from the spend log when asked."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.parking import Cause
from agent.parts import Parts
from policies.charge import ChargeState
from policies.order import phase
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Awaited, Parked

_SECONDS = (5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


class Metrics:
    """One registry for each process. Money leaves here as a float of dollars, since Prometheus knows nothing else."""

    def __init__(self, log: SpendLog) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_FromSpendLog(log))
        self._deploy = Histogram(
            "swineherd_payment_to_running_seconds",
            "From a payment to its pod running",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._approval = Histogram(
            "swineherd_approval_wait_seconds",
            "From a question to its answer",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._errors = Counter(
            "swineherd_provider_errors", "Calls to the provider that failed", ["call", "error"], registry=self._registry
        )
        self._legs = Counter(
            "swineherd_legs", "Legs driven here, by what came of them", ["came"], registry=self._registry
        )

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def leg(self, came: str) -> None:
        """One more leg."""
        self._legs.labels(came).inc()

    def provider_error(self, call: str, error: Exception) -> None:
        """One more call that failed."""
        self._errors.labels(call, type(error).__name__).inc()

    def woken(self, parts: Parts, row: Parked, cause: Cause) -> None:
        """A parked run is woken: by a pod that came up, or by an answer, and after how long."""
        if cause != "changed":
            return
        if row.awaited is Awaited.DEPLOY:
            self._running(parts, row)
        elif row.awaited is Awaited.HUMAN:
            self._answered(parts, row)

    def _running(self, parts: Parts, row: Parked) -> None:
        order = parts.log.order(row.what)
        charge = parts.log.charge(order.charge_id) if order else None
        if order and charge and charge.settled_at and phase(order.status) == "running":
            self._deploy.observe((parts.clock.now() - charge.settled_at).total_seconds())

    def _answered(self, parts: Parts, row: Parked) -> None:
        approval = parts.log.approval(row.run_id)
        if approval and approval.decided_at:
            self._approval.observe((approval.decided_at - approval.created_at).total_seconds())


class _FromSpendLog(Collector):
    """Read at each scrape, in the thread of the event loop, so that no second book is kept."""

    def __init__(self, log: SpendLog) -> None:
        self._log = log

    def describe(self) -> Iterator[Metric]:
        """Nothing is read to register it."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Runs, money and pods as they stand."""
        runs = GaugeMetricFamily("swineherd_runs", "Runs by status", labels=["status"])
        for status, count in self._log.count_runs().items():
            runs.add_metric([status.value], count)
        yield runs
        totals = self._log.totals()
        money = GaugeMetricFamily("swineherd_money_usd", "Money by standing; all of it counts", labels=["standing"])
        for standing, cents in (("spent", totals.spent), ("held", totals.held), ("in_doubt", totals.in_doubt)):
            money.add_metric([standing], cents / 100)
        yield money
        frozen = self._log.frozen() is not None
        yield GaugeMetricFamily("swineherd_frozen", "1 while spending is frozen", value=int(frozen))
        pods = "Pods paid for and not proven gone, at work or not"
        yield GaugeMetricFamily("swineherd_pods_not_gone", pods, value=self._pods())
        yield GaugeMetricFamily("swineherd_workers", "Workers that said they live", value=len(self._log.workers()))

    def _pods(self) -> int:
        links = self._log.charges(states=[ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED])
        unpaid = {charge.order_id for charge in links}
        return sum(order.order_id not in unpaid for order in self._log.orders(open_only=True))
