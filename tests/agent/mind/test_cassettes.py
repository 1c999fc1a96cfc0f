"""The OpenAI wire format, played from tape: every recorded answer is asked for and understood, and nothing else is."""

import pytest

from agent.mind.model import OpenAiMind
from agent.mind.port import ModelGarbled, ModelUnavailable
from tests.agent.mind.scenarios import SCENARIOS, WISH, Wish
from tests.agent.mind.tape import BASE_URL, CASSETTES, KEY, tape
from tests.fakes.clock import FakeClock
from tools.errors import SwineherdError


async def play(name: str, clock: FakeClock | None = None) -> tuple[Wish | SwineherdError, OpenAiMind]:
    with tape("none").use_cassette(f"{name}.yaml") as cassette:
        played = await SCENARIOS[name].play(BASE_URL, clock or FakeClock())
    assert cassette.all_played, f"{name}: only {cassette.play_count} of {len(cassette)} answers were played"
    return played


async def test_a_schema_that_the_server_holds_the_model_to() -> None:
    """A real model's; the server was asked for the name of the only one it has."""
    answer, mind = await play("json_schema")
    assert (answer, mind.name, mind.method) == (WISH, "local", "json_schema")


@pytest.mark.parametrize("name", ["function_calling", "json"])
async def test_the_other_ways_to_ask(name: str) -> None:
    """A real model's; it writes down the call that it was to make."""
    answer, mind = await play(name)
    assert (answer, mind.method) == (WISH, name)


async def test_an_answer_that_is_cut_off() -> None:
    """A real model's, of four tokens: told three times, and then garbled, not a crash."""
    answer, _ = await play("cut_off")
    assert isinstance(answer, ModelGarbled)
    assert "too long" in str(answer)


async def test_a_key_that_is_refused() -> None:
    """The variable is named, and it is asked once."""
    answer, _ = await play("refused_key")
    assert isinstance(answer, ModelUnavailable)
    assert "401" in str(answer)
    assert "OPENAI_API_KEY" in str(answer)


async def test_a_limit_is_waited_for() -> None:
    """As long as the server asks."""
    clock = FakeClock()
    answer, _ = await play("limited", clock)
    assert (answer, clock.monotonic()) == (WISH, 3.0)


async def test_a_server_that_is_unwell_is_asked_again() -> None:
    """Twice, a little later each time."""
    clock = FakeClock()
    answer, _ = await play("unwell", clock)
    assert (answer, clock.monotonic()) == (WISH, 0.5 + 2.0)


async def test_a_server_without_schemas_is_asked_by_words() -> None:
    """From its first refusal on."""
    answer, mind = await play("no_json_schema")
    assert (answer, mind.method) == (WISH, "json")


def test_no_key_is_on_tape() -> None:
    """Each was recorded with one."""
    tapes = {path.stem: path.read_text() for path in CASSETTES.iterdir()}
    assert tapes.keys() == SCENARIOS.keys()
    assert not [name for name, text in tapes.items() if KEY in text or "Bearer" in text]
