"""LangGraph's checkpoints as a process keeps them, which may die before and after each."""

from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.memory import InMemorySaver

from tests.simulation.process import Process


class SaverOf(InMemorySaver):
    """One process's way to the checkpoints that all of them share."""

    def __init__(self, shared: InMemorySaver, process: Process) -> None:
        super().__init__()
        self.storage, self.writes, self.blobs = shared.storage, shared.writes, shared.blobs
        self._process = process

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        self._process.boundary("a checkpoint, to be kept")
        kept = await super().aput(config, checkpoint, metadata, new_versions)
        self._process.boundary("a checkpoint, kept")
        return kept

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        self._process.boundary("what a step wrote, to be kept")
        await super().aput_writes(config, writes, task_id, task_path)
        self._process.boundary("what a step wrote, kept")
