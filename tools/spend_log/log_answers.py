"""The part of the spend log that knows what a human can say to an offer beside yes and no."""

from datetime import datetime

from policies.grant import Used
from policies.money import Cents
from policies.wish import Wish
from tools.spend_log import renewals, run_grants, wishes
from tools.spend_log.answer_rows import NewRunGrant, RunGrant, Wished
from tools.spend_log.log_file import LogFile
from tools.spend_log.outcomes import NotRecorded, Recorded


class AnswersLog(LogFile):
    """See `tools.spend_log.port_answers.AnswerLog`."""

    def instead(
        self, run_id: str, code: str, amount: Cents, wish: Wish, by: str, now: datetime
    ) -> Recorded | NotRecorded:
        with self._write() as db:
            return wishes.instead(db, run_id, code, amount, wish, by, now)

    def renew(self, run_id: str, approval_id: str, by: str, now: datetime) -> Recorded | NotRecorded:
        with self._write() as db:
            return renewals.renew(db, run_id, approval_id, by, now)

    def wishes(self, run_id: str) -> list[Wished]:
        with self._read() as db:
            return wishes.listed(db, run_id)

    def grant_run(
        self, run_id: str, code: str, amount: Cents, new: NewRunGrant, by: str, now: datetime
    ) -> Recorded | NotRecorded:
        with self._write() as db:
            return run_grants.give(db, run_id, code, amount, new, by, now)

    def run_grant(self, grant_id: str) -> RunGrant | None:
        with self._read() as db:
            return run_grants.find(db, grant_id)

    def run_grants(self, run_id: str | None = None) -> list[RunGrant]:
        with self._read() as db:
            return run_grants.listed(db, run_id)

    def run_grant_used(self, grant_id: str) -> Used:
        with self._read() as db:
            return run_grants.used(db, grant_id)

    def revoke_run_grant(self, grant_id: str, by: str, now: datetime) -> RunGrant:
        with self._write() as db:
            return run_grants.revoke(db, grant_id, by, now)
