"""The mind that tests script."""

import pytest

from agent.mind.port import Mind, ModelUnavailable, Said
from agent.mind.scripted import ScriptedMind
from tests.agent.mind.scenarios import WISH, Wish


class Other(Wish):
    """Another form."""


async def test_it_says_what_was_scripted_and_remembers_what_was_asked() -> None:
    """Answers and errors, in order."""
    scripted = ScriptedMind(WISH, ModelUnavailable("away"))
    mind: Mind = scripted
    assert await mind.fill(Wish, "Fill in.", [Said("user", "An A100.")]) == WISH
    with pytest.raises(ModelUnavailable, match="away"):
        await mind.fill(Wish, "Again.", [])
    assert [(one.instructions, one.turns) for one in scripted.shown] == [
        ("Fill in.", (Said("user", "An A100."),)),
        ("Again.", ()),
    ]
    assert scripted.left == 0


async def test_more_than_was_scripted_fails() -> None:
    """And so does another form than the script's."""
    with pytest.raises(AssertionError, match="no answer to question 1"):
        await ScriptedMind().fill(Wish, "", [])
    with pytest.raises(AssertionError, match="Wish is scripted"):
        await ScriptedMind(WISH).fill(Other, "", [])
