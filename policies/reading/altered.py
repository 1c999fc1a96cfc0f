"""Commands that stand in a text and are not to run as they stand: turned down, outdated, or changed by words."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from policies.reading.numerals import NUMBER, numbers
from policies.reading.prose import Span, around, clauses, sentences
from policies.reading.qualifiers import NO
from policies.reading.words import ends_with, one_of, phrases

_TURNED_DOWN = ends_with(
    r"(?:(?<!\w)\w{1,8}n['’]t(?!\w)|"
    + phrases(
        "not, never, dont, avoid, no longer, instead of, rather than",
        "nicht, nie, niemals, kein*, statt, anstatt, anstelle von",
        "ne, n, pas, jamais, évite*, au lieu de, plutôt que",
        "no, nunca, evita*, en lugar de, en vez de",
    )
    + r")(?:\s+[^\s.,;:]+){0,4}?\s*`?"
    + r"|"
    + phrases("anything but, everything but, all but, except", "außer", "sauf", "salvo, excepto, menos")
    + r"\s*`?"
)
_NOT = re.compile(rf"\W*(?:\w+\s+)?{NO}", re.IGNORECASE)
_DOUBTFUL = re.compile(
    phrases(
        "if, unless, only when, twice, broken, later, instead of, rather than, failed, crashed, last night, yesterday",
        "wenn, falls, zweimal, dreimal, kaputt, später, statt, anstatt, abgestürzt, fehlgeschlagen, gestern",
        "si, sauf si, deux fois, trois fois, cassé, plus tard, au lieu de, planté, échoué, la nuit dernière",
        "si, salvo que, dos veces, tres veces, roto, más tarde, en vez de, en lugar de, falló, ayer",
    )
    + rf"|{NUMBER}\s+(?:times|mal|fois|veces)(?!\w)",
    re.IGNORECASE,
)
"""Beside a command: it may not be to run, or not once, or not now."""
_CHANGED = one_of(
    "but with, but without, but for, only with, except that, except for, replace*, swap*, outdated, obsolete, "
    "deprecated, "
    "with seeds, for seeds, used to run, used to be, no longer works, is what i ran, and the same with, "
    "the same for, once with, and once",
    "aber mit, aber ohne, nur mit, ersetz*, veraltet, überholt, und dasselbe mit, einmal mit",
    "mais avec, mais sans, remplac*, obsolète, périmé*, dépassée, et pareil avec, une fois avec",
    "pero con, pero sin, reemplaz*, sustitu*, obsolet*, anticuad*, y lo mismo con, una vez con",
)
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]+")
_SET = re.compile(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]*)[= ](?P<value>[^\s-]\S*)")
_TO_BE_FILLED_IN = re.compile(r"<[A-Za-z][\w -]*>|\{[A-Za-z_]+\}|\.\.\.|…")
_NEAR = 100
"""Characters before a command, in which its clause turns it down."""
_NUMBER_NEAR = r"(?:\s*[=:]?\s*(?:to|on|auf|à|a|of|from|is)?\s*[0-9][\w.]*)"


def turned_down(prose: str, command: Span) -> bool:
    """The text says not to run it."""
    clause = around(clauses(prose), command.start)
    before = prose[clause.start : command.start]
    return _TURNED_DOWN.search(before[-_NEAR:]) is not None


def altered(prose: str, command: Span) -> str:
    """What the text says against running the command as it stands; "" where it says nothing.

    Args:
        prose: the text with its commands blotted out.
    """
    clause = around(clauses(prose), command.start)
    if match := _DOUBTFUL.search(clause.text) or _NOT.match(prose, command.end, max(command.end, clause.end)):
        return match[0].strip()
    if match := _TO_BE_FILLED_IN.search(command.text):
        return match[0]
    if match := _OPTION.search(prose) or _CHANGED.search(prose, *_beside(prose, command)):
        return around(sentences(prose), match.start()).text.replace("\x00", " ").strip()
    return next(_set_otherwise(prose, command.text), "")


def _beside(prose: str, command: Span) -> tuple[int, int]:
    """From the sentence before a command's to the one behind it."""
    parts = sentences(prose)
    at = bisect_right(parts, command.start, key=lambda one: one.start) - 1
    return parts[max(at - 1, 0)].start, parts[min(at + 1, len(parts) - 1)].end


def _set_otherwise(prose: str, command: str) -> Iterator[str]:
    """`with 5 epochs`, where the command has `--epochs 3`."""
    for option in _SET.finditer(command):
        name = re.escape(option["name"].rstrip("s").replace("_", "-")).replace(r"\-", "[ _-]")
        for match in re.finditer(
            rf"(?:(?<![\w.])[0-9][0-9.]*[\s-]+)?(?<!\w){name}s?(?!\w){_NUMBER_NEAR}?", prose, re.IGNORECASE
        ):
            if numbers(re.sub(name, "", match[0], flags=re.IGNORECASE)) - numbers(option["value"]):
                yield match[0].strip()
