"""LangGraph's checkpoints in PostgreSQL: made once by however many processes, found again after a lost connection."""

import asyncio

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple, empty_checkpoint
from pydantic import SecretStr

from agent import checkpoints_postgres
from agent.checkpoints_postgres import in_postgres
from tests.fixtures_postgres import database, postgres, ready
from tests.postgres import PASSWORD, Cluster
from tools.errors import StoreBusy

__all__ = ["database", "postgres", "ready"]

THREAD = RunnableConfig(configurable={"thread_id": "run-1", "checkpoint_ns": ""})


@pytest.fixture
def url(postgres: Cluster, database: str) -> SecretStr:
    return postgres.url(database)


async def kept(url: SecretStr) -> CheckpointTuple | None:
    """Open, and look for the thread."""
    async with in_postgres(url) as saver:
        return await saver.aget_tuple(THREAD)


async def test_many_make_the_tables_at_once(url: SecretStr) -> None:
    """In a schema of their own: nothing of it lies in `public`, or among the money."""
    assert await asyncio.gather(*(kept(url) for _ in range(6))) == [None] * 6
    with psycopg.connect(url.get_secret_value()) as connection:
        found = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename LIKE 'checkpoint%'")
        assert found.fetchall() == [("swineherd_graph",)]


async def test_a_lost_connection_is_replaced(url: SecretStr) -> None:
    """What was kept before is there, and what is kept afterwards."""
    async with in_postgres(url) as saver:
        first = await saver.aput(THREAD, empty_checkpoint(), {}, {})
        with psycopg.connect(url.get_secret_value()) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await saver.aput(first, empty_checkpoint(), {}, {})
        found = await saver.aget_tuple(THREAD)
    assert found is not None
    assert found.parent_config is not None
    assert await kept(url) is not None


async def test_a_server_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In time, and without the password."""
    monkeypatch.setattr(checkpoints_postgres, "CONNECT_SECONDS", 0.5)
    with pytest.raises(StoreBusy, match="does not answer") as caught:
        await kept(SecretStr(f"postgresql://me:{PASSWORD}@127.0.0.1:1/spend"))
    assert PASSWORD not in str(caught.value)
