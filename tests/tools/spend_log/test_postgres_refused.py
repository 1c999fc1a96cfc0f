"""Servers, databases and URLs where no money may be kept: each is refused with clear words, and without a password."""

from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from tests.postgres import PASSWORD, Admin, Cluster
from tests.tools.spend_log.stores import OnServer
from tools.errors import StoreBusy, StoreUnusable
from tools.spend_log.postgres.log import PostgresSpendLog


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
