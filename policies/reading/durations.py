"""Durations in a text, in hours, and whether they are how long the job takes."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import ceil

from policies.reading.figures import MOST, Figure, Weight
from policies.reading.harmless import HARMLESS
from policies.reading.numerals import NUMBER, is_sum, torn, value_of
from policies.reading.prose import Span, around, clauses
from policies.reading.words import begins_with, ends_with, one_of, phrases

_HOUR = r"(?:h|hrs?|hours?|stunden?|stündchen|std\.?|heures?|hor(?:it)?as?)"
_MINUTE = r"(?:min|mins|minutes?|minuten|minutos?)"
_DAY = r"(?:days?|tage?n?|jours?|d[ií]as?)"
_WEEK = r"(?:weeks?|wochen?|semaines?|semanas?)"
_UNITS = {_HOUR: Fraction(1), _MINUTE: Fraction(1, 60), _DAY: Fraction(24), _WEEK: Fraction(168)}
_UNIT = "(?:" + "|".join(_UNITS) + ")"
_AND_HALF = r"(?:\s+and\s+a\s+half|\s+et\s+demie?|\s+y\s+media|\s+und\s+eine\s+halbe)"
_AND_THREE_QUARTERS = (
    r"(?:\s+and\s+three\s+quarters|(?:\s+et)?\s+trois\s+quarts|\s+y\s+tres\s+cuartos|\s+und\s+drei\s*viertel)"
)
_AND_QUARTER = (
    r"(?:\s+and\s+a\s+quarter|\s+(?:et(?:\s+un)?|un)\s+quart|\s+y\s+cuarto|\s+und\s+eine\s+viertel(?:stunde)?)"
)
_TO = r"\s*(?:-|–|to|bis|à|a|or|oder|ou|o|and|und|et|y)\s*"

_DURATION = re.compile(
    rf"(?P<first>{NUMBER})(?:{_TO}(?P<last>{NUMBER}))?(?:\s+and\s+an?\s+(?P<part>half|quarter))?"
    rf"[\s-]*(?P<unit>{_UNIT})(?![A-Za-zÀ-ÿ0-9])"
    rf"(?:(?P<half>{_AND_HALF})|(?P<quarter>{_AND_QUARTER})|(?P<quarters>{_AND_THREE_QUARTERS})|\s*(?:and|und|et|y)?\s*(?P<minutes>{NUMBER})\s*(?:{_MINUTE}|m)(?![A-Za-z]))?",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:^|[;|])[^\w\n]*(?:(?:[0-9]{1,2}|[a-z])[.)]\s*)?"
    r"(?:(?:expected|estimated|max|total|run|compute|computing|gpu)[ _])?"
    r"(?:hours|duration|runtime|time|dauer|laufzeit|rechenzeit|stunden|durée|heures|duración|horas|"
    r"(?:temps|tiempo)(?: de c[aá]lculo?)?)"
    rf"(?:(?: in hours| \(hours\)| \(h\))?\W{{0,4}}[:=|]|"
    rf"\s*[\[(|]\s*(?:in\s+|en\s+)?(?P<unit>{_UNIT})\s*[\])|]\W{{0,2}})"
    r"\W{0,4}(?P<hours>[0-9]+(?:[.,][0-9]+)?)\s*,?\s*(?=$|[;|])",
    re.IGNORECASE | re.MULTILINE,
)
_CLOCK = re.compile(r"(?<![\w.,])(?P<hours>[0-9]{1,3})\s?h\s?(?P<minutes>[0-5][0-9])(?:m|min)?(?![\w])", re.IGNORECASE)
_PARTS_OF_AN_HOUR = {
    phrases(
        "a quarter of an hour, quarter of an hour, a quarter hour",
        "viertelstunde",
        "un quart d'heure",
        "un cuarto de hora",
    ): "0.25",
    phrases("half an hour, half hour, half-hour", "halbe stunde, halben stunde", "demi-heure", "media hora"): "0.5",
    phrases("three quarters of an hour", "dreiviertelstunde", "trois quarts d'heure", "tres cuartos de hora"): "0.75",
    phrases("hora y media, heure et demie"): "1.5",
}

_OF_THE_PAST = re.compile(
    phrases(
        "took, lasted, ran, spent, was, were, yesterday, ago, last, previous, previously, earlier, laptop, had, "
        "queue, allows, died, crashed, failed, stopped, gave up, timed out",
        "gedauert, gekostet, kostete, gelaufen, lief, gestern, letzte, letzten, letzter, letztes, vorher, "
        "zuvor, habe, hatte, abgestürzt",
        "a pris, a coûté, l'autre jour, a duré, a tourné, a planté, hier, dernier, dernière",
        "tardó, costó, duró, falló, llevó, estuvo, ayer, pasado, pasada, última, anterior, portátil",
    )
    + r"|(?<!be )\btrained\b",
    re.IGNORECASE,
)
_OF_ANOTHER_THING = one_of(
    "epoch, epochs, meeting, a call, deadline, part of, most of, "
    "flight, every, each, dataset, corpus, uptime, timeout, checkpoint, "
    "checkpoints, upload, download",
    "epoche, epochen, termin, abgabe, alle, jede, jeden, jeder, datensatz",
    "époque, époques, réunion, toutes",
    "época, épocas, reunión, cada",
)
_RECORDED = phrases(
    "audio, speech, video, videos, recordings, data, sound, footage, podcasts",
    "aufnahmen, sprache, daten",
    "enregistrements, parole",
    "grabaciones, voz",
)
_THEN_SOMETHING = begins_with(
    rf"(?:(?:of|von|d['’]|de|worth\s+of)\s*(?:\w+\s+)?)?{_RECORDED}"
    r"|(?:per|an?|pro|je|par|por|/)\s*(?:epoch|epoche|époque|época|step|fold|sample)\b|ago\b|old\b|from\s+now\b"
)
_OF_WHAT = re.compile(r"\s*(?:\s(?:of|von|an|de)\s+|\sd['’])(?:(?:the|an?|la|le|les|el)\s+)?(?P<what>[^\W\d_]{3,})")
_GERMAN_OF_WHAT = re.compile(r"(?<=[nde])\s+(?P<what>[A-ZÄÖÜ][a-zäöüß]{2,})(?!\w)")
"""`zwei Stunden Tonaufnahmen`, of which the noun alone tells."""
_IN = ends_with(
    phrases(
        "in, from, since, after",
        "in, vor, seit, nach, ab",
        "dans, en, depuis, d'ici, d'ici à, il y a",
        "en, hace, dentro de, desde, tras",
    )
)
_WITHIN = ends_with(phrases("within, within the next", "innerhalb von, binnen", "sous, dans les"))
_BEGINS = one_of("begin*, start*", "beginn*, anfang*, starte*, losgeh*", "commenc*, démarr*", "empie*, empez*, comien*")
_MUST = one_of("must, needs to, need to, need it, has to, muss, müssen, doit, debe, tiene que, hay que")
_APPOINTMENT = begins_with(r",?\s*" + phrases("i, we, my, the demo", "ich, wir, habe, muss, ist", "j'ai", "tengo, hay"))
_AT_ITS_END = one_of(
    "done, finish*, through, complete*, ready, runs, trains, takes, handle*, manage*",
    "fertig, durch, läuft, beendet",
    "fini*, termin*, fait, prêt, tourne, entraîn*",
    "termina*, acaba*, hecho, list*, entren*, ejecut*, corre",
)
"""What is so in two hours takes two hours; what begins then does not."""
_PER = ends_with(r"\b(?:per|pro|par|por|every|each)")
_A_PRICE = ends_with(r"[0-9$€]|\b(?:dollars?|bucks|cents|euros?|usd|eur)")
_ONE = re.compile(r"an?\s", re.IGNORECASE)
_HALF_READ = re.compile(rf"(?:\w{{2,}}(?:ty|teen)[\s-]+|{NUMBER}\s+(?:and|und|et|y)\s+)$", re.IGNORECASE)
"""Only the end of a number was understood: a part of `fourty five`, say, which is misspelt."""
_NEAR = 40
"""Characters: no word of a number is longer."""
_PARTS = 10_000
"""Of an hour: a job file has four decimals."""


def durations(prose: str) -> list[Figure]:
    """Every duration, in the order of the text; values in hours, rounded up to four decimals."""
    parts = clauses(prose)
    figures: list[Figure] = []
    found = sorted(_all(prose), key=lambda item: (item[0], -item[1]))
    if len(found) > MOST:
        return [Figure(None, "hours", start, end, prose[start:end], Weight.SAID) for start, end, _ in found]
    for start, end, value in found:
        if not figures or start >= figures[-1].end:
            weight = _weight(prose, around(parts, start), start, end)
            figures.append(Figure(value, "hours", start, end, prose[start:end], weight))
    return figures


def _all(prose: str) -> Iterator[tuple[int, int, Decimal | None]]:
    for source, value in _PARTS_OF_AN_HOUR.items():
        for match in re.finditer(rf"(?:(?<!\w)(?:an?|eine[rn]?|une?|una?)\s+)?{source}", prose, re.IGNORECASE):
            yield match.start(), match.end(), Decimal(value)
    for match in _LABELLED.finditer(prose):
        number = value_of(match["hours"])
        hours = None if number is None else _hours(Fraction(number) * _size(match["unit"] or "h"))
        yield match.start("hours"), match.end("hours"), hours
    for match in _CLOCK.finditer(prose):
        yield match.start(), match.end(), _hours(Fraction(match["hours"]) + Fraction(match["minutes"]) / 60)
    for match in _DURATION.finditer(prose):
        yield match.start(), match.end(), _value(prose, match)


def _value(prose: str, match: re.Match[str]) -> Decimal | None:
    unit = _size(match["unit"])
    numbers = [value_of(match[part]) for part in ("first", "last") if match[part]]
    minutes = value_of(match["minutes"]) if match["minutes"] else Decimal(0)
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or minutes is None or _is_end(prose, match.start()):
        return None
    if is_sum(prose, match, "first", "last"):
        return None
    number = Fraction(max(known)) + _and_a_part(match)
    return _hours(number * unit + Fraction(minutes) / 60)


def _size(unit: str) -> Fraction:
    """Hours in a written unit."""
    return next(size for source, size in _UNITS.items() if re.fullmatch(source, unit, re.IGNORECASE))


def _is_end(prose: str, start: int) -> bool:
    return torn(prose, start) or _HALF_READ.search(prose, max(0, start - _NEAR), start) is not None


def _and_a_part(match: re.Match[str]) -> Fraction:
    if match["half"] or match["part"] == "half":
        return Fraction(1, 2)
    if match["quarters"]:
        return Fraction(3, 4)
    return Fraction(1, 4) if match["quarter"] or match["part"] else Fraction(0)


def _hours(value: Fraction) -> Decimal:
    """Rounded up: too little would be paid for otherwise. Without an exponent: a human reads it as it is written."""
    return Decimal(f"{(Decimal(ceil(value * _PARTS)) / _PARTS).normalize():f}")


def _weight(prose: str, clause: Span, start: int, end: int) -> Weight:
    before, after = prose[clause.start : start], prose[end : clause.end]
    if _THEN_SOMETHING.match(after) or _OF_ANOTHER_THING.search(before) or _PER.search(before):
        return Weight.OF_SOMETHING_ELSE
    if _OF_THE_PAST.search(clause.text) or (_A_PRICE.search(before) and _ONE.match(prose, start)):
        return Weight.OF_SOMETHING_ELSE
    if _IN.search(before) and _APPOINTMENT.match(prose, end):
        return Weight.OF_SOMETHING_ELSE
    if (what := _OF_WHAT.match(after) or _GERMAN_OF_WHAT.match(prose, end)) and not _is_of_a_job(what["what"]):
        return Weight.MENTIONED
    if _IN.search(before) and (_MUST.search(before) or not _AT_ITS_END.search(clause.text)):
        return Weight.MENTIONED
    return Weight.MENTIONED if _WITHIN.search(before) and _BEGINS.search(clause.text) else Weight.SAID


def _is_of_a_job(word: str) -> bool:
    return word.lower() in HARMLESS["hours"]
