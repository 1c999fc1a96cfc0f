"""The environment: only the variables that the contract names are read."""

from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from agent.assemble_parts import gpuhog, real_place
from agent.errors import BadSettings
from agent.settings import Settings

CONTRACT = {
    "GPUHOG_BASE_URL": "https://other.test/api",
    "GPUHOG_API_KEY": "ghk_1",
    "SWINEHERD_HOME": "/srv/herd",
    "SWINEHERD_POLICY": "/srv/policy.toml",
    "SWINEHERD_SSH_KEY": "/srv/key",
    "SWINEHERD_SSH_PASSWORD": "secret",
    "SWINEHERD_DATABASE_URL": "postgresql://me:word@db.test/spend",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SWINEHERD_SLACK_CHANNEL": "C0HERD",
    "SLACK_API_URL": "http://slack.test/api/",
    "OPENAI_BASE_URL": "http://model.test/v1",
    "OPENAI_API_KEY": "sk-1",
    "SWINEHERD_MODEL": "qwen",
    "SWINEHERD_MODEL_METHOD": "json",
    "TELEGRAM_BOT_TOKEN": "1:AAsecret",
    "SWINEHERD_TELEGRAM_CHAT": "-100",
    "TELEGRAM_API_URL": "https://telegram.test",
}
ALIEN = {
    "HOME": "/home/me",
    "BASE_URL": "https://evil.test/api",
    "API_KEY": "another program's",
    "POLICY": "/etc/policy",
    "SSH_KEY": "/etc/key",
    "SSH_PASSWORD": "another program's",
    "MODEL": "another program's",
    "MODEL_KEY": "another program's",
    "DATABASE_URL": "postgresql://another:programs@db.test/its",
}


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any of them."""
    for name in (*CONTRACT, *ALIEN):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_what_the_contract_names_is_read(env: pytest.MonkeyPatch) -> None:
    """Each variable of CONTRACT §3."""
    for name, value in CONTRACT.items():
        env.setenv(name, value)
    settings = Settings()
    assert (settings.base_url, settings.home) == ("https://other.test/api", Path("/srv/herd"))
    assert (settings.policy, settings.ssh_key) == (Path("/srv/policy.toml"), Path("/srv/key"))
    assert settings.api_key is not None
    assert settings.ssh_password is not None
    assert (settings.api_key.get_secret_value(), settings.ssh_password.get_secret_value()) == ("ghk_1", "secret")
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://me:word@db.test/spend"
    assert settings.slack_bot_token is not None
    assert settings.slack_app_token is not None
    tokens = settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value()
    assert (*tokens, settings.slack_channel) == ("xoxb-1", "xapp-1", "C0HERD")
    assert settings.slack_api_url == "http://slack.test/api/"
    assert settings.model_key is not None
    assert settings.model_key.get_secret_value() == "sk-1"
    asked = settings.model_base_url, settings.model, settings.model_method
    assert asked == ("http://model.test/v1", "qwen", "json")
    assert settings.telegram_bot_token is not None
    telegram = settings.telegram_bot_token.get_secret_value(), settings.telegram_chat, settings.telegram_api_url
    assert telegram == ("1:AAsecret", "-100", "https://telegram.test")
    for secret in ("me:word", "xoxb-1", "xapp-1", "AAsecret", "sk-1"):
        assert secret not in repr(settings)


def test_a_caller_uses_the_same_names(env: pytest.MonkeyPatch) -> None:
    """They go before the environment; a name that is none is refused, not ignored."""
    env.setenv("SWINEHERD_HOME", "/srv/herd")
    assert Settings(SWINEHERD_HOME=Path("/srv/other")).home == Path("/srv/other")
    with pytest.raises(ValidationError, match="home"):
        Settings.model_validate({"home": Path("/srv/other")})


@pytest.mark.parametrize("name", ALIEN)
def test_what_belongs_to_others_is_not(env: pytest.MonkeyPatch, name: str) -> None:
    """HOME is no home of ours, and API_KEY nobody's key but its owner's."""
    env.setenv(name, ALIEN[name])
    settings = Settings()
    assert settings.base_url == "https://gpuhog.com/api"
    assert (settings.api_key, settings.policy, settings.ssh_key, settings.ssh_password) == (None, None, None, None)
    assert (settings.model, settings.model_key, settings.model_base_url) == (None, None, None)
    assert settings.home == Path(platformdirs.user_data_dir("swineherd", appauthor=False))
    assert settings.home.name == "swineherd"


def test_what_cannot_be_used_is_named_by_its_variable() -> None:
    """Not by what we call it."""
    place = real_place(Settings.model_validate({"GPUHOG_BASE_URL": "http://127.0.0.1:9/api"}), None)
    with pytest.raises(BadSettings, match=r"GPUHOG_BASE_URL.* must be https"):
        gpuhog(place)
