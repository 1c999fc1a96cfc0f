"""The part of the spend log that knows accounts, senders, and what is remembered for a while."""

from datetime import datetime, timedelta

from policies.answers import Balance
from policies.money import Cents
from tools.spend_log import account, memory, senders
from tools.spend_log.account_rows import Observed, Reading, Sender
from tools.spend_log.log_file import LogFile
from tools.spend_log.rows import OrderRow


class AccountLog(LogFile):
    """See `tools.spend_log.port.SpendLog`."""

    def landed(self, charge_id: str, now: datetime) -> None:
        with self._write() as db:
            senders.land(db, charge_id, now)

    def sender(self, charge_id: str) -> Sender | None:
        with self._read() as db:
            return senders.find(db, charge_id)

    def money_mark(self) -> int:
        with self._read() as db:
            return account.mark(db)

    def observe(self, payer: str, base_url: str, balance: Balance, marked: int, now: datetime) -> Observed:
        with self._write() as db:
            window = timedelta(seconds=self._settle_seconds)
            return account.observe(db, payer, base_url, balance, marked, now, window)

    def last_purchase(self, payer: str, base_url: str) -> datetime | None:
        with self._read() as db:
            return account.last_purchase(db, payer, base_url)

    def taken_since(self, payer: str, base_url: str, since: datetime) -> Cents:
        with self._read() as db:
            return account.taken_since(db, payer, base_url, since)

    def readings(self, payer: str, base_url: str, since: datetime) -> list[Reading]:
        with self._read() as db:
            return account.readings(db, payer, base_url, since)

    def orders_gone(self, since: datetime, looked_before: datetime) -> list[OrderRow]:
        with self._read() as db:
            return memory.gone_since(db, since, looked_before)

    def looked_again(self, order_id: str, now: datetime) -> None:
        with self._write() as db:
            memory.looked_again(db, order_id, now)

    def remember_bad_gpu(self, gpu_id: str, reason: str, now: datetime, until: datetime) -> None:
        with self._write() as db:
            memory.remember_bad_gpu(db, gpu_id, reason, now, until)

    def bad_gpus(self, now: datetime) -> dict[str, str]:
        with self._read() as db:
            return memory.bad_gpus(db, now)
