"""Money in a text: ceilings in dollars, and what is money but none."""

import re
from decimal import Decimal

from policies.reading.figures import Figure, Weight
from policies.reading.numerals import NUMBER, value_of
from policies.reading.prose import Span, around, clauses, sentences

DOLLARS, OTHER_CURRENCY, PER_HOUR, PER_TIME = "usd", "another currency", "usd an hour", "usd a day"

_USD_BEFORE = r"US\$|USD|\$"
_OTHER_BEFORE = r"€|EUR|£|GBP|CHF|¥|C\$|A\$"
_USD_AFTER = r"\$|USD|US[- ]?dollars?|d[oó]lar(?:es)?|dollars?|bucks?"
_OTHER_AFTER = r"€|EUR|euros?|£|GBP|pounds?|quid|CHF|franken|yen|yuan|rupees?|pesos?|livres?|pfund"
_CENTS_AFTER = r"cents?|ct|c[eé]ntimos?|centavos?"
_TIMES = r"(?P<times>\s?(?:k|K|m|M|million|Mio\.?|tausend|thousand|mil)(?![A-Za-zÀ-ÿ]))?"
_TO = r"\s*(?:-|–|to|bis|à|a|and|und|et|y)\s*"

_MONEY = re.compile(
    rf"(?:(?P<before>(?:(?<![A-Za-z])(?:{_OTHER_BEFORE}|{_USD_BEFORE})))\s?(?P<first>{NUMBER})(?:{_TO}\$?(?P<last>{NUMBER}))?{_TIMES})"
    rf"|(?:(?P<one>{NUMBER})(?:{_TO}(?P<two>{NUMBER}))?(?P<many>\s?(?:k|K|m|M|million|mil|thousand|tausend)(?=\s|\$|€))?"
    rf"[\s-]?(?P<after>{_USD_AFTER}|{_OTHER_AFTER}|{_CENTS_AFTER})(?![A-Za-zÀ-ÿ]))",
    re.IGNORECASE,
)
_SCALE = {
    "k": 1000,
    "m": 1_000_000,
    "million": 1_000_000,
    "mio": 1_000_000,
    "tausend": 1000,
    "thousand": 1000,
    "mil": 1000,
}

_AN_HOUR = r"(?:h|hr|hour|stunde|std|heure|hora)\b"
_PER_HOUR = re.compile(
    rf"^\s*(?:/|per|an?|pro|je|die|par|de\s+l['’]|l['’]|por|la|each|every|max\s*/)\s*{_AN_HOUR}", re.IGNORECASE
)
_HOURLY = re.compile(
    r"\b(?:per|an|pro|par|por)[\s-]hour\b|\bhourly\b|\bstunden(?:preis|satz)\b|\b(?:pro stunde|par heure|por hora)\b|/h\b",
    re.IGNORECASE,
)
_PER_TIME = re.compile(
    r"^\s*(?:/|per|an?|pro|je|par|por|al|each|every)\s*(?:day|week|month|night|tag|woche|monat|nacht|jour|semaine|mois|"
    r"nuit|d[ií]a|semana|mes|noche|epoch|gpu|run)\b",
    re.IGNORECASE,
)
_CEILING = re.compile(
    r"\b(?:budget|max(?:imum|imal)?|at most|up to|no more than|not more than|under|below|less than|within|cap(?:ped)?|"
    r"limit|ceiling|tops|höchstens|bis zu|nicht mehr als|unter|weniger als|obergrenze|au plus|au maximum|moins de|"
    r"pas plus de|plafond|jusqu['’]à|como máximo|como mucho|máximo|hasta|menos de|no más de|presupuesto|tope|"
    r"don['’]?t spend more|spend)\b|[<≤]",
    re.IGNORECASE,
)
_OF_SOMETHING_ELSE = re.compile(
    r"\b(?:cost (?:us|me)|costs? (?:us|me)|has cost|have cost|raised|paid|worth|last (?:time|month|run|week|year)|"
    r"yesterday|previous|credits?|gekostet|bezahlt|ausgegeben|eingesammelt|letzte[nrs]?|coûté|payé|dépensé|levé|"
    r"dernière?|costó|costaron|pagué|pagamos|gasté|gastamos|recaudad\w+|pasad[oa]|salary|revenue|salaire|prize|"
    r"would cost|charges|normally|usually|subscription)\b",
    re.IGNORECASE,
)  # fmt: skip


def money(prose: str) -> list[Figure]:
    """Every amount, in the order of the text; values in dollars where the unit is `DOLLARS` or a price."""
    parts, whole = clauses(prose), sentences(prose)
    return [
        _figure(prose, match, around(parts, match.start()), around(whole, match.start()))
        for match in _MONEY.finditer(prose)
    ]


def _figure(prose: str, match: re.Match[str], clause: Span, sentence: Span) -> Figure:
    unit = _unit(prose, match, clause)
    weight = _weight(prose, match, clause, sentence)
    return Figure(_value(match), unit, match.start(), match.end(), match[0], weight)


def _unit(prose: str, match: re.Match[str], clause: Span) -> str:
    sign = (match["before"] or match["after"]).strip()
    if not re.fullmatch(f"{_USD_BEFORE}|{_USD_AFTER}|{_CENTS_AFTER}", sign, re.IGNORECASE):
        return OTHER_CURRENCY
    after = prose[match.end() : match.end() + 25]
    alone = len(_MONEY.findall(clause.text)) == 1
    if _PER_HOUR.search(after) or (alone and _HOURLY.search(clause.text)):
        return PER_HOUR
    return PER_TIME if _PER_TIME.search(after) else DOLLARS


def _value(match: re.Match[str]) -> Decimal | None:
    numbers = [value_of(match[part]) for part in ("first", "last", "one", "two") if match[part]]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    times = (match["times"] or match["many"] or "").strip(" .").lower()
    cents = bool(match["after"]) and re.fullmatch(_CENTS_AFTER, match["after"], re.IGNORECASE) is not None
    return max(known) * _SCALE.get(times, 1) / (100 if cents else 1)


def _weight(prose: str, match: re.Match[str], clause: Span, sentence: Span) -> Weight:
    before, after = prose[clause.start : match.start()], prose[match.end() : clause.end]
    if _CEILING.search(before) or re.match(
        r"\s*(?:max\w*|tops|limit|budget|ceiling|total|or less|höchstens|insgesamt)\b", after, re.IGNORECASE
    ):
        return Weight.SAID
    if _OF_SOMETHING_ELSE.search(clause.text):
        return Weight.OF_SOMETHING_ELSE
    return Weight.SAID if _CEILING.search(prose[sentence.start : match.start()][-25:]) else Weight.LIKELY
