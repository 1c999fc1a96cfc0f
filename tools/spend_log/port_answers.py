"""The part of the spend log's port that knows what a human can say to an offer beside yes and no."""

from datetime import datetime
from typing import Protocol

from policies.grant import Used
from policies.money import Cents
from policies.wish import Wish
from tools.spend_log.answer_rows import NewRunGrant, RunGrant, Wished
from tools.spend_log.outcomes import NotRecorded, Recorded


class AnswerLog(Protocol):
    """What answers a question takes its code and its amount, as `decide` does: one answer counts."""

    def instead(
        self, run_id: str, code: str, amount: Cents, wish: Wish, by: str, now: datetime
    ) -> Recorded | NotRecorded:
        """Ask for another offer. The current one and its question are superseded; while a charge of the run is open
        nothing is recorded.
        """
        ...

    def wishes(self, run_id: str) -> list[Wished]:
        """Oldest first; the last one holds."""
        ...

    def renew(self, run_id: str, approval_id: str, by: str, now: datetime) -> Recorded | NotRecorded:
        """Ask for a fresh offer in place of one that expired. It approves nothing, so it takes no code.

        Only once for an offer, and only while the run waits for an answer to it: not where a charge of the run is open,
        nor where the run is over or being cancelled.
        """
        ...

    def grant_run(
        self, run_id: str, code: str, amount: Cents, new: NewRunGrant, by: str, now: datetime
    ) -> Recorded | NotRecorded:
        """Say yes to the offer and, within what is given, to later ones of the run.

        `reserve` uses the grant up, for the offer that was asked about first; an earlier grant of the run is taken
        back.
        """
        ...

    def run_grant(self, grant_id: str) -> RunGrant | None: ...
    def run_grants(self, run_id: str | None = None) -> list[RunGrant]:
        """Oldest first."""
        ...

    def run_grant_used(self, grant_id: str) -> Used: ...
    def revoke_run_grant(self, grant_id: str, by: str, now: datetime) -> RunGrant:
        """Take a grant back: it pays for nothing more."""
        ...
