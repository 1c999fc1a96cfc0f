"""A job's own output, made fit to be shown."""

import re

_ESCAPES = re.compile(
    r"\x1b\[(?![0-9;]*m)[0-?]*[ -/]*[@-~]"  # control sequences, colours aside
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # operating system commands and the like, to their end
    r"|\x1b(?!\[[0-9;]*m)"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e0fff]",
    re.DOTALL,
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def printable(text: str, *, colours: bool) -> str:
    """A job's own output as a terminal may safely show it: no sequence that moves, titles, links or hides."""
    safe = _ESCAPES.sub("", text)
    return safe if colours else _COLOURS.sub("", safe).replace("\x1b", "")


def overwritten(text: str) -> str:
    """A line that was written over itself, as progress bars do, shows what was written last."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
