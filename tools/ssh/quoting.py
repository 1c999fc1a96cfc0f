"""Values as shell text, exactly."""

import re
import shlex
from collections.abc import Mapping

from tools.errors import Malformed

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}", re.ASCII)
_SHELL_OWNED = frozenset({"BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID", "_"})
"""Read-only in bash, which sets them itself whatever its environment says: assigning one would end the shell."""

END_MARK = b"#herd-end"


def exports(env: Mapping[str, str]) -> bytes:
    """Shell text that exports `env`, with a last line that proves it arrived whole.

    Raises:
        Malformed: a name that is no variable name, or a value with a NUL byte or half a character.
    """
    lines = [_export(name, value) for name, value in env.items() if name not in _SHELL_OWNED]
    return b"\n".join([*lines, END_MARK])


def _export(name: str, value: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise Malformed("a variable's name may hold letters, digits and `_`, and not begin with a digit")
    if "\0" in value:
        raise Malformed(f"the value of {name} holds a NUL byte")
    try:
        return f"export {name}={shlex.quote(value)}".encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as exc:
        raise Malformed(f"the value of {name} holds half a character") from exc
