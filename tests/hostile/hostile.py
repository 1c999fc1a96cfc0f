"""One payer's world whose provider lies on the wire, and what must hold whatever it said."""

import json
import re
from dataclasses import dataclass, field, replace

import httpx

from agent.result import run_result
from policies.charge import ChargeState
from policies.offer import Rail
from policies.policy import Recovery, Time
from tests.agent.world import AUTO, CHECKOUT, World
from tests.hostile.provider import BASE_URL, KEY, SPENDING_PATHS, HostileProvider, Lie
from tools.gpuhog import GpuHog
from tools.spend_log.rows import Run, RunStatus

CREDITS = replace(
    AUTO,
    payment=replace(AUTO.payment, rails=(Rail.CREDITS,)),
    recovery=Recovery(max_pods_per_run=1),
    time=Time(deploy_minutes=3),
)
"""Small orders from credits without asking; one pod, a few minutes for it, and its trouble is the last word."""

KEYED_PATHS = {"/api/credits/balance", "/api/rent-with-credits"}

_ACTS_ON_A_TERMINAL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_LINK = re.compile(r"\S*://\S*|\bwww\.\S+|\b(?:javascript|mailto|data):\S+|\]\(", re.IGNORECASE)
_LONGEST_LINE = 1500


@dataclass
class Hostile:
    """A world on a lying provider, and the verdicts on what came of it."""

    world: World
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = HostileProvider(self.world.market)
        self.hog = GpuHog(BASE_URL, KEY, self.world.clock, transport=httpx.MockTransport(self.provider))
        self.world.change(market=self.hog)

    def lie(self, name: str, lie: Lie) -> None:
        """From now on, in answers to one method of the `Market` port."""
        self.provider.lies[name] = lie

    def said(self, run: Run) -> str:
        """Everything that a human is told about a run, on whatever way; the provider's own address left out."""
        log = self.world.log
        offers = [
            f"{one.reason} {one.outcome} {one.offer.gpu_name} {one.offer.gpu_id}" for one in log.attempts(run.run_id)
        ]
        # Decoded again, so that what a document only escapes is looked at as well.
        events = [str(json.loads(event.body)) for event in log.events(run.run_id)]
        told = [
            *self.world.face.lines,
            run.reason,
            *offers,
            *events,
            str(run_result(log, run.run_id, self.world.clock.now())),
            *self.logged,
        ]
        return "\n".join(told).replace(BASE_URL, "the provider")

    def assert_harmless(self, run: Run) -> None:
        """Nothing told acts on a terminal, is a link, or goes on for ever; the key is nowhere."""
        said = self.said(run)
        assert _ACTS_ON_A_TERMINAL.findall(said) == []
        assert _LINK.findall(said) == []
        assert KEY not in said
        assert max(map(len, said.splitlines())) <= _LONGEST_LINE

    def assert_key_stayed(self) -> None:
        """Every request went to the one provider, and the key only where it is documented to go."""
        for request in self.provider.requests:
            assert str(request.url).startswith(f"{BASE_URL}/")
            assert ("X-Api-Key" in request.headers) == (request.url.path in KEYED_PATHS)

    def assert_nothing_spent(self, run: Run) -> None:
        """Not in the provider's books, not in ours; no link is shown and nothing was reached or run."""
        totals = self.world.log.totals()
        assert (totals.spent, totals.held, totals.in_doubt) == (0, 0, 0)
        assert self.world.market.debits == []
        self.assert_no_link(run)
        self.assert_nothing_executed()
        self.world.check()

    def assert_not_asked_to_spend(self) -> None:
        """No spending call left at all."""
        assert [one.url.path for one in self.provider.requests if one.url.path in SPENDING_PATHS] == []

    def assert_no_link(self, run: Run) -> None:
        """`checkout_url` is null and no charge waits for a human to pay it."""
        assert run_result(self.world.log, run.run_id, self.world.clock.now())["checkout_url"] is None
        assert self.world.log.charges(run.run_id, [ChargeState.AWAITING_PAYMENT, ChargeState.EXPIRED]) == []
        assert all(order.checkout_url == "" for order in self.world.log.orders(run.run_id))
        assert not any("pay here" in line for line in self.world.face.lines)

    def assert_nothing_executed(self) -> None:
        """No pod was dialled and no job started."""
        assert "connect" not in self.world.calls
        assert self.world.pods.starts == []

    def assert_ended(self, run: Run, status: RunStatus, code: int, says: str) -> None:
        """The run ended so, with these words for the human."""
        assert (run.status, run.code) == (status, code), run.reason
        assert says in self.said(run), self.said(run)
        self.assert_harmless(run)
        self.assert_key_stayed()


__all__ = ["AUTO", "CHECKOUT", "CREDITS", "Hostile"]
