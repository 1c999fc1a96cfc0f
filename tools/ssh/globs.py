"""Which of a pod's files a job's `outputs` name. Patterns meet names here, never a shell on the pod."""

import re
from collections.abc import Iterable, Sequence

from tools.errors import Malformed


def compile_glob(glob: str) -> re.Pattern[str]:
    """A pattern for paths relative to the job's folder.

    `*` and `?` stay within one name and match a leading dot too, `**` spans folders, `[…]` is one of a set. What names
    a folder names its whole tree; with a `/` at the end it names folders only. `.` is everything.

    Raises:
        Malformed: an absolute path, a `..`, a NUL byte, or nothing.
    """
    parts = [part for part in glob.split("/") if part not in {"", "."}]
    if not glob or glob.startswith("/") or ".." in parts or "\0" in glob:
        raise Malformed("an output must be a path or pattern below the job's folder")
    if not parts:
        return re.compile(".*", re.DOTALL)
    tree = "/.+" if glob.endswith("/") else "(?:/.+)?"
    body = "".join(_part(part, last=index == len(parts) - 1) for index, part in enumerate(parts))
    return re.compile(body + tree, re.DOTALL)


def _part(part: str, *, last: bool) -> str:
    if part == "**":
        return "[^/]+(?:/[^/]+)*" if last else "(?:[^/]+/)*"
    return "".join(_tokens(part)) + ("" if last else "/")


def _tokens(part: str) -> Iterable[str]:
    at = 0
    while at < len(part):
        char = part[at]
        close = part.find("]", at + 2) if char == "[" else -1
        if close > 0:
            yield _set(part[at + 1 : close])
            at = close
        else:
            yield {"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char)
        at += 1


def _set(chars: str) -> str:
    """A shell's `[…]`; ranges kept in order only, everything else taken literally."""
    negated = chars[0] in "!^" and len(chars) > 1
    body = re.sub(r"([\\\[\]^&~|])", r"\\\1", chars[1:] if negated else chars)
    body = re.sub(r"(.)-(.)", lambda found: found[0] if found[1] <= found[2] else re.escape(found[0]), body)
    return f"(?!/)[{'^' if negated else ''}{body}]"


def select(names: Iterable[str], globs: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The names that any of `globs` matches, sorted, and the globs that match none."""
    patterns = {glob: compile_glob(glob) for glob in globs}
    unmatched = dict.fromkeys(globs)
    chosen = []
    for name in names:
        hits = [glob for glob, pattern in patterns.items() if pattern.fullmatch(name)]
        if hits:
            chosen.append(name)
        for glob in hits:
            unmatched.pop(glob, None)
    return sorted(chosen), tuple(unmatched)
