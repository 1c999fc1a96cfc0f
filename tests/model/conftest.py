"""A real model, where the tester's environment names one; it answers one question at a time."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model_variables import HIDDEN_AS


@pytest.fixture
def variables(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[dict[str, str]]:
    """What the tester set, while no other worker asks the model."""
    found = {name.removeprefix(HIDDEN_AS): value for name, value in os.environ.items() if name.startswith(HIDDEN_AS)}
    if not found.get("OPENAI_BASE_URL"):
        pytest.skip("no model: OPENAI_BASE_URL is not set")
    with (_common(tmp_path_factory, worker_id) / "model.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield {name: value for name, value in found.items() if name.startswith(("OPENAI_", "SWINEHERD_MODEL"))}


def _common(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers share."""
    own = factory.getbasetemp()
    return own if worker_id == "master" else own.parent
