"""The server: made ready once, lost in the middle and found again; every trouble has a remedy in words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest
from psycopg import errors

from policies.charge import ChargeState
from tests.postgres import Admin, Cluster
from tests.tools.spend_log.cut_line import CutLine
from tests.tools.spend_log.stores import OnServer
from tests.tools.spend_log.things import NOW, WIDE, an_offer, approved, in_state, new_run
from tools.errors import StoreBusy, StoreUnusable
from tools.spend_log.port import SpendLog
from tools.spend_log.postgres import database as transactions
from tools.spend_log.postgres.database import WRITER, PostgresDatabase
from tools.spend_log.postgres.errors import readable_errors
from tools.spend_log.postgres.log import PostgresSpendLog
from tools.spend_log.postgres.schema import VERSIONS, bring_up_to_date
from tools.spend_log.postgres.server import Server

RELEASED = (
    "7ca295c4f3f60d0c1b6cab35f596781472c300f561fd5bf64311646df13e6f7f",
    "5081f8d194259a53b33f58f17474a2d7e9d8b7b94e9f5080abf8f62646d7fe07",
    "eaebe7e9aea21ce39a8bcaf21b78ead546cdd2c092ffa671d512fc050d8edc47",
    "f2cd97e146b174e2deb2539e4fda1476b1a355b82f5450c31628b9e3d51a7111",
    "b9854ca415506d6318a9fab693662e18a57f021be3886d7de077b3a35847c065",
    "05cf6dd612e0eb194f56a73c4e9157bf58cf06b1494eec450af8fa334d64883d",
    "347fa4c45e02f591f9df4c503c6c963b5b85fd9697b039e61d3274e67dc875a9",
    "da5f35cd8d7c04f064f9402e712dcd184958b33a7c817441613a9c8ed0b2177b",
)
"""SHA-256 of each migration that databases out there have had."""


def kill_others(admin: Admin) -> None:
    """End every other session of the database, as a restart of the server does."""
    killed = admin.execute(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert killed is not None
    assert killed != (0,)


@pytest.mark.parametrize("ahead", [-60, 60])
def test_the_servers_clock_is_told_from_ours(unmade: OnServer, ahead: int) -> None:
    """By how much it is ahead; nothing is made for it."""
    found = PostgresSpendLog.clock_ahead(unmade.url, lambda: datetime.now(UTC) - timedelta(seconds=ahead))
    assert found.total_seconds() == pytest.approx(ahead, abs=30)
    assert not PostgresSpendLog.is_there(unmade.url)


# lost and found


def test_a_connection_killed_in_the_middle_writes_nothing(
    log: PostgresSpendLog, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The approval, the charge and the event are all there or none of them; the next call works again."""
    offer = an_offer()
    approval = approved(log, offer)
    head = log.chain_head()
    run = PostgresDatabase.execute

    def killed_after(db: PostgresDatabase, sql: str, *values: object) -> object:
        done = run(db, sql, *values)  # type: ignore[arg-type]
        if "INSERT INTO charges" in sql:
            kill_others(admin)
        return done

    with monkeypatch.context() as patched:
        patched.setattr(PostgresDatabase, "execute", killed_after)
        with pytest.raises(StoreUnusable, match="does not answer"):
            log.reserve("c", offer, WIDE, NOW, approval)
    assert (log.charges(), log.chain_head()) == ([], head)
    log.reserve("c", offer, WIDE, NOW, approval)
    assert [charge.charge_id for charge in log.charges()] == ["c"]


def test_a_connection_killed_while_idle_is_not_noticed(log: SpendLog, admin: Admin) -> None:
    """Nothing had been asked of it: the next call opens another."""
    log.add_run(new_run())
    kill_others(admin)
    log.note("run-1", "still", {}, NOW)
    kill_others(admin)
    assert [event.kind for event in log.events()] == ["run_added", "still"]


def test_a_commit_without_an_answer_is_told_and_not_repeated(postgres: Cluster, database: str, place: OnServer) -> None:
    """It was made, or it was not: whoever asked must look; the log itself writes nothing a second time."""
    with CutLine(postgres.port) as line:
        log = OnServer(Cluster(line.port).url(database), place.journal).open()
        log.add_run(new_run())
        line.armed = True
        with pytest.raises(StoreUnusable, match="does not answer"):
            log.note("run-1", "once", {}, NOW)
        assert [event.kind for event in log.events()] == ["run_added", "once"]
        log.close()


def test_a_failed_statement_that_somebody_swallowed_commits_nothing(log: PostgresSpendLog) -> None:
    """The server answers COMMIT with ROLLBACK then, and calls that no error."""

    def half() -> None:
        with log._write() as db:
            db.execute("INSERT INTO meta (key, value) VALUES ('frozen', 'half done')")
            with pytest.raises(psycopg.Error):
                db.execute("SELECT 1 / 0")

    with pytest.raises(StoreUnusable, match="nothing was written"):
        half()
    assert log.frozen() is None


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, begin in list(transactions._BEGIN.items()):
        monkeypatch.setitem(transactions._BEGIN, kind, begin.replace("'15s'", "'50ms'").replace("'10s'", "'200ms'"))


@pytest.mark.usefixtures("impatient")
def test_a_writer_that_hangs_is_named(log: SpendLog, admin: Admin) -> None:
    """Others wait for a while, not for ever; readers do not wait at all."""
    with admin.transaction():
        admin.execute(f"SELECT pg_advisory_xact_lock({WRITER})".encode())
        with pytest.raises(StoreBusy, match="another process"):
            log.add_run(new_run())
        assert log.runs() == []
    log.add_run(new_run())


@pytest.mark.usefixtures("impatient")
def test_a_writer_that_fell_silent_loses_its_turn(log: PostgresSpendLog, reopen: Callable[[], SpendLog]) -> None:
    """A laptop that was closed in the middle does not keep the other machines from writing; its half is undone."""
    other = reopen()

    def fall_silent() -> None:
        with log._write() as db:
            db.execute("INSERT INTO meta (key, value) VALUES ('frozen', 'half done')")
            _until_written(lambda: other.add_run(new_run()))
            db.execute("SELECT 1")

    with pytest.raises(StoreUnusable):
        fall_silent()
    assert (log.frozen(), len(log.runs())) == (None, 1)


def _until_written(write: Callable[[], None]) -> None:
    for _ in range(100):
        try:
            write()
        except StoreBusy:
            continue
        return
    pytest.fail("the other's turn never came")


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (errors.DiskFull("no space left"), StoreUnusable, "disk is full"),
        (errors.ReadOnlySqlTransaction("recovery"), StoreUnusable, "not a standby"),
        (errors.InsufficientPrivilege("denied"), StoreUnusable, "GRANT CREATE"),
        (errors.IndexCorrupted("bad page"), StoreUnusable, "restore a backup"),
        (errors.UndefinedTable("gone"), StoreUnusable, "restore a backup"),
        (errors.TooManyConnections("53300"), StoreBusy, "max_connections"),
        (errors.AdminShutdown("bye"), StoreBusy, "does not answer"),
        (errors.LockNotAvailable("wait"), StoreBusy, "another process"),
    ],
)
def test_each_trouble_has_a_remedy(error: psycopg.Error, kind: type[StoreUnusable], word: str) -> None:
    """And only what is really broken is called so."""
    with pytest.raises(StoreUnusable, match=word) as caught, readable_errors("there"):
        raise error
    assert type(caught.value) is kind


def test_mistakes_of_ours_are_not_called_a_bad_server(log: PostgresSpendLog) -> None:
    """Nonsense in a statement is a bug."""
    with pytest.raises(psycopg.ProgrammingError), log._read() as db:
        db.query("SELECT FROM WHERE")


# made ready


def test_every_commit_is_on_the_disk(log: PostgresSpendLog, admin: Admin) -> None:
    """Whatever the database's own setting says."""
    admin.execute("ALTER DATABASE mine SET synchronous_commit = off")
    log.close()
    with log._write() as db:
        assert list(db.query("SHOW synchronous_commit")) == [{"synchronous_commit": "on"}]


def test_a_read_changes_nothing(log: PostgresSpendLog) -> None:
    """The server holds it to that."""
    with pytest.raises(StoreUnusable, match="read-only"), log._read() as db:
        db.execute("DELETE FROM meta")


def test_a_released_migration_never_changes() -> None:
    """Databases that had it would not get the change, whether it is the statement or its translation that changed."""
    digests = tuple(sha256("\n".join(statements).encode()).hexdigest() for statements in VERSIONS)
    assert digests == RELEASED


def test_an_older_schema_is_brought_up_to_date(unmade: OnServer) -> None:
    """From version 1, and its rules are then those of a new one."""
    db = PostgresDatabase(Server(unmade.url))
    with db.transaction("WRITE") as writing:
        bring_up_to_date(writing, 0, 1)
    db.close()
    log = unmade.open()
    in_state(log, ChargeState.PAID)
    assert log.audit() == []
    log.close()


def test_looking_makes_no_store(unmade: OnServer) -> None:
    """`doctor` and `ps` ask whether there is one."""
    assert not PostgresSpendLog.is_there(unmade.url)
    assert not PostgresSpendLog.is_there(unmade.url)
    unmade.open().close()
    assert PostgresSpendLog.is_there(unmade.url)


def test_a_text_with_a_nul_is_kept_as_far_as_it_can_be(log: SpendLog) -> None:
    """A provider may send one, and PostgreSQL's text can't hold it; the history has it escaped."""
    in_state(log, ChargeState.PAID)
    order = log.see_order("HOG-run-1-000000", "run\x00ning", NOW)
    assert order.status == "run\N{REPLACEMENT CHARACTER}ning"
    log.note("run-1", "odd", {"said": "a\x00b"}, NOW)
    assert '"a\\u0000b"' in log.events()[-1].body
    assert log.broken_chain() is None
