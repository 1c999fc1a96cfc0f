"""LangGraph's checkpoints: where each run stands in the graph. No money is in them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import SecretStr

from tools.errors import StoreUnusable

_REMEDY = "no money is in it, and every run goes on from what the spend log knows"


@asynccontextmanager
async def checkpoints(path: Path, database_url: SecretStr | None) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """The checkpoints of a place: in a file of its owner's, or in the PostgreSQL of the spend log.

    Raises:
        StoreUnusable: they can't be opened.
    """
    if database_url is not None:
        from agent.checkpoints_postgres import in_postgres  # noqa: PLC0415 - of an extra

        async with in_postgres(database_url) as there:
            yield there
        return
    async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
        try:
            await saver.setup()
        except sqlite3.Error as error:
            raise StoreUnusable(f"{path}: {error}; move it away: {_REMEDY}") from error
        _for_its_owner(path)
        yield saver


async def forget(saver: BaseCheckpointSaver[str], run_id: str) -> None:
    """Drop every checkpoint of a run.

    Raises:
        StoreUnusable: they can't be written.
    """
    try:
        await saver.adelete_thread(run_id)
    except sqlite3.Error as error:
        raise StoreUnusable(f"the checkpoints of {run_id}: {error}") from error


def _for_its_owner(path: Path) -> None:
    path.chmod(0o600)
