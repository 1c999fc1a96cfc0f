"""What an extra of the distribution brings, and is not there where that was not installed."""

from importlib.util import find_spec

from agent.errors import BadSettings


def need(module: str, extra: str) -> None:
    """Raises `BadSettings` with the command that installs it, where a module of an extra is missing."""
    if find_spec(module) is None:
        raise BadSettings(f"the extra `{extra}` is not installed: `pip install '.[{extra}]'` in the checkout brings it")
