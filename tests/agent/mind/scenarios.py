"""Conversations with a model worth keeping; those that a healthy model can't be made to lead are a stand-in's."""

from dataclasses import dataclass

from pydantic import BaseModel, Field, SecretStr

from agent.mind.choice import Method, ModelChoice
from agent.mind.model import ANSWER_TOKENS, OpenAiMind
from agent.mind.port import Said
from tests.agent.mind.tape import KEY
from tests.fakes.model_server import Reply, fails, says
from tools.errors import SwineherdError
from tools.ports import Clock


class Wish(BaseModel):
    """A GPU for some time."""

    gpu: str | None = Field(description="the GPU that is named; null if none is")
    hours: int | None = Field(description="the hours that are stated; null if none are")


INSTRUCTIONS = "Fill in the form. What the text does not state is null."
QUESTION = [
    Said("user", "Something with an H100, please."),
    Said("assistant", '{"gpu": "H100", "hours": null}'),
    Said("user", "An A100 for 2 hours."),
]
WISH = Wish(gpu="A100", hours=2)

_RIGHT = says(WISH.model_dump_json())


@dataclass(frozen=True)
class Scenario:
    """One form to fill in.

    Attributes:
        replies: the stand-in's; none where a real model was recorded.
        model: "" to ask the server for it.
    """

    replies: tuple[Reply, ...] = ()
    method: Method = "json_schema"
    model: str = "local"
    tokens: int = ANSWER_TOKENS

    async def play(self, base_url: str, clock: Clock) -> tuple[Wish | SwineherdError, OpenAiMind]:
        """What comes of it."""
        choice = ModelChoice(base_url, self.model, SecretStr(KEY), self.method)
        mind = OpenAiMind(choice, clock, answer_tokens=self.tokens)
        try:
            return await mind.fill(Wish, INSTRUCTIONS, QUESTION), mind
        except SwineherdError as error:
            return error, mind
        finally:
            await mind.aclose()


SCENARIOS = {
    "json_schema": Scenario(model=""),
    "function_calling": Scenario(method="function_calling"),
    "json": Scenario(method="json"),
    "cut_off": Scenario(tokens=4),
    "refused_key": Scenario((fails(401, "Incorrect API key provided: sk-playe******6789.", "invalid_api_key"),)),
    "limited": Scenario((fails(429, "Rate limit reached.", "rate_limit_exceeded", retry_after="3"), _RIGHT)),
    "unwell": Scenario((fails(503, "The server is overloaded."), fails(500, "The server had an error."), _RIGHT)),
    "no_json_schema": Scenario((fails(400, "response_format of type json_schema is not supported"), _RIGHT)),
}
