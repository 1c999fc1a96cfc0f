"""The adapter against a server that says what a test wants it to say."""

import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from langchain_core.callbacks import AsyncCallbackManager
from langsmith.utils import get_env_var, tracing_is_enabled
from pydantic import SecretStr

from agent.mind import model as adapter
from agent.mind.choice import Method, ModelChoice
from agent.mind.model import NO_KEY, OpenAiMind
from agent.mind.port import ModelGarbled, ModelUnavailable, Said
from tests.agent.mind.scenarios import INSTRUCTIONS, QUESTION, WISH, Wish
from tests.agent.mind.tape import KEY
from tests.fakes.clock import FakeClock
from tests.fakes.model_server import Reply, calls, fails, says, serving

RIGHT = says(WISH.model_dump_json())

Connect = Callable[..., OpenAiMind]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes minds, and closes them."""
    made: list[OpenAiMind] = []

    def make(url: str, method: Method = "json_schema", *, model: str = "m", key: str | None = KEY) -> OpenAiMind:
        choice = ModelChoice(url, model, SecretStr(key) if key else None, method)
        made.append(OpenAiMind(choice, FakeClock()))
        return made[-1]

    yield make
    for mind in made:
        await mind.aclose()


def fill(mind: OpenAiMind) -> Awaitable[Wish]:
    return mind.fill(Wish, INSTRUCTIONS, QUESTION)


async def test_a_question_is_bounded_and_not_left_to_chance(connect: Connect) -> None:
    """Temperature 0, and no more tokens than we pay for, in the words of old servers and of new ones."""
    with serving(RIGHT) as server:
        await fill(connect(server.url))
    body = server.bodies[0]
    assert (body["temperature"], body["max_tokens"], body["max_completion_tokens"]) == (0, 1024, 1024)
    assert [one["role"] for one in body["messages"]] == ["system", "user", "assistant", "user"]
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_local_server_needs_no_key(connect: Connect) -> None:
    """It is sent a word that is none, and never one of the environment's."""
    with serving(RIGHT) as server:
        await fill(connect(server.url, key=None))
    assert server.asked[0].headers["authorization"] == f"Bearer {NO_KEY}"


async def test_a_tool_call_is_read(connect: Connect) -> None:
    """As servers send it that know tools."""
    with serving(calls("Wish", WISH.model_dump_json())) as server:
        assert await fill(connect(server.url, "function_calling")) == WISH
    assert server.bodies[0]["tool_choice"]["function"]["name"] == "Wish"


async def test_a_broken_tool_call_goes_back(connect: Connect) -> None:
    """What the client could not parse is read as we read it."""
    with serving(calls("Wish", '{"gpu": "A100"'), calls("Wish", WISH.model_dump_json())) as server:
        assert await fill(connect(server.url, "function_calling")) == WISH
    assert "no valid JSON" in server.bodies[1]["messages"][-1]["content"]


async def test_what_does_not_parse_goes_back_with_the_reason(connect: Connect) -> None:
    """The answer and what is wrong about it are shown; the next one counts."""
    with serving(says('{"gpu": "A100", "hours": "two"}'), RIGHT) as server:
        assert await fill(connect(server.url)) == WISH
    answer, reason = server.bodies[1]["messages"][-2:]
    assert (answer["role"], answer["content"]) == ("assistant", '{"gpu": "A100", "hours": "two"}')
    assert "hours: Input should be a valid integer" in reason["content"]


@pytest.mark.parametrize(
    "reply",
    [
        says("No."),
        says(None),
        says(None, refusal="I can't help with that."),
        says("{", finish="length"),
        says("", finish="content_filter"),
        Reply(200, "<html>welcome</html>"),
        Reply(200, {"choices": None}),
        Reply(200, {"choices": []}),
        Reply(200, {"hello": "world"}),
        Reply(200, {"error": {"message": "no"}}),
    ],
    ids=["prose", "nothing", "refusal", "cut off", "filtered", "page", "null", "empty", "other", "error in a 200"],
)
async def test_garbled_three_times_is_garbled(connect: Connect, reply: Reply) -> None:
    """Whatever it is that comes: no crash, and no fourth question."""
    with serving(*[reply] * 3) as server, pytest.raises(ModelGarbled, match="m answered 3 times"):
        await fill(connect(server.url))


@pytest.mark.parametrize("reply", [Reply(200, "<html>welcome</html>"), Reply(200, {"choices": None})])
async def test_and_by_words_too(connect: Connect, reply: Reply) -> None:
    """There the client reads answers in another place."""
    with serving(*[reply] * 3) as server, pytest.raises(ModelGarbled, match="no chat completion"):
        await fill(connect(server.url, "json"))


@pytest.mark.parametrize("status", [400, 404, 422, 501])
async def test_by_words_where_the_server_knows_no_other_way(connect: Connect, status: int) -> None:
    """It is remembered, and the schema is in the prompt."""
    with serving(fails(status, "what is json_schema?"), RIGHT, RIGHT) as server:
        mind = connect(server.url)
        assert [await fill(mind), await fill(mind)] == [WISH, WISH]
    assert ["response_format" in body for body in server.bodies] == [True, False, False]
    assert '"required":["gpu","hours"]' in server.bodies[1]["messages"][0]["content"]


async def test_a_question_that_is_refused_itself_changes_nothing(connect: Connect) -> None:
    """One that is too long is refused in every way; the next one is asked as before."""
    too_long = fails(400, "the request exceeds the available context size")
    with serving(too_long, too_long, RIGHT) as server:
        mind = connect(server.url)
        with pytest.raises(ModelUnavailable, match=r"answers 400: the request exceeds the available context size$"):
            await fill(mind)
        assert await fill(mind) == WISH
    assert "response_format" in server.bodies[2]


async def test_the_words_by_which_openai_says_so_are_no_warning(connect: Connect) -> None:
    """Its client prints advice about it, to programmers."""
    no = fails(400, "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.")
    with serving(no, RIGHT) as server:
        assert await fill(connect(server.url)) == WISH


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (fails(401, "no"), "OPENAI_API_KEY"),
        (fails(403, "no"), "OPENAI_API_KEY"),
        (fails(402, "pay first"), "402: .*pay first"),
        (fails(429, "quota", "insufficient_quota"), "quota"),
        (fails(429, "tomorrow", retry_after="86400"), "tomorrow"),
        (Reply(307, "", {"location": "http://127.0.0.1:9/v1"}), "307"),
    ],
    ids=["401", "403", "402", "quota", "a day's wait", "sent elsewhere"],
)
async def test_what_no_second_try_would_change_gets_none(connect: Connect, reply: Reply, why: str) -> None:
    """It is asked once; what is asked goes nowhere else, either."""
    with serving(reply) as server, pytest.raises(ModelUnavailable, match=why):
        await fill(connect(server.url))
    assert len(server.asked) == 1


@pytest.mark.parametrize("reply", [fails(429, "slow down"), fails(500, "oh no"), fails(599, "oh no")])
async def test_three_failures_are_enough(connect: Connect, reply: Reply) -> None:
    """Nothing beneath us tries again on top."""
    with serving(*[reply] * 3) as server, pytest.raises(ModelUnavailable, match=str(reply.status)):
        await fill(connect(server.url))


async def test_nobody_there(connect: Connect) -> None:
    """The variable is named that says where to ask."""
    with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL"):
        await fill(connect("http://127.0.0.1:9/v1"))


async def test_an_answer_that_does_not_come(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tries together have so long."""
    monkeypatch.setattr(adapter, "ANSWER_SECONDS", 0.0)
    with serving() as server, pytest.raises(ModelUnavailable, match="did not answer within"):
        await fill(connect(server.url))


async def test_a_question_that_is_too_long_is_not_asked(connect: Connect) -> None:
    """Nobody pays for a log of a hundred megabytes."""
    with serving() as server, pytest.raises(ModelUnavailable, match="characters"):
        await connect(server.url).fill(Wish, INSTRUCTIONS, [Said("user", "x" * 200_000)])


MODELS = {"object": "list", "data": [{"id": name, "object": "model", "created": 1, "owned_by": "me"} for name in "ab"]}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(200, MODELS), "2 models: name one in SWINEHERD_MODEL"),
        (Reply(200, {"object": "list", "data": []}), "0 models"),
        (Reply(200, "<html>welcome</html>"), "0 models"),
    ],
    ids=["two", "none", "a page"],
)
async def test_of_several_models_none_is_guessed(connect: Connect, reply: Reply, why: str) -> None:
    """The variable is named that chooses one."""
    with serving(reply) as server, pytest.raises(ModelUnavailable, match=why):
        await fill(connect(server.url, model=""))


async def test_a_model_that_is_not_there(connect: Connect) -> None:
    """Both variables are named that may be wrong."""
    why = "no such model; check SWINEHERD_MODEL and OPENAI_BASE_URL"
    with serving(*[fails(404, "no such model")] * 2) as server, pytest.raises(ModelUnavailable, match=why):
        await fill(connect(server.url))


@pytest.mark.parametrize("status", [400, 401, 418, 500])
async def test_a_key_that_the_server_repeats_is_told_nobody(
    connect: Connect, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the error, nor what is printed of it, nor in a log of any level."""
    caplog.set_level(logging.DEBUG)
    with serving(*[fails(status, f"wrong key {KEY} {KEY}")] * {400: 2, 500: 3}.get(status, 1)) as server:
        mind = connect(server.url)
        with pytest.raises(ModelUnavailable) as raised:
            await fill(mind)
    printed = "".join(traceback.format_exception(raised.value))
    assert KEY not in printed + repr(mind) + repr(vars(mind)) + caplog.text


def is_traced() -> bool:
    """Whether LangChain would tell LangSmith, by the environment as it is now."""
    get_env_var.cache_clear()  # type: ignore[attr-defined]
    return tracing_is_enabled() is not False or AsyncCallbackManager.configure().handlers != []


def test_nothing_is_traced_that_the_user_did_not_switch_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """LangSmith's key alone, put there for another program, makes nothing known to it; its switch does."""
    monkeypatch.setenv("LANGSMITH_API_KEY", "ls-1")
    assert not is_traced()
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    assert is_traced()
    monkeypatch.undo()
    assert not is_traced()
