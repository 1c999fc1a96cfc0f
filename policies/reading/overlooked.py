"""Limits that a text may speak of, and that no rule could read: better asked about than lost."""

import re
from collections.abc import Iterator

from policies.reading.harmless import HARMLESS
from policies.reading.numerals import NUMBER
from policies.reading.prose import clauses
from policies.reading.words import one_of

_NUMBER = re.compile(rf"{NUMBER}(?!\w)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_NONE = frozenset(["a", "an", "one", "ein", "eine", "einen", "einem", "einer", "eins", "un", "une", "uno", "una"])
"""Articles mostly."""
_SPENDING = one_of(
    "budget*, spend*, cost*, pay*, price*, afford, money, bill",
    "budget, *budget, kosten, kostet, *kosten, preis, zahl*, bezahl*, ausgeben, ausgabe*, geld",
    "budget, coût*, dépens*, prix, pay*, argent",
    "presupuesto, cost*, cuest*, precio, pag*, gast*, dinero",
)
_CEILING = one_of(
    "max, maximum, at most, up to, more than, tops, cap, capped, ceiling, limit, over, above, beyond, under, below, "
    "within, "
    "less than",
    "max, maximal, höchstens, bis zu, mehr als, obergrenze, unter, über, weniger als",
    "max, maximum, au plus, plus de, plus d', plafond, jusqu'à, sous, dépasser, moins de",
    "máximo, como mucho, hasta, más de, tope, menos de, superar, pasar de",
)
_COUNTED = re.compile(
    r"[\s-]*(?:epochs?|steps?|tokens?|samples?|iterations?|images?|rows?|workers?|threads?|cores?|batch\w*|seeds?|retries|"
    r"lines?|files?|params?|parameters?|bits?|[kmgt]i?b|[kmgt]o|epochen?|schritte?n?|kerne?n?|bilder?n?|zeilen?|"
    r"époques?|étapes?|pas|cœurs?|lignes?|épocas?|pasos?|núcleos?|líneas?|%|px|hz|fps|x)\b",
    re.IGNORECASE,
)
_PER_HOUR = re.compile(
    rf"(?<![\w.,]){NUMBER}\s*(?:/\s*|(?:per|an|a|pro|je|die|par|de\s+l['’]|l['’]|por|la)\s+)"
    r"(?:h|hr|hour|gpu[- ]?hour|stunde|std|heure|hora|day|tag|jour|día)\b",
    re.IGNORECASE,
)
_RATE = one_of("hourly, per hour, an hour, stundenpreis, stundensatz, pro stunde, par heure, de l'heure, por hora")


def ceiling(rest: str) -> str:
    """A clause that seems to say what it may cost, with a number that nothing was taken from; "" where there is none.

    Args:
        rest: the text without what rules have a meaning for.
    """
    for clause in clauses(rest):
        said = _SPENDING.search(clause.text) or _CEILING.search(clause.text) or _is_bare(clause.text)
        if said and any(_numbers(clause.text)):
            return _shown(clause.text)
    return ""


def hourly(rest: str) -> str:
    """A clause that seems to say what an hour may cost; "" where there is none."""
    for clause in clauses(rest):
        rated = _RATE.search(clause.text) and _SPENDING.search(clause.text) and any(_numbers(clause.text))
        if rated or _PER_HOUR.search(clause.text):
            return _shown(clause.text)
    return ""


def _is_bare(text: str) -> bool:
    """Nothing but a number, words that change nothing, and at most one word behind it: `so 5 it is`, `5 clams`."""
    words = [word for word in _WORD.findall(text) if word.lower() not in HARMLESS["budget_usd"]]
    behind_it = len(words) == 1 and "\x00" not in text and _NUMBER.match(text.strip()) is not None
    return not words or behind_it


def _numbers(text: str) -> Iterator[str]:
    for match in _NUMBER.finditer(text):
        if match[0].lower() not in _NONE and not _COUNTED.match(text, match.end()):
            yield match[0]


def _shown(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())
