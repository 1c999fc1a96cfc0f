"""The model of a herd: from the environment, and asked when somebody asks."""

from pathlib import Path

import pytest

from agent.assemble import open_herd
from agent.assemble_parts import open_parts
from agent.errors import BadSettings
from agent.settings import Settings
from tests.agent.mind.scenarios import INSTRUCTIONS, QUESTION, WISH, Wish
from tests.fakes.model_server import fails, says, serving


async def test_a_herd_asks_the_model_that_the_environment_names(tmp_path: Path) -> None:
    """What was found out about its server holds for every question; with the herd the connections are closed."""
    right = says(WISH.model_dump_json())
    with serving(fails(404, "no schemas here"), right, right) as server:
        settings = Settings(SWINEHERD_HOME=tmp_path / "home", OPENAI_BASE_URL=server.url, SWINEHERD_MODEL="herder")
        async with open_herd(settings) as herd:
            mind = herd.parts.mind
            assert mind is not None
            assert [await mind.fill(Wish, INSTRUCTIONS, QUESTION) for _ in range(2)] == [WISH, WISH]
            assert mind.name == "herder"
        with pytest.raises(RuntimeError, match="closed"):
            await mind.fill(Wish, INSTRUCTIONS, QUESTION)
    assert len(server.asked) == 3


async def test_without_one_there_is_none(tmp_path: Path) -> None:
    """A key alone names none."""
    async with open_parts(Settings(SWINEHERD_HOME=tmp_path / "home", OPENAI_API_KEY="sk-1"), sandbox=False) as parts:
        assert parts.mind is None


async def test_what_names_none_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    """As every other setting that can't be used."""
    settings = Settings(SWINEHERD_HOME=tmp_path / "home", OPENAI_BASE_URL="model.test")
    with pytest.raises(BadSettings, match="OPENAI_BASE_URL"):
        async with open_herd(settings):
            pass
    assert not (tmp_path / "home").exists()
