"""The part of the spend log that knows batches and grants."""

from collections.abc import Sequence
from datetime import datetime

from policies.grant import Used
from policies.money import Cents
from policies.offer import Offer
from tools.spend_log import batches, grants
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Batch, BatchJob, Grant, NewGrant
from tools.spend_log.log_file import LogFile
from tools.spend_log.reserve import covering
from tools.spend_log.rows import Decision, NewRun


class BatchesLog(LogFile):
    """See `tools.spend_log.port_batches.BatchLog`."""

    def add_batch(self, batch: Batch, jobs: Sequence[tuple[NewRun, BatchJob]]) -> None:
        with self._write() as db:
            batches.add(db, batch, jobs)

    def add_batched_run(self, run: NewRun, job: BatchJob) -> None:
        with self._write() as db:
            batches.add_run(db, run, job)

    def batch(self, batch_id: str) -> Batch | None:
        with self._read() as db:
            return batches.find(db, batch_id)

    def batches(self) -> list[Batch]:
        with self._read() as db:
            return batches.listed(db)

    def batch_jobs(self, batch_id: str) -> list[BatchJob]:
        with self._read() as db:
            return batches.jobs(db, batch_id)

    def batch_of(self, run_id: str) -> BatchJob | None:
        with self._read() as db:
            return batches.of_run(db, run_id)

    def ask_grant(self, new: NewGrant, now: datetime) -> Grant:
        with self._write() as db:
            return grants.ask(db, new, now)

    def decide_grant(
        self, grant_id: str, code: str, amount: Cents, decision: Decision, by: str, now: datetime
    ) -> Grant | str:
        with self._write() as db:
            return grants.decide(db, grant_id, code, amount, decision, by, now) or grants.need(db, grant_id)

    def revoke_grant(self, grant_id: str, by: str, now: datetime) -> Grant:
        with self._write() as db:
            return grants.revoke(db, grant_id, by, now)

    def grant(self, grant_id: str) -> Grant | None:
        with self._read() as db:
            return grants.find(db, grant_id)

    def grants(self, batch_id: str | None = None) -> list[Grant]:
        with self._read() as db:
            return grants.listed(db, batch_id)

    def grant_used(self, grant_id: str) -> Used:
        with self._read() as db:
            return grants.used(db, grant_id)

    def covering_grant(self, offer: Offer, now: datetime) -> Grant | RunGrant | None:
        with self._read() as db:
            return covering(db, offer, now)
