"""Questions to a model as spans: which model, how it was asked, how many tokens; nothing that was said."""

import pytest
from pydantic import SecretStr

from agent.mind.choice import ModelChoice
from agent.mind.model import OpenAiMind
from agent.mind.port import ModelUnavailable
from tests.agent.mind.scenarios import INSTRUCTIONS, QUESTION, WISH, Wish
from tests.agent.mind.tape import KEY
from tests.fakes.clock import FakeClock
from tests.fakes.model_server import FakeModelServer, fails, says, serving
from tests.fakes.spans import KeptSpans, notes_of

RIGHT = says(WISH.model_dump_json())


@pytest.fixture
def kept() -> KeptSpans:
    return KeptSpans()


async def asked(server: FakeModelServer, kept: KeptSpans) -> Wish:
    """One question, and the end of the mind."""
    choice = ModelChoice(server.url, "herder", SecretStr(KEY), "json_schema")
    mind = OpenAiMind(choice, FakeClock(), tracer=kept.tracer)
    try:
        return await mind.fill(Wish, INSTRUCTIONS, QUESTION)
    finally:
        await mind.aclose()


async def test_each_request_is_a_span(kept: KeptSpans) -> None:
    """The one that was refused, the one that was no form, and the one that was right."""
    with serving(fails(404, "no schemas here"), says("no form"), RIGHT) as server:
        assert await asked(server, kept) == WISH
    spans = kept.named("chat herder")
    assert [notes_of(span)["swineherd.asked_by"] for span in spans] == ["json_schema", "json", "json"]
    assert [notes_of(span).get("error.type") for span in spans] == ["OpenAIModelNotFoundError", None, None]
    assert notes_of(spans[2]) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "herder",
        "swineherd.asked_by": "json",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
    }


async def test_nothing_that_was_said_is_in_it(kept: KeptSpans) -> None:
    """Neither the question nor the answer, nor what a server says when it refuses: it may repeat the key."""
    with serving(RIGHT, *[fails(400, f"wrong key {KEY}")] * 2) as server:
        await asked(server, kept)
        with pytest.raises(ModelUnavailable):
            await asked(server, kept)
    told = kept.everything()
    words = {KEY, INSTRUCTIONS, WISH.model_dump_json(), *(turn.text for turn in QUESTION), server.url, "wrong key"}
    assert not [word for word in words if word in told]
