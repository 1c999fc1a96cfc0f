"""The server: made ready once, refused with clear words, lost in the middle and found again."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from pydantic import SecretStr

from policies.charge import ChargeState
from tests.postgres import PASSWORD, Cluster
from tests.tools.spend_log.cut_line import CutLine
from tests.tools.spend_log.stores import OnServer
from tests.tools.spend_log.things import NOW, WIDE, an_offer, approved, in_state, new_run, offered
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
)
"""SHA-256 of each migration that databases out there have had."""

Admin = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def admin(place: OnServer, log: SpendLog) -> Iterator[Admin]:
    """Somebody with a prompt at the log's database."""
    with psycopg.connect(place.url.get_secret_value(), autocommit=True) as connection:
        yield connection


def kill_others(admin: Admin) -> None:
    """End every other session of the database, as a restart of the server does."""
    killed = admin.execute(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert killed is not None
    assert killed != (0,)


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


# refused


def refusal(url: SecretStr, home: Path) -> str:
    with pytest.raises(StoreUnusable) as caught:
        PostgresSpendLog.open(url, home / "orders.jsonl")
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


def test_a_wrong_password_is_told_without_it(postgres: Cluster, store: Path) -> None:
    """By the server's own words; nothing is broken by it, so nobody may clean up as if it were."""
    url = SecretStr(f"postgresql://postgres:{PASSWORD}x@127.0.0.1:{postgres.port}/ready")
    assert "password authentication failed" in refusal(url, store.parent)
    with pytest.raises(StoreBusy):
        PostgresSpendLog.open(url, store.with_name("orders.jsonl"))


@pytest.mark.parametrize("url", ["mysql://me:{}@host/db", "{}", "postgresql://me:{}@[host/db", "host='{}"])
def test_a_url_that_is_none_is_not_repeated(store: Path, url: str) -> None:
    """The password may be anywhere in it."""
    assert "SWINEHERD_DATABASE_URL" in refusal(SecretStr(url.format(PASSWORD)), store.parent)


def test_nobody_at_the_port_is_named(store: Path) -> None:
    """With host, port and database."""
    said = refusal(SecretStr(f"postgresql://me:{PASSWORD}@127.0.0.1:1/spend"), store.parent)
    assert said.startswith("PostgreSQL at 127.0.0.1:1/spend: it does not answer")


def test_no_such_database(postgres: Cluster, store: Path) -> None:
    """The server's word for it is passed on."""
    assert 'database "nowhere" does not exist' in refusal(postgres.url("nowhere"), store.parent)


def test_a_newer_schema_is_refused(admin: Admin, place: OnServer) -> None:
    """An older program must not write into a newer log."""
    admin.execute("UPDATE swineherd.schema_version SET version = 99")
    assert "newer swineherd (schema 99" in refusal(place.url, place.journal.parent)


def test_another_programs_schema_is_refused(unmade: OnServer) -> None:
    """It is left alone."""
    with psycopg.connect(unmade.url.get_secret_value()) as connection:
        connection.execute("CREATE SCHEMA swineherd")
        connection.execute("CREATE TABLE swineherd.theirs (x int)")
    assert "another program's" in refusal(unmade.url, unmade.journal.parent)


def test_a_database_of_another_encoding_is_refused(postgres: Cluster, store: Path) -> None:
    """It could not hold every name that a provider may send."""
    with psycopg.connect(postgres.url("postgres").get_secret_value(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    try:
        assert "ENCODING 'UTF8'" in refusal(postgres.url("latin"), store.parent)
    finally:
        postgres.drop("latin")


def test_a_server_that_forgets_is_refused(admin: Admin, place: OnServer) -> None:
    """Law 1: what is written must be on the disk. With fsync off it is not."""
    try:
        admin.execute("ALTER SYSTEM SET fsync = off")
        _reload(admin, "off")
        assert "fsync = off" in refusal(place.url, place.journal.parent)
    finally:
        admin.execute("ALTER SYSTEM RESET fsync")
        _reload(admin, "on")


def _reload(admin: Admin, fsync: str) -> None:
    admin.execute("SELECT pg_reload_conf()")
    for _ in range(1000):
        with psycopg.connect(admin.info.dsn, password=PASSWORD) as fresh:
            if fresh.execute("SHOW fsync").fetchone() == (fsync,):
                return
    pytest.fail(f"fsync does not become {fsync}")


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


def test_an_offer_is_kept_exactly(log: SpendLog) -> None:
    """Prices keep their decimals."""
    offer = offered(log, an_offer())
    assert log.attempts("run-1")[0].offer == offer
