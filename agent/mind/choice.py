"""Which model the environment names, where it answers, and how it is asked for a form."""

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from agent.errors import BadSettings
from agent.settings import Settings

Method = Literal["json_schema", "function_calling", "json"]
"""How a form is asked for: constrained by the server, as a tool call, or by words alone."""

OPENAI = "https://api.openai.com/v1"

_KEY = re.compile(r"[!-~]+")
_HTTP = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that a user has configured.

    Attributes:
        model: "" for the only one that the server has.
        method: the first that is tried.
    """

    base_url: str
    model: str
    api_key: SecretStr | None
    method: Method

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own server."""
        return self.base_url == OPENAI

    @property
    def name(self) -> str:
        """As a human may read it."""
        return self.model or f"the model at {self.base_url}"


def chosen(settings: Settings) -> ModelChoice | None:
    """None without a base URL and a model name: a key alone may be meant for other programs, and is not used.

    Raises:
        BadSettings: a model without anybody to ask it of, a base URL that is none, or a key that no header can carry.
    """
    if settings.model_base_url is None and settings.model is None:
        return None
    if settings.model_base_url is None and settings.model_key is None:
        raise BadSettings("SWINEHERD_MODEL names a model: set OPENAI_API_KEY, or OPENAI_BASE_URL for another server's")
    if settings.model_key is not None and not _KEY.fullmatch(settings.model_key.get_secret_value()):
        raise BadSettings("OPENAI_API_KEY holds a blank, or a letter that no key has")
    return ModelChoice(
        base_url=_checked(settings.model_base_url or OPENAI),
        model=settings.model or "",
        api_key=settings.model_key,
        method=settings.model_method,
    )


def _checked(base_url: str) -> str:
    """Without a slash at its end; it is shown in messages, so no password may be in it."""
    url = base_url.rstrip("/")
    if not _HTTP.fullmatch(url):
        raise BadSettings("OPENAI_BASE_URL is no URL of an API, such as http://127.0.0.1:8000/v1")
    if "@" in url:
        raise BadSettings("OPENAI_BASE_URL holds a user or a password: the key goes into OPENAI_API_KEY")
    return url
