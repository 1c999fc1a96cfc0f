"""LangGraph's checkpoints in PostgreSQL, in a schema of their own beside the spend log's."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from pydantic import SecretStr

from tools.errors import StoreBusy, StoreUnusable

SCHEMA = "swineherd_graph"

CONNECT_SECONDS = 15.0
SETUP_SECONDS = 30.0
SETUP_LOOK_SECONDS = 0.05

_MAKER = 0x53_57_49_4E_45_02
"""The advisory lock of whoever makes the tables ("SWINE" 2)."""

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout) as error:
        said = next(iter(str(error).splitlines()), "")
        raise StoreBusy(
            f"the database of SWINEHERD_DATABASE_URL does not answer ({said}): check that it runs"
        ) from error
    except psycopg.Error as error:
        raise StoreUnusable(f"the checkpoints in PostgreSQL: {error.diag.message_primary or error}") from error


class PostgresSaver(AsyncPostgresSaver):
    """With errors that the agent knows: a server that goes away is no defect of a run."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        with _readable_errors():
            return await super().aget_tuple(config)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        with _readable_errors():
            return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        with _readable_errors():
            await super().aput_writes(config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        with _readable_errors():
            await super().adelete_thread(thread_id)


@asynccontextmanager
async def in_postgres(url: SecretStr) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver over a small pool, in which a connection that broke is replaced; its tables made where needed.

    Raises:
        StoreBusy: the server does not answer, or another process makes the tables and does not end.
        StoreUnusable: the tables can't be made.
    """
    options: dict[str, Any] = {"autocommit": True, "prepare_threshold": None, "row_factory": dict_row}
    pool: Pool = AsyncConnectionPool(
        url.get_secret_value(),
        connection_class=Connection,
        kwargs=options | {"application_name": "swineherd checkpoints"},
        min_size=1,
        max_size=2,
        timeout=CONNECT_SECONDS,
        open=False,
        configure=_on_our_path,
        check=AsyncConnectionPool.check_connection,
    )
    try:
        with _readable_errors():
            await pool.open(wait=True, timeout=CONNECT_SECONDS)
            saver = PostgresSaver(pool)
            await _make_tables(saver, pool)
        yield saver
    finally:
        await pool.close()


async def _on_our_path(connection: Connection) -> None:
    await connection.execute(f"SET search_path = {SCHEMA}, pg_catalog, pg_temp")


async def _make_tables(saver: AsyncPostgresSaver, pool: Pool) -> None:
    """One process at a time. The lock is tried and never waited for: making an index concurrently waits for every
    statement that runs, and one that waits for the lock would be among them.
    """
    until = asyncio.get_running_loop().time() + SETUP_SECONDS
    async with pool.connection() as connection:
        while not await _has(connection, f"SELECT pg_try_advisory_lock({_MAKER}) AS yes"):
            if asyncio.get_running_loop().time() > until:
                raise StoreBusy("another process makes the tables of the checkpoints, and does not end")
            await asyncio.sleep(SETUP_LOOK_SECONDS)
        try:
            if not await _has(connection, f"SELECT to_regnamespace('{SCHEMA}') IS NOT NULL AS yes"):
                await connection.execute(f"CREATE SCHEMA {SCHEMA}")
            await saver.setup()
        finally:
            await connection.execute(f"SELECT pg_advisory_unlock({_MAKER})")


async def _has(connection: Connection, question: str) -> bool:
    answer = await (await connection.execute(question.encode())).fetchone()
    return answer == {"yes": True}
