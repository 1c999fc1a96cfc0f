"""A conversation with a server: words and calls as they stream, whichever way a server and a model put them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import cast

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import ToolCallChunk
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from agent.mind import model as adapter
from agent.mind.choice import Method, ModelChoice
from agent.mind.conversing import LONGEST, next_turn
from agent.mind.model import OpenAiMind
from agent.mind.port import Answered, Called, ModelUnavailable, Offered, Said, TooLong
from agent.mind.speech import Speech
from tests.agent.mind.tape import KEY
from tests.fakes.clock import FakeClock
from tests.fakes.model_server import FakeModelServer, Reply, fails, serving, streams

TOOLS = (
    Offered("list_gpus", "List the GPUs.", {"type": "object", "properties": {}}),
    Offered("run_status", "Say how a run is.", {"type": "object", "properties": {"run_id": {"type": "string"}}}),
)
ASKED = (
    Said("user", "Which GPUs?"),
    Called("list_gpus", {}),
    Answered("list_gpus", '{"offers": []}'),
    Said("assistant", "None."),
    Said("user", "How is r-1?"),
)
WRITTEN = '{"name": "run_status", "arguments": {"run_id": "r-1"}}'
CALLED = Called("run_status", {"run_id": "r-1"})

Talk = Callable[..., "Heard"]


class Heard:
    """One turn of a model, and what was heard of it."""

    def __init__(self, mind: OpenAiMind) -> None:
        self.pieces: list[str] = []
        self._mind = mind

    async def turn(self) -> Said | Called:
        return await self._mind.talk("Be brief.", ASKED, TOOLS, self.pieces.append)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Makes turns, and lets go of their connections."""
    made: list[OpenAiMind] = []

    def make(server: FakeModelServer, method: Method = "json_schema") -> Heard:
        made.append(OpenAiMind(ModelChoice(server.url, "m", SecretStr(KEY), method), FakeClock()))
        return Heard(made[-1])

    yield make
    for mind in made:
        await mind.aclose()


async def test_words_are_heard_as_they_come(talk: Talk) -> None:
    """And the turn is all of them."""
    with serving(streams("It ", "runs.\n", "All ", "is well.")) as server:
        heard = talk(server)
        assert await heard.turn() == Said("assistant", "It runs.\nAll is well.")
    assert heard.pieces[0] == "It "
    assert heard.text == "It runs.\nAll is well."


async def test_a_server_is_shown_the_conversation_and_the_tools(talk: Talk) -> None:
    """A call and its answer belong together by an id."""
    with serving(streams("Well.")) as server:
        await talk(server).turn()
    body = server.bodies[0]
    assert [one["function"]["name"] for one in body["tools"]] == ["list_gpus", "run_status"]
    assert [one["role"] for one in body["messages"]] == ["system", "user", "assistant", "tool", "assistant", "user"]
    called, answered = body["messages"][2:4]
    assert called["tool_calls"][0]["id"] == answered["tool_call_id"]


@pytest.mark.parametrize(
    "pieces",
    [
        (WRITTEN,),
        ("```json\n", WRITTEN, "\n```"),
        ("``", f"`\n{WRITTEN}\n```"),
        ("<tool_call>\n", WRITTEN[:20], WRITTEN[20:], "\n</tool_call>"),
        ('{"name": "run_status", "parameters": {"run_id": "r-1"}}',),
    ],
)
async def test_a_call_that_is_written_down_is_a_call(talk: Talk, pieces: tuple[str, ...]) -> None:
    """Nobody hears it as words."""
    with serving(streams(*pieces)) as server:
        heard = talk(server)
        assert await heard.turn() == CALLED
    assert heard.text == ""


async def test_words_before_a_written_call_are_heard(talk: Talk) -> None:
    """The call is not."""
    with serving(streams("I will look.\n\n", "```json\n", WRITTEN, "\n```\n")) as server:
        heard = talk(server)
        assert await heard.turn() == CALLED
    assert heard.text == "I will look.\n\n"


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "approve", "arguments": {}}',
        '```python\nprint({"a": 1})\n```',
        '{"name": "run_status", "name": "list_gpus", "arguments": {}}',
        "{ not JSON",
        "[" * 2000 + "{" * 2000,
    ],
)
async def test_what_is_no_call_of_a_tool_is_words(talk: Talk, text: str) -> None:
    """Another name, code, a key twice, no JSON at all."""
    with serving(streams(text)) as server:
        heard = talk(server)
        assert await heard.turn() == Said("assistant", text)
    assert heard.text == text


async def test_a_call_that_the_server_understood(talk: Talk) -> None:
    """The first of several; one that is cut off is read as far as it goes, for arguments are checked anyway."""
    function = {"name": "run_status", "arguments": '{"run_id": "r-1"}'}
    call = {"index": 0, "id": "c1", "type": "function", "function": function}
    with serving(streams("Let me see.", tool_calls=[call])) as server:
        assert await talk(server).turn() == CALLED
    cut = {**call, "function": {**function, "arguments": '{"run_id": "r-'}}
    with serving(streams(tool_calls=[cut])) as server:
        assert await talk(server).turn() == Called("run_status", {"run_id": "r-"})
    broken = {**call, "function": {**function, "arguments": "run_id=r-1"}}
    with serving(streams(tool_calls=[broken])) as server:
        assert await talk(server).turn() == Called("run_status", {})


async def test_a_server_that_takes_no_tools_is_asked_in_words(talk: Talk) -> None:
    """From then on; answers of tools come as a human's turn."""
    with serving(fails(400, "tools are not supported"), streams(WRITTEN), streams("Well.")) as server:
        heard = talk(server)
        assert await heard.turn() == CALLED
        assert await heard.turn() == Said("assistant", "Well.")
    assert ["tools" in body for body in server.bodies] == [True, False, False]
    system, *turns = server.bodies[2]["messages"]
    assert "run_status: Say how a run is." in system["content"]
    assert turns[2]["content"] == 'list_gpus answers: {"offers": []}'


async def test_words_alone_where_the_human_chose_them(talk: Talk) -> None:
    """SWINEHERD_MODEL_METHOD=json."""
    with serving(streams("Well.")) as server:
        await talk(server, "json").turn()
    assert "tools" not in server.bodies[0]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This model's maximum context length is 4096 tokens"),
        (400, "the request exceeds the available context size"),
        (413, "too many tokens"),
    ],
)
async def test_a_conversation_that_is_too_long(talk: Talk, status: int, message: str) -> None:
    """It is told apart, and not asked again in more words."""
    with serving(fails(status, message)) as server, pytest.raises(TooLong):
        await talk(server).turn()


async def test_a_server_that_is_busy_is_asked_again(talk: Talk) -> None:
    """As long as nothing of the turn was heard."""
    with serving(fails(503, "busy"), streams("Well.")) as server:
        assert await talk(server).turn() == Said("assistant", "Well.")


async def test_a_turn_that_breaks_off_is_not_begun_again(talk: Talk) -> None:
    """A human has heard a part of it already."""
    whole = streams("It runs, ", "and")
    assert isinstance(whole.body, str)
    begun = replace(whole, body=whole.body[: whole.body.index("and")], cut=True)
    with serving(begun) as server:
        heard = talk(server)
        with pytest.raises(ModelUnavailable):
            await heard.turn()
    assert heard.text == "It runs, "
    assert len(server.asked) == 1


async def test_whoever_speaks_slowly_is_not_interrupted(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word has the patience that a whole answer to a form has."""
    monkeypatch.setattr(adapter, "ANSWER_SECONDS", 2.0)
    words = ("It ", "runs ", "and ", "runs ", "and ", "runs.")
    with serving(replace(streams(*words), pause=0.25)) as server:
        assert await talk(server).turn() == Said("assistant", "".join(words))


@pytest.mark.parametrize(("patience", "why"), [("ANSWER_SECONDS", "within 0 s"), ("TURN_SECONDS", "came to no end")])
async def test_whoever_comes_to_no_end_is(talk: Talk, monkeypatch: pytest.MonkeyPatch, patience: str, why: str) -> None:
    """Silent, or for ever about to end."""
    silent = patience == "ANSWER_SECONDS"
    monkeypatch.setattr(adapter, patience, 0.1 if silent else 2.0)
    slow = replace(streams(*["oink "] * 40), pause=1.0 if silent else 0.1)
    with serving(slow) as server, pytest.raises(ModelUnavailable, match=why):
        await talk(server).turn()


async def test_no_answer_is_told_without_the_key(talk: Talk) -> None:
    """Servers repeat it."""
    with serving(fails(401, f"no such key {KEY}")) as server, pytest.raises(ModelUnavailable) as raised:
        await talk(server).turn()
    assert KEY not in str(raised.value)


async def test_a_call_that_never_ends_is_not_waited_for() -> None:
    """Its arguments count as words do: each piece costs the event loop more, on which runs are driven."""

    class Endless:
        def bind(self) -> "Endless":
            return self

        async def astream(self, _: object) -> AsyncIterator[AIMessageChunk]:
            call = ToolCallChunk(type="tool_call_chunk", name="run_status", args='{"run_id": "', id="c", index=0)
            while True:
                yield AIMessageChunk(content="", tool_call_chunks=[call])
                call = ToolCallChunk(type="tool_call_chunk", name=None, args="x" * 1000, id=None, index=0)
                await asyncio.sleep(0)

    async with asyncio.timeout(30):
        said = await next_turn(
            cast("ChatOpenAI", Endless()),
            "",
            ASKED,
            (),
            natively=True,
            speech=Speech([], lambda _: None),
            goes_on=lambda: None,
        )
    assert isinstance(said, Called)
    assert len(str(said.arguments)) < 2 * LONGEST


@pytest.mark.parametrize("line", ["[" * 200_000, '{"a":' * 200_000, "null", '{"choices": [7]}'])
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_an_answer_that_is_none_is_told(talk: Talk, line: str) -> None:
    """Whatever the client makes of it."""
    page = Reply(200, f"data: {line}\n\ndata: [DONE]\n\n", {"content-type": "text/event-stream"})
    with serving(page) as server, pytest.raises(ModelUnavailable, match="can't be understood"):
        await talk(server).turn()


async def test_a_turn_may_be_empty(talk: Talk) -> None:
    """Small models have such."""
    with serving(streams()) as server:
        assert await talk(server).turn() == Said("assistant", "")


def test_speech_keeps_back_no_more_than_it_must() -> None:
    """A line that begins like a mark is words as soon as it can't be one."""
    heard: list[str] = []
    speech = Speech({"a"}, heard.append)
    for piece in ("`", "`x` is code\n", "<b>", "old\n", "last"):
        speech.add(piece)
    assert "".join(heard) == "``x` is code\n<b>old\nlast"
    assert speech.end() is None
