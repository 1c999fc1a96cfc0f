"""A form, filled in by a real model; how it makes up a tool call is on tape, for that takes it long."""

import pytest

from agent.assemble_mind import mind_of
from agent.clock import SystemClock
from agent.mind.choice import Method
from agent.settings import Settings
from tests.agent.mind.scenarios import INSTRUCTIONS, QUESTION, WISH, Wish

pytestmark = [pytest.mark.model, pytest.mark.timeout(400)]


@pytest.mark.parametrize("method", ["json_schema", "json"])
async def test_a_form_is_filled_in(variables: dict[str, str], method: Method) -> None:
    """The server is asked which model it has, unless the tester said so."""
    mind = mind_of(Settings.model_validate(variables | {"SWINEHERD_MODEL_METHOD": method}), SystemClock())
    assert mind is not None
    try:
        assert await mind.fill(Wish, INSTRUCTIONS, QUESTION) == WISH
    finally:
        await mind.aclose()
    assert mind.method == method
    assert not mind.name.startswith("the model at")
