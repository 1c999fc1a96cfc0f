"""The part of the spend log's port that knows batches and grants."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from policies.grant import Used
from policies.money import Cents
from policies.offer import Offer
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Batch, BatchJob, Grant, NewGrant
from tools.spend_log.rows import Decision, NewRun


class BatchLog(Protocol):
    """Many runs under one budget, and a yes given ahead to all of them."""

    def add_batch(self, batch: Batch, jobs: Sequence[tuple[NewRun, BatchJob]]) -> None:
        """A batch with its runs, all or nothing, so that none is ever driven outside its budget."""
        ...

    def add_batched_run(self, run: NewRun, job: BatchJob) -> None:
        """One more run of a batch: a job that is tried again.

        Raises:
            IntentAlreadyOpen: the job has a run that has not ended, or one that succeeded.
        """
        ...

    def batch(self, batch_id: str) -> Batch | None: ...
    def batches(self) -> list[Batch]:
        """Newest first."""
        ...

    def batch_jobs(self, batch_id: str) -> list[BatchJob]:
        """By position; of a job that was tried again the earlier run first."""
        ...

    def batch_of(self, run_id: str) -> BatchJob | None:
        """The place of a run in its batch; None where it is in none."""
        ...

    # grants: `reserve` uses one up where it is needed and has room, in the transaction that reserves the money
    def ask_grant(self, new: NewGrant, now: datetime) -> Grant:
        """Ask for a yes to the jobs that the batch has now; an older question that nobody answered is over."""
        ...

    def decide_grant(
        self, grant_id: str, code: str, amount: Cents, decision: Decision, by: str, now: datetime
    ) -> Grant | str:
        """Record an answer; why nothing was decided is told in words. Codes are as an approval's."""
        ...

    def revoke_grant(self, grant_id: str, by: str, now: datetime) -> Grant:
        """Take a grant back: it pays for nothing more."""
        ...

    def grant(self, grant_id: str) -> Grant | None: ...
    def grants(self, batch_id: str | None = None) -> list[Grant]:
        """Oldest first."""
        ...

    def grant_used(self, grant_id: str) -> Used: ...
    def covering_grant(self, offer: Offer, now: datetime) -> Grant | RunGrant | None:
        """The grant, of the batch or of the run alone, that `reserve` would use for an offer now, were it needed."""
        ...
