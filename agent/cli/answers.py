"""A human's answer to a question about money: from the options, or from a key at this terminal."""

import sys
import termios
from collections.abc import Sequence

from agent.cli import output
from agent.cli.amounts import some_dollars
from agent.cli.terminal import Keyboard
from policies.money import Cents
from tools.spend_log.rows import Decision

VERBS = {Decision.APPROVED: "Approve", Decision.DENIED: "Deny"}


def given(
    name: str, asked: tuple[str, Cents], card: Sequence[str], verb: str, said: tuple[str | None, str | None]
) -> tuple[str, Cents]:
    """The code and the amount that are answered with.

    Args:
        name: of the run, batch or schedule, as `show` takes it.
        asked: the question's own, given by whoever says yes to the card.
        card: what is shown before.
        verb: what a yes at the terminal does.
        said: `--code` and `--amount`.
    """
    code, amount = said
    if code is not None and amount is not None:
        return code.strip().upper(), some_dollars("--amount", amount)
    if not Keyboard().is_there:
        output.fail(f"without a terminal: --code C --amount N, as `swineherd show {name}` prints them", output.USAGE)
    for line in card:
        output.line(line)
    if not agreed(verb):
        output.fail("nothing was decided", output.USAGE)
    return asked


def agreed(verb: str) -> bool:
    """Ask at the terminal, where nothing but y or yes is a yes; what was typed before does not count."""
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    return input(f"{verb}? [y/N] ").strip().lower() in {"y", "yes"}
