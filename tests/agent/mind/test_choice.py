"""Which model the environment names; a key that is there for other programs is not used."""

from typing import Any

import pytest

from agent.errors import BadSettings
from agent.mind.choice import OPENAI, ModelChoice, chosen
from agent.settings import Settings

LOCAL = "http://127.0.0.1:8000/v1"


def choice(**variables: Any) -> ModelChoice | None:
    return chosen(Settings(**variables))


def test_nothing_set_is_no_model() -> None:
    """And so is a key alone: nothing of a job goes to a service that nobody named."""
    assert choice() is None
    assert choice(OPENAI_API_KEY="sk-1") is None


def test_a_base_url_is_enough() -> None:
    """The server is asked for its model."""
    found = choice(OPENAI_BASE_URL=LOCAL + "/")
    assert found == ModelChoice(LOCAL, "", None, "json_schema")
    assert found.name == f"the model at {LOCAL}"


def test_a_model_and_a_key_are_openais() -> None:
    """The key is shown nowhere."""
    found = choice(OPENAI_API_KEY="sk-1", SWINEHERD_MODEL="gpt-4.1-mini", SWINEHERD_MODEL_METHOD="function_calling")
    assert found is not None
    assert (found.base_url, found.is_openai, found.name, found.method) == (
        OPENAI,
        True,
        "gpt-4.1-mini",
        "function_calling",
    )
    assert "sk-1" not in repr(found)


def test_a_model_that_nobody_has() -> None:
    """Both variables are named."""
    with pytest.raises(BadSettings, match="OPENAI_API_KEY, or OPENAI_BASE_URL"):
        choice(SWINEHERD_MODEL="qwen")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host/v1", "http://", "http://host/v1?a=b", "http://h /v1"])
def test_what_is_no_base_url(url: str) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(BadSettings, match="no URL of an API"):
        choice(OPENAI_BASE_URL=url)


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "sk-schlüssel"])
def test_a_key_that_no_header_carries(key: str) -> None:
    """It is refused unseen, too."""
    with pytest.raises(BadSettings, match="OPENAI_API_KEY") as raised:
        choice(OPENAI_BASE_URL=LOCAL, OPENAI_API_KEY=key)
    assert key not in str(raised.value)


def test_a_password_in_the_base_url_is_refused_unseen() -> None:
    """Base URLs are in messages."""
    with pytest.raises(BadSettings, match="OPENAI_API_KEY") as raised:
        choice(OPENAI_BASE_URL="https://me:pass-word@host/v1")
    assert "pass-word" not in str(raised.value)
