"""The queue in PostgreSQL: one for each home, and nothing of the password's outside the connections."""

import asyncio
import base64
import logging
import os
import pickle
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from agent.engine.leg import Leg
from agent.engine.queue import POLL_SECONDS, DbosQueue
from agent.engine.queue_postgres import in_postgres
from tests.agent.engine.test_queue import ANSWER, Driver, ended, nobody_rings, until
from tests.fixtures_postgres import database, postgres, ready
from tests.postgres import PASSWORD, Cluster
from tools.errors import StoreBusy, StoreUnusable

__all__ = ["database", "postgres", "ready"]


@pytest.fixture
def url(postgres: Cluster, database: str) -> SecretStr:
    return postgres.url(database)


async def test_a_home_drives_its_own_legs_only(url: SecretStr, caplog: pytest.LogCaptureFixture) -> None:
    """Another home's wait for its own worker, and no round of another one's sees them as left behind."""
    caplog.set_level(logging.DEBUG)
    first, second, third = Driver(), Driver(), Driver()
    first.go_on.clear()
    async with DbosQueue.open(in_postgres(url, "home-a"), "one", first, nobody_rings) as queue:
        await queue.ask(ANSWER)
        await until(lambda: first.driven)
        queue.stop_taking()
        await asyncio.sleep(2 * POLL_SECONDS)
        await queue.ask(Leg("run-2"))
    async with DbosQueue.open(in_postgres(url, "home-b"), "two", second, nobody_rings) as queue:
        await queue.ask(Leg("run-3"))
        await ended(queue, second, 1)
        await asyncio.sleep(4 * POLL_SECONDS)
        assert second.driven == [Leg("run-3")]
        assert await queue.under_way() == {}
    async with DbosQueue.open(in_postgres(url, "home-a"), "three", third, nobody_rings) as queue:
        await until(lambda: third.driven)
        assert (await queue.under_way())[ANSWER.leg_id] == "one"
        await queue.begin_again([ANSWER.leg_id])
        await ended(queue, third, 2)
    assert third.driven == [Leg("run-2"), ANSWER]
    assert PASSWORD not in caplog.text


async def test_a_server_that_ends_every_session_is_come_back_to(url: SecretStr) -> None:
    """As a restart does: legs go on being asked for and driven."""
    driver = Driver()
    async with DbosQueue.open(in_postgres(url, "home-a"), "one", driver, nobody_rings) as queue:
        with psycopg.connect(url.get_secret_value(), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'swineherd queue' AND datname = current_database()"
            )
        await queue.ask(ANSWER)
        await ended(queue, driver, 1)


class Mischief:
    """What a pickle can do to whoever reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


async def test_a_pickle_in_a_row_is_not_read(url: SecretStr, tmp_path: Path) -> None:
    """Whoever may write to the database runs nothing on the workers: such a leg fails, and the others go on."""
    driver = Driver()
    pickled = base64.b64encode(pickle.dumps(Mischief(tmp_path / "done"))).decode()
    async with DbosQueue.open(in_postgres(url, "home-a"), "one", driver, nobody_rings) as queue:
        queue.stop_taking()
        await asyncio.sleep(2 * POLL_SECONDS)
        await queue.ask(ANSWER)
        await queue.ask(Leg("run-2"))
        with psycopg.connect(url.get_secret_value(), autocommit=True) as admin:
            changed = admin.execute(
                "UPDATE swineherd_queue.workflow_status SET serialization = 'py_pickle' WHERE workflow_uuid = %s",
                [ANSWER.leg_id],
            )
            assert changed.rowcount == 1
            admin.execute(
                "UPDATE swineherd_queue.workflow_input SET inputs = %s WHERE workflow_uuid = %s",
                [pickled, ANSWER.leg_id],
            )
    async with DbosQueue.open(in_postgres(url, "home-a"), "two", driver, nobody_rings) as queue:
        await ended(queue, driver, 1)
    assert driver.driven == [Leg("run-2")]
    assert not (tmp_path / "done").exists()


async def test_what_is_wrong_with_the_server_is_said(postgres: Cluster) -> None:
    """One that does not answer, and one that is named wrongly; neither answer repeats the password."""
    away = SecretStr(f"postgresql://me:{PASSWORD}@127.0.0.1:1/spend")
    with pytest.raises(StoreBusy, match=r"127\.0\.0\.1:1/spend: it does not answer") as caught:
        async with DbosQueue.open(in_postgres(away, "home-a"), "one", Driver(), nobody_rings):
            pass
    assert PASSWORD not in str(caught.value)
    with pytest.raises(StoreUnusable, match="can't be read"):
        in_postgres(SecretStr(f"postgresql://me:{PASSWORD}@[1/spend"), "home-a")
