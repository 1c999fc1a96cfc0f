"""Statements as the rules are written (SQLite's dialect) to what psycopg takes: once for each text."""

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""
    (?P<kept>'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | ::)
    | (?P<hint>\s+INDEXED\ BY\ \w+)
    | (?P<mark>\?)
    | :(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def for_psycopg(sql: str) -> str:
    """`sql` with psycopg's placeholders, and without the index hints that only SQLite's planner needs.

    What stands in a literal, a quoted name or a comment stays as it is. psycopg reads `%` everywhere, so each is
    doubled: the result is to be executed with values, be there none.
    """
    return _TOKEN.sub(_translated, sql.replace("%", "%%"))


def _translated(token: re.Match[str]) -> str:
    if token["kept"]:
        return token["kept"]
    if token["hint"]:
        return ""
    return "%s" if token["mark"] else f"%({token['name']})s"
