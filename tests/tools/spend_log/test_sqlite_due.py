"""What a look at what is due costs: as much as what is due, and not as many runs as wait."""

from datetime import timedelta
from pathlib import Path

from tests.tools.spend_log.things import HOUR, NOW, new_run
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.rows import Awaited, Parked


def steps(log: SqliteSpendLog) -> int:
    """Tens of instructions of SQLite's machine that `due` takes."""
    taken: list[None] = []
    log._db.conn.set_progress_handler(lambda: taken.append(None), 10)
    assert [row.run_id for row in log.due(NOW, NOW + timedelta(minutes=2), 100)] == ["due"]
    log._db.conn.set_progress_handler(None, 10)
    return len(taken)


def test_thousands_that_wait_cost_nothing(store: Path) -> None:
    """A row that is due is found among a thousand as among ten, humans with far deadlines included."""
    log = SqliteSpendLog.open(store)

    def park(run_id: str, awaited: Awaited, ahead: timedelta) -> None:
        log.add_run(new_run(run_id))
        log.park(Parked(run_id, awaited, "", "", "at", NOW, NOW + HOUR, NOW + ahead, 0))

    park("due", Awaited.DEPLOY, -HOUR)
    for number in range(10):
        park(f"few-{number}", Awaited.HUMAN, HOUR)
    few = steps(log)
    for number in range(500):
        park(f"human-{number}", Awaited.HUMAN, HOUR)
        park(f"deploying-{number}", Awaited.DEPLOY, timedelta(seconds=10))
    assert steps(log) <= few + 2
    log.close()
