"""A language model behind an OpenAI-compatible API; importing this takes 1.5 s, so only who asks a model does."""

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import openai
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from agent.discreet import Discreet
from agent.mind.answer import NotTheForm, read_form
from agent.mind.asking import asked_by, messages, text_of
from agent.mind.choice import Method, ModelChoice
from agent.mind.conversing import next_turn
from agent.mind.failures import PASSING, UNSUPPORTED, is_too_long, unavailable, wait_before_retry
from agent.mind.port import Called, ModelGarbled, ModelUnavailable, Offered, Said, TooLong, Turn
from agent.mind.speech import Speech
from policies.text import clean
from tools.ports import Clock
from tools.tracing.port import UNTOLD, Span, Tracer, spanning

T = TypeVar("T", bound=BaseModel)
A = TypeVar("A")

TRIES = 3
"""Answers that a question gets to come as the form."""

BACKOFF = (0.5, 2.0)
"""Seconds before each further try of one request."""

ANSWER_SECONDS = 120.0
"""With every further try of its request; in a conversation, for each piece of the turn."""

TURN_SECONDS = 600.0
"""For a turn of a conversation, however it trickles."""

_TIMEOUT = openai.Timeout(None, connect=10.0)

ANSWER_TOKENS = 1024
PROMPT_CHARACTERS = 200_000
ECHOED_CHARACTERS = 4_000

NO_KEY = "none"
"""Sent to a server that wants no key: the client insists on one."""

_BROKEN = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What the client raises over a 200 that is no chat completion; it has no error of its own for it."""


class OpenAiMind:
    """`agent.mind.port.Mind` on `ChatOpenAI`.

    Args:
        answer_tokens: the longest answer that is paid for.
        tracer: told each request: the model, how it was asked, and tokens; nothing of what was said.
        discreet: what LangChain tells LangSmith goes through it.
    """

    def __init__(
        self,
        choice: ModelChoice,
        clock: Clock,
        *,
        answer_tokens: int = ANSWER_TOKENS,
        tracer: Tracer = UNTOLD,
        discreet: Discreet | None = None,
    ) -> None:
        self._choice = choice
        self._clock = clock
        self._tracer = tracer
        self._discreet = discreet or Discreet()
        self._answer_tokens = answer_tokens
        self._method: Method = choice.method
        self._takes_tools = choice.method != "json"
        self._chat: ChatOpenAI | None = None
        # What is asked goes to the server that was named, and to no other that it redirects to.
        self._http = openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=_TIMEOUT)

    @property
    def name(self) -> str:
        """Of the model; while the server has not been asked which one it has, where that is."""
        return clean(self._chat.model_name, 100) if self._chat else self._choice.name

    @property
    def method(self) -> Method:
        """How it is asked, as far as is known."""
        return self._method

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()
        await self._discreet.aclose()

    async def fill(self, form: type[T], instructions: str, turns: Sequence[Said]) -> T:
        """The model's answer; what does not parse goes back to it with the reason, `TRIES` answers in all.

        Raises:
            ModelUnavailable: no answer in time.
            ModelGarbled: no answer that is a `form`.
        """
        if sum(map(len, (instructions, *(turn.text for turn in turns)))) > PROMPT_CHARACTERS:
            raise ModelUnavailable(f"{self.name} is not asked more than {PROMPT_CHARACTERS} characters at once")
        asked, wrong = list(turns), ""
        for _ in range(TRIES):
            text = ""
            try:
                text = await self._answer(form, instructions, asked)
                return read_form(form, text)
            except NotTheForm as error:
                wrong = str(error)
                asked += _back(text, wrong)
        raise ModelGarbled(f"{self.name} answered {TRIES} times and never as it was asked to: {wrong}")

    async def talk(
        self, instructions: str, turns: Sequence[Turn], tools: Sequence[Offered], hear: Callable[[str], None]
    ) -> Said | Called:
        """The model's next turn, heard as it comes; one that was heard in part is not tried anew.

        Raises:
            TooLong: the conversation is longer than the model can hold.
            ModelUnavailable: no answer in time.
        """
        speech = Speech([tool.name for tool in tools], hear)
        try:
            async with asyncio.timeout(TURN_SECONDS), asyncio.timeout(ANSWER_SECONDS) as patience:
                return await self._talk(instructions, turns, tools, speech, partial(_wait_on, patience))
        except NotTheForm as error:
            raise ModelUnavailable(f"{self.name} can't be understood: {error}") from None
        except (openai.OpenAIError, TimeoutError) as error:
            raise unavailable(error, self._choice, ANSWER_SECONDS, begun=bool(speech.text)) from None

    async def _talk(
        self,
        instructions: str,
        turns: Sequence[Turn],
        tools: Sequence[Offered],
        speech: Speech,
        goes_on: Callable[[], None],
    ) -> Said | Called:
        """With the tools in words alone where the server takes none, and from then on."""

        async def once(*, natively: bool) -> Said | Called:
            chat = await self._connected()
            with self._asking("tools" if natively else "words"):
                try:
                    return await next_turn(
                        chat, instructions, turns, tools, natively=natively, speech=speech, goes_on=goes_on
                    )
                except _BROKEN:
                    raise NotTheForm("no chat completion") from None

        def may_repeat() -> bool:
            return not speech.text

        try:
            return await self._patiently(partial(once, natively=self._takes_tools), may_repeat)
        except openai.APIStatusError as error:
            if is_too_long(error):
                raise TooLong(f"{self.name} can't hold so long a conversation") from None
            if not self._takes_tools or error.status_code not in UNSUPPORTED:
                raise
        said = await self._patiently(partial(once, natively=False), may_repeat)
        self._takes_tools = False
        return said

    async def _answer(self, form: type[BaseModel], instructions: str, turns: Sequence[Said]) -> str:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._in_some_way(form, instructions, turns)
        except openai.LengthFinishReasonError:
            raise NotTheForm("it was cut off: too long") from None
        except openai.ContentFilterFinishReasonError:
            raise NotTheForm("it was withheld by the server's filter") from None
        except (openai.OpenAIError, TimeoutError) as error:
            # Not `from`: what the server said may repeat the key.
            raise unavailable(error, self._choice, ANSWER_SECONDS) from None

    async def _in_some_way(self, form: type[BaseModel], instructions: str, turns: Sequence[Said]) -> str:
        """By words alone where the server can't be asked otherwise, and from then on."""
        try:
            return await self._patiently(partial(self._once, self._method, form, instructions, turns))
        except openai.APIStatusError as error:
            if self._method == "json" or error.status_code not in UNSUPPORTED:
                raise
        text = await self._patiently(partial(self._once, "json", form, instructions, turns))
        # Only now: the refusal may have been about the question.
        self._method = "json"
        return text

    async def _patiently(self, once: Callable[[], Awaitable[A]], may_repeat: Callable[[], bool] = lambda: True) -> A:
        for backoff in BACKOFF:
            try:
                return await once()
            except PASSING as error:
                wait = wait_before_retry(error, backoff) if may_repeat() else None
                if wait is None:
                    raise
                await self._clock.sleep(wait)
        return await once()

    async def _once(self, method: Method, form: type[BaseModel], instructions: str, turns: Sequence[Said]) -> str:
        question, how = messages(method, form, instructions, turns), asked_by(method, form)
        chat = await self._connected()
        with self._asking(method) as span:
            try:
                answer = await chat.bind(**how).ainvoke(question)
                _note_tokens(span, answer)
                return text_of(answer)
            except _BROKEN:
                raise NotTheForm("no chat completion") from None

    @contextmanager
    def _asking(self, how: str) -> Iterator[Span]:
        """One request, told to whoever traces."""
        notes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": self.name, "swineherd.asked_by": how}
        with spanning(self._tracer, f"chat {self.name}", notes, calls_out=True) as span, self._discreet.telling():
            yield span

    async def _connected(self) -> ChatOpenAI:
        if self._chat is None:
            self._chat = await self._connect()
        return self._chat

    async def _connect(self) -> ChatOpenAI:
        # Its advice about a refused schema is for programmers; what to do is done.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"langchain_openai\.")
        choice = self._choice
        key = choice.api_key or SecretStr(NO_KEY)
        return ChatOpenAI(
            model=choice.model or await self._only_model(key),
            base_url=choice.base_url,
            api_key=key,
            http_async_client=self._http,
            openai_proxy="",
            temperature=0,
            max_tokens=self._answer_tokens,
            # OpenAI's name for the same is not known to every server.
            extra_body=None if choice.is_openai else {"max_tokens": self._answer_tokens},
            max_retries=0,
            timeout=_TIMEOUT,
            use_responses_api=False,
        )

    async def _only_model(self, key: SecretStr) -> str:
        client = openai.AsyncOpenAI(
            api_key=key.get_secret_value(),
            base_url=self._choice.base_url,
            http_client=self._http,
            timeout=_TIMEOUT,
            max_retries=0,
        )
        try:
            names = [str(model.id) for model in (await client.models.list()).data]
        except _BROKEN:
            names = []
        if len(names) != 1:
            raise ModelUnavailable(f"{self._choice.base_url} has {len(names)} models: name one in SWINEHERD_MODEL")
        return names[0]


def _wait_on(patience: asyncio.Timeout) -> None:
    """Somebody who speaks slowly is not interrupted."""
    patience.reschedule(asyncio.get_running_loop().time() + ANSWER_SECONDS)


def _note_tokens(span: Span, answer: AIMessage) -> None:
    """As far as the server counts them."""
    if answer.usage_metadata is not None:
        span.note("gen_ai.usage.input_tokens", answer.usage_metadata["input_tokens"])
        span.note("gen_ai.usage.output_tokens", answer.usage_metadata["output_tokens"])


def _back(text: str, wrong: str) -> tuple[Said, Said]:
    """The answer with what is wrong about it; some servers take no empty turn."""
    reason = f"That could not be read: {wrong}. Answer again, with the JSON object alone."
    return Said("assistant", text[:ECHOED_CHARACTERS] or "-"), Said("user", reason)
