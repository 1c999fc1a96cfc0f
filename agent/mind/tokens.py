"""Keys that nobody called a secret, by the looks of them: what goes to a model has none."""

import re
from collections.abc import Mapping

TOKENS = r"\b(?:sk-|ghp_|gho_|github_pat_|hf_|xox[abp]-|xapp-|AKIA|ghk_)[A-Za-z0-9_-]{8,}"

_TOKEN = re.compile(TOKENS)
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "DATABASE_URL", "DSN", "COOKIE")


def without_tokens(text: str) -> str:
    """`text` with stars in the place of each."""
    return _TOKEN.sub(lambda found: "*" * len(found[0]), text)


def secrets_of(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Values that no model may see, by the names that people give to such."""
    return tuple(value for name, value in variables.items() if any(part in name.upper() for part in _SECRET))
