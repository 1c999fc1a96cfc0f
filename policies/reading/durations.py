"""Durations in a text, in hours, and whether they are how long the job takes."""

import re
from collections.abc import Iterator
from decimal import ROUND_UP, Decimal

from policies.reading.figures import Figure, Weight
from policies.reading.numerals import NUMBER, value_of
from policies.reading.prose import Span, around, clauses

_HOUR = r"(?:h|hrs?|hours?|stunden?|std\.?|heures?|horas?)"
_MINUTE = r"(?:min|mins|minutes?|minuten|minutos?)"
_DAY = r"(?:days?|tage?n?|jours?|d[ií]as?)"
_WEEK = r"(?:weeks?|wochen?|semaines?|semanas?)"
_UNITS = {_HOUR: Decimal(1), _MINUTE: Decimal(1) / 60, _DAY: Decimal(24), _WEEK: Decimal(168)}
_UNIT = "(?:" + "|".join(_UNITS) + ")"
_AND_HALF = r"(?:\s+and\s+a\s+half|\s+et\s+demie?|\s+y\s+media|\s+und\s+eine\s+halbe)"
_TO = r"\s*(?:-|–|to|bis|à|a|or|oder|ou|o|and|und|et|y)\s*"

_DURATION = re.compile(
    rf"(?P<first>{NUMBER})(?:{_TO}(?P<last>{NUMBER}))?[\s-]*(?P<unit>{_UNIT})(?![A-Za-zÀ-ÿ0-9])"
    rf"(?:(?P<half>{_AND_HALF})|\s*(?:and|und|et|y)?\s*(?P<minutes>[0-9]{{1,2}})\s*(?:{_MINUTE}|m)(?![A-Za-z]))?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?<![\w.,])(?P<hours>[0-9]{1,3})\s?h\s?(?P<minutes>[0-5][0-9])(?:m|min)?(?![\w])", re.IGNORECASE)
_FRACTIONS = {
    r"three[- ]quarters\s+of\s+an\s+hour|dreiviertelstunde|trois\s+quarts\s+d['’]heure|tres\s+cuartos\s+de\s+hora": "0.75",
    r"a\s+quarter\s+(?:of\s+an\s+)?hour|quarter\s+of\s+an\s+hour|viertelstunde|un\s+quart\s+d['’]heure|un\s+cuarto\s+de\s+hora": "0.25",
    r"half[\s-]+(?:an?\s+)?hour|halben?\s+stunde|demi[\s-]heure|media\s+hora": "0.5",
    r"hora\s+y\s+media|heure\s+et\s+demie": "1.5",
}  # fmt: skip

_ABOUT_THE_JOB = re.compile(
    r"\b(?:take|takes|should|will|needs?|run ?time|runs?|about|around|approx\w*|roughly|max|at most|up to|under|less than|"
    r"within|for|estimated?|expect|dauert|dauer|braucht|ungefähr|etwa|ca|circa|rund|höchstens|maximal|laufzeit|unter|"
    r"environ|dure|durée|prend|prendra|moins de|pendant|maximum|unas?|unos|aproximadamente|alrededor|tarda|dura|durante|"
    r"menos de|como máximo)\b|[~≈<≤]",
    re.IGNORECASE,
)
_OF_THE_PAST = re.compile(
    r"\b(?:took|lasted|ran|spent|was|were|yesterday|ago|last|previous(?:ly)?|earlier|laptop|(?<!be )trained|had|"
    r"gedauert|gelaufen|lief|gestern|letzte[nrs]?|vorher|zuvor|trainiert hat|habe|hatte|a pris|a duré|a tourné|hier|"
    r"dernière?|tardó|duró|llevó|ayer|pasad[oa]|última|anterior)\b",
    re.IGNORECASE,
)
_OF_ANOTHER_THING = re.compile(
    r"\b(?:epochs?|epochen?|époques?|épocas?|meeting|call|deadline|termin|abgabe|réunion|reunión|flight|"
    r"every|each|alle|jede[nrs]?|toutes|cada|dataset|datensatz|corpus|uptime|timeout|checkpoints?|upload|download)\b",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"^\s*(?:(?:of|von|d['’]|de|worth of)\s*(?:the\s+)?(?:\w+\s+)?(?:audio|speech|video|recordings?|data|sound|"
    r"aufnahmen|sprache|enregistrements?|parole|grabaci[oó]n\w*|voz|footage|daten)|audio|video|aufnahmen|"
    r"(?:per|an?|pro|je|par|por|/)\s*(?:epoch|epoche|époque|época|step|fold|run|job|sample)|ago\b|old\b|from now)",
    re.IGNORECASE,
)
_IN_SO_LONG = re.compile(r"\b(?:in|dans|en)\s+$", re.IGNORECASE)
_APPOINTMENT = re.compile(
    r"^\s*(?:i|we|we['’]re|habe|muss|ist|j['’]ai|on a|tengo|hay|my|the demo|my demo)\b", re.IGNORECASE
)
_PLACES = Decimal("0.0001")


def durations(prose: str) -> list[Figure]:
    """Every duration, in the order of the text; values in hours, rounded up to four decimals."""
    parts = clauses(prose)
    found = sorted(_all(prose), key=lambda item: (item[0], -item[1]))
    figures: list[Figure] = []
    for start, end, value in found:
        if not figures or start >= figures[-1].end:
            weight = _weight(prose, around(parts, start), start, end)
            figures.append(Figure(value, "hours", start, end, prose[start:end], weight))
    return figures


def _all(prose: str) -> Iterator[tuple[int, int, Decimal | None]]:
    for source, value in _FRACTIONS.items():
        for match in re.finditer(
            rf"(?<!\w)(?:(?:an?|eine[rn]?|une?|una?)\s+)?(?:{source})(?!\w)", prose, re.IGNORECASE
        ):
            yield match.start(), match.end(), Decimal(value)
    for match in _CLOCK.finditer(prose):
        yield match.start(), match.end(), _hours(Decimal(match["hours"]) + Decimal(match["minutes"]) / 60)
    for match in _DURATION.finditer(prose):
        yield match.start(), match.end(), _value(match)


def _value(match: re.Match[str]) -> Decimal | None:
    unit = next(size for source, size in _UNITS.items() if re.fullmatch(source, match["unit"], re.IGNORECASE))
    numbers = [value_of(match[part]) for part in ("first", "last") if match[part]]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    number = max(known) + (Decimal("0.5") if match["half"] else 0)
    minutes = Decimal(match["minutes"]) / 60 if match["minutes"] else Decimal(0)
    return _hours(number * unit + minutes)


def _hours(value: Decimal) -> Decimal:
    return value.quantize(_PLACES, ROUND_UP).normalize()


def _weight(prose: str, clause: Span, start: int, end: int) -> Weight:
    before, after = prose[clause.start : start], prose[end : clause.end]
    if _THEN.search(after) or _OF_ANOTHER_THING.search(before) or re.search(r"\bper\s+$", before, re.IGNORECASE):
        return Weight.OF_SOMETHING_ELSE
    if _OF_THE_PAST.search(clause.text):
        return Weight.OF_SOMETHING_ELSE
    if _IN_SO_LONG.search(before) and _APPOINTMENT.search(prose[end : end + 40].lstrip(" ,")):
        return Weight.OF_SOMETHING_ELSE
    return Weight.SAID if _ABOUT_THE_JOB.search(before) else Weight.LIKELY
