"""The environment, parsed once (CONTRACT §3)."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_home() -> Path:
    return Path(platformdirs.user_data_dir("swineherd", appauthor=False))


class Settings(BaseSettings):
    """What the environment says. Reading it is left to whoever starts a face; importing this reads nothing."""

    # By alias alone, for a caller too: with `populate_by_name`, HOME and API_KEY would be read as well.
    model_config = SettingsConfigDict(env_prefix="", env_ignore_empty=True, extra="forbid", frozen=True)

    base_url: str = Field("https://gpuhog.com/api", validation_alias="GPUHOG_BASE_URL")
    api_key: SecretStr | None = Field(None, validation_alias="GPUHOG_API_KEY")
    home: Path = Field(default_factory=_default_home, validation_alias="SWINEHERD_HOME")
    policy: Path | None = Field(None, validation_alias="SWINEHERD_POLICY")
    database_url: SecretStr | None = Field(None, validation_alias="SWINEHERD_DATABASE_URL")
    ssh_key: Path | None = Field(None, validation_alias="SWINEHERD_SSH_KEY")
    ssh_password: SecretStr | None = Field(None, validation_alias="SWINEHERD_SSH_PASSWORD")
    slack_bot_token: SecretStr | None = Field(None, validation_alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(None, validation_alias="SLACK_APP_TOKEN")
    slack_channel: str | None = Field(None, validation_alias="SWINEHERD_SLACK_CHANNEL")
    slack_api_url: str = Field("https://slack.com/api/", validation_alias="SLACK_API_URL")
    telegram_bot_token: SecretStr | None = Field(None, validation_alias="TELEGRAM_BOT_TOKEN")
    telegram_chat: str | None = Field(None, validation_alias="SWINEHERD_TELEGRAM_CHAT")
    telegram_api_url: str = Field("https://api.telegram.org", validation_alias="TELEGRAM_API_URL")

    model_base_url: str | None = Field(None, validation_alias="OPENAI_BASE_URL")
    model_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")
    model: str | None = Field(None, validation_alias="SWINEHERD_MODEL")
    model_method: Literal["json_schema", "function_calling", "json"] = Field(
        "json_schema", validation_alias="SWINEHERD_MODEL_METHOD"
    )

    @property
    def policy_file(self) -> Path:
        """Where the policy is read from; a path named by the environment must exist, the default one may not."""
        return self.policy or self.home / "policy.toml"
