"""What can go wrong between us and a model's server: which of it is worth another try, and in words for a human."""

import re
from contextlib import suppress

import openai

from agent.mind.choice import ModelChoice
from agent.mind.port import ModelUnavailable
from policies.masking import mask
from policies.text import clean, without_links

PASSING = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)
"""No connection, 429 and 5xx."""

UNSUPPORTED = frozenset({400, 404, 422, 501})
"""How servers say that they can't be asked for a form in this way; they say other things by these, too."""

_TOO_LONG = re.compile(
    r"context.{0,20}(?:length|size|window)|maximum.{0,20}tokens|too (?:long|many tokens)", re.IGNORECASE
)

LONGEST_WAIT = 20.0
"""Seconds: whoever asks for more patience is not waited for."""


def wait_before_retry(error: openai.APIError, backoff: float) -> float | None:
    """Seconds, or None where it would be no use: credit does not come back within them."""
    if error.code == "insufficient_quota":
        return None
    if not isinstance(error, openai.APIStatusError):
        return backoff
    if error.status_code in UNSUPPORTED:
        return None
    asked = backoff
    with suppress(ValueError):
        asked = max(backoff, float(error.response.headers.get("retry-after", "")))
    return asked if asked <= LONGEST_WAIT else None


def is_too_long(error: openai.OpenAIError) -> bool:
    """Whether it was asked more than it can hold: servers say so by 400 or 413, each in words of its own."""
    return (
        isinstance(error, openai.APIStatusError)
        and error.status_code in {400, 413}
        and bool(_TOO_LONG.search(str(error)))
    )


def unavailable(
    error: openai.OpenAIError | TimeoutError, choice: ModelChoice, seconds: float, *, begun: bool = False
) -> ModelUnavailable:
    """The error as ours; what the server says is bounded, and never repeats the key.

    Args:
        seconds: how long an answer was waited for.
        begun: whether a part of it came.
    """
    match error:
        case TimeoutError():
            words = "came to no end of its answer" if begun else f"did not answer within {seconds:.0f} s"
        case openai.APIConnectionError():
            words = "is not reached: check OPENAI_BASE_URL and the network"
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            words = f"refuses the key ({error.status_code}): check OPENAI_API_KEY"
        case openai.NotFoundError():
            words = f"answers 404: {_said(error, choice)}; check SWINEHERD_MODEL and OPENAI_BASE_URL"
        case openai.APIStatusError():
            words = f"answers {error.status_code}: {_said(error, choice)}"
        case _:
            words = f"can't be understood: {_said(error, choice)}"
    return ModelUnavailable(f"the model's server {choice.base_url} {words}")


def _said(error: Exception, choice: ModelChoice) -> str:
    keys = [choice.api_key.get_secret_value()] if choice.api_key else []
    match getattr(error, "body", None):
        case {"message": str(text)}:
            pass
        case _:
            text = str(error)
    return without_links(clean(mask(text.encode("utf-8", "replace"), keys).decode("utf-8", "replace"), 300))
