"""Amounts of money among a command's options."""

from agent.cli import output
from policies.money import Cents, cents_from_text


def dollars(option: str, text: str | None) -> Cents | None:
    """An amount, or a clear end that names the option."""
    return None if text is None else some_dollars(option, text)


def some_dollars(option: str, text: str) -> Cents:
    """The same of an option that was given."""
    try:
        return cents_from_text(text)
    except ValueError as error:
        output.fail(f"{option}: {error}", output.USAGE)
