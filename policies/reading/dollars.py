"""Money in a text: ceilings in dollars, and what is money but none."""

import re
from decimal import Decimal

from policies.reading.figures import MOST, Figure, Weight
from policies.reading.numerals import NUMBER, is_sum, torn, value_of
from policies.reading.prose import Span, around, clauses, sentences
from policies.reading.words import begins_with, ends_with, one_of, phrases

DOLLARS = "usd"
OTHER_CURRENCY = "another currency"
PER_TIME = "usd for a time"
"""A price by the hour, the day or the like: no ceiling of a job."""

_USD_BEFORE = r"US\$|USD|\$"
_OTHER_BEFORE = r"€|EUR|£|GBP|CHF|¥|C\$|A\$"
_USD_AFTER = r"US-?\$|\$|USD|US[- ]?dollars?|d[oó]lar(?:es)?|dollars?|bucks?"
_FOREIGN = r"(?:canadian|australian|kanadische|australische|hong[ -]kong|singapore|new zealand)\s+dollars?"
_FOREIGN_BEHIND = r"d[oó]l{1,2}ar(?:e?s)?\s+(?:canadi\w+|australi\w+)"
_OTHER_WORDS = (
    r"euros?|pounds?|quid|pfund|livres?|libras?|franken|francs?|francos?|yen|yenes|yuan|renminbi|rupees?|rupien?|"
    r"roupies?|rupias?|rupiah|ringgits?|pesos?|kronor|kronen|kroner|krone|koruna|korun|couronnes?|coronas?|"
    r"z[lł]ot(?:y|ych|e|is?|ies)|reais|reales|soles|rubles?|rubel|roubles?|rublos?|won|bahts?|forints?|dirhams?|"
    r"dírhams?|dinars?|dinares|riyals?|riales|rands?|shekels?|schekel|séqueles|hryvnias?|liras?|türk lirası|lei|leva|"
    r"dongs?|nairas?|cedis?|shillings?|chelines|schilling|takas?|kyats?|birr|quetzales|colones|lempiras|guaran[ií]es|"
    r"bolivianos|bolívares"
)
_OTHER_AFTER = rf"€|EUR|£|GBP|CHF|{_FOREIGN}|{_FOREIGN_BEHIND}|{_OTHER_WORDS}"
_CODES = r"AUD|CAD|NZD|HKD|SGD|PLN|SEK|NOK|DKK|CZK|HUF|INR|JPY|CNY|RMB|BRL|MXN|ARS|CLP|COP|ZAR|KRW|ILS|BTC|ETH|USDT"
_CENTS_AFTER = r"(?:(?:US[- ]?)?cents?|ct|c[eé]ntimos?|centavos?|centimes?)(?:\s+de\s+d[oó]l{1,2}ar)?"
_TIMES = r"k|K|m|M|million|Mio|tausend|thousand|mil"
_SCALE = {"k": 10**3, "tausend": 10**3, "thousand": 10**3, "mil": 10**3, "m": 10**6, "mio": 10**6, "million": 10**6}
_TO = r"\s*(?:-|–|to|bis|à|a|and|und|et|y)\s*"
_THEN_NO_UNIT = phrases(
    "eh, max, maximum, please, at, for, in, tops, is, all, total, or, and, on",
    "bitte, ist, sind, als, und, insgesamt, höchstens, maximal, für",
    "au, pour, en, est, et, maximum, svp",
    "como, por, en, es, y, máximo, total",
)
"""Behind `one dollar ninety`: what the ninety is of is said."""
_LEAST_BARE = 10
"""Cents without their name: `a dollar five` may be another thing."""

_MONEY = re.compile(
    rf"(?<![A-Za-z_])(?P<key>(?:[a-z]{{2,15}}_){{0,4}})(?P<before>(?:{_OTHER_BEFORE}|{_USD_BEFORE}))(?:\s?|[\"']?\s?[:=]\s?[\"']?)"
    rf"(?P<first>{NUMBER})(?:{_TO}\$?(?P<last>{NUMBER}))?(?:\s?(?P<times>{_TIMES})(?![A-Za-zÀ-ÿ]))?"
    rf"|(?P<one>{NUMBER})(?:{_TO}(?P<two>{NUMBER}))?(?:\s+and\s+an?\s+(?P<part>half|quarter))?(?:\s?(?P<many>{_TIMES})(?=[\s$€]))?"
    rf"[\s-]?(?P<after>{_OTHER_AFTER}|{_USD_AFTER}|(?<!a )(?<!an )(?<!einen )(?<!un ){_CENTS_AFTER})(?![A-Za-zÀ-ÿ])"
    rf"(?P<half>\s+(?:and\s+a\s+half|y\s+medio|et\s+demi|und\s+einen\s+halben)(?!\w))?"
    rf"(?:[^\S\n]+(?:(?:con|and|et|y|und)\s+)?(?P<change>{NUMBER})(?:\s*{_CENTS_AFTER}(?!\w)|(?=\s*(?:[.,;!?)\n]|$)))"
    rf"|[^\S\n]+(?P<more>{NUMBER})(?=\s*{_THEN_NO_UNIT}))?",
    re.IGNORECASE,
)

_CURRENCY = re.compile(
    rf"[$€£¥₹₽₩¢₺₴₪₫฿₿﹩＄￡￥￦￠💲💵]"
    rf"|(?<![A-Za-zÀ-ÿ])(?:usd|ＵＳＤ|ｕｓｄ|eur|chf|gbp|dollars?|d[oó]lar(?:es)?|bucks|bux|(?!dolor(?:es)?\b)dol+[aeou]+rs?|dirhams?|fivers?|tenners?|{_OTHER_WORDS})(?!\w)"
    rf"|(?<![\w-])(?:an?|one|{NUMBER})\s+(?:grand|dimes?|nickels?)(?!\w)"
    rf"|(?<![\w-])(?<!and )a\s+quarter(?=\s*(?:tops|max|at\s+most|[.;]|$))"
    rf"|(?:(?<=[0-9])|(?<=[0-9]\s))(?:{_CODES}|credits?|crédits?|créditos?|zł|kr|fr|c)(?!\w)|(?<!\w)fr\.?\s?(?=[0-9])|(?<!\w)(?:{_CODES})\s?(?=[0-9])",
    re.IGNORECASE,
)

_PER = (
    r"(?:/|per|an?|the|for\s+(?:an?|one|each|every|the)|pro|je|die|in\s+der|für\s+(?:eine|die|den|einen)|par|de\s+l['’]|"
    r"l['’]|pour\s+une|por(?:\s+una|\s+cada)?|la|al|each|every|cada|chaque)\s*"
)
_A_TIME = (
    r"(?:h|hr|hour|stunde|std|heure|hora|day|week|month|night|tag|woche|monat|nacht|jour|semaine|mois|nuit|d[ií]a|"
    r"semana|mes|noche|epoch)\b"
)
_THEN_PER_TIME = begins_with(_PER + _A_TIME)
_BY_TIME = re.compile(
    phrases(
        "per hour, per-hour, hourly, by the hour, per minute, by the minute, per day, daily, per week",
        "stundenpreis, stundensatz, pro stunde, je stunde, pro minute, pro tag, am tag, je tag, pro nacht",
        "par heure, par minute, par jour",
        "por hora, por minuto, por día, al día",
    )
    + r"|/h\b",
    re.IGNORECASE,
)
_BEGINS_BY_TIME = re.compile(rf"(?:\A|[.;!?:\n(])\W*(?:{_BY_TIME.pattern})\s*,\s*\Z", re.IGNORECASE)
"""`Per day, I want to pay …`."""
_KEY_OF_A_TIME = re.compile(r"(?:hour|day|stunde|tag|heure|jour|hora|d[ií]a)_\Z", re.IGNORECASE)
"""`max_price_per_hour_usd: 0.80`."""
_CEILING = re.compile(
    phrases(
        "budget, max, maximum, at most, up to, no more than, not more than, under, below, less than, within, cap, "
        "capped, limit, ceiling, tops, spend, exceed",
        "höchstens, maximal, bis zu, nicht mehr als, unter, weniger als, obergrenze, übersteigen, überschreiten",
        "au plus, au maximum, moins de, pas plus de, plafond, jusqu'à, dépasser",
        "como máximo, como mucho, máximo, hasta, menos de, no más de, presupuesto, tope, superar",
    )
    + r"|[<≤]|(?:n['’]t|(?<!\w)not|(?<!\w)never)(?!\w)[^.;!?\n]{0,30}(?<!\w)more\s+than(?!\w)",
    re.IGNORECASE,
)
_THEN_CEILING = begins_with(
    phrases("max, maximum, tops, limit, budget, ceiling, total, in total, or less", "höchstens, insgesamt, maximal")
)
_OF_SOMETHING_ELSE = one_of(
    "cost us, cost me, costs us, costs me, has cost, have cost, would cost, raised, paid, worth, last time, "
    "last month, last run, last week, last year, yesterday, previous, credits, salary, revenue, prize, charges, "
    "normally, usually, subscription, refunded, refund",
    "gekostet, kostete, bezahlt, ausgegeben, eingesammelt, letzte, letzten, letztes",
    "coûté, coûtait, payé, dépensé, levé, dernier, dernière, salaire",
    "costó, costaron, pagué, pagamos, gasté, gastamos, recaudado, recaudamos, pasado, pasada",
)
_MORE = ends_with(phrases("more than", "mehr als", "plus de, plus d'", "más de"))
_IS_NOT = one_of("not", "nicht", "ne, pas", "no")
"""`Mehr als 15 Dollar dürfen nicht ausgegeben werden`."""
_EXPECTED = re.compile(
    phrases(
        "about, around, roughly, approx*, expect*, estimate*, probably",
        "etwa, ungefähr, circa, ca, rund, wohl",
        "environ, autour de",
        "unos, unas, alrededor de, aproximadamente",
    )
    + "|[~≈]",
    re.IGNORECASE,
)
_NEAR = 25
"""Characters: so far before an amount a word of a sentence is about it, commas between them or not."""


def money(prose: str) -> list[Figure]:
    """Every amount, in the order of the text; values in dollars unless the unit is `OTHER_CURRENCY`."""
    found = list(_MONEY.finditer(prose))
    if len(found) > MOST:
        return [Figure(None, DOLLARS, one.start(), one.end(), one[0], Weight.SAID) for one in found]
    parts, whole = clauses(prose), sentences(prose)
    return [_figure(prose, match, around(parts, match.start()), around(whole, match.start())) for match in found]


def unread(prose: str, figures: list[Figure]) -> str:
    """An amount that was not understood: a word for a currency that no figure has; "" where there is none."""
    read = {place for figure in figures for place in range(figure.start, figure.end)}
    for match in _CURRENCY.finditer(prose):
        if match.start() not in read:
            return prose[max(0, match.start() - _NEAR) : match.end()].strip()
    return ""


def _figure(prose: str, match: re.Match[str], clause: Span, sentence: Span) -> Figure:
    unit, weight = _unit(prose, match, clause), _weight(prose, match, clause, sentence)
    value = None if torn(prose, match.start()) else _value(match)
    return Figure(value, unit, match.start(), match.end(), match[0], weight)


def _unit(prose: str, match: re.Match[str], clause: Span) -> str:
    sign = match["before"] or match["after"]
    if not re.fullmatch(f"{_USD_BEFORE}|{_USD_AFTER}|{_CENTS_AFTER}", sign, re.IGNORECASE):
        return OTHER_CURRENCY
    alone = len(_MONEY.findall(clause.text)) == 1
    by_time = _KEY_OF_A_TIME.search(match["key"] or "") or (alone and _BY_TIME.search(clause.text))
    by_time = by_time or _BEGINS_BY_TIME.search(prose, max(0, clause.start - _NEAR), clause.start)
    return PER_TIME if by_time or _THEN_PER_TIME.match(prose, match.end()) else DOLLARS


def _value(match: re.Match[str]) -> Decimal | None:
    numbers = [value_of(match[part]) for part in ("first", "last", "one", "two") if match[part]]
    known = [number for number in numbers if number is not None]
    if (
        len(known) < len(numbers)
        or is_sum(match.string, match, "first", "last")
        or is_sum(match.string, match, "one", "two")
    ):
        return None
    written = match["change"] or match["more"]
    change = value_of(written) if written else Decimal(50 if match["half"] else 0)
    if change is None or not (_LEAST_BARE if match["more"] else 0) <= change < 100:
        return None
    change += 25 if match["part"] == "quarter" else 50 if match["part"] else 0
    times = (match["times"] or match["many"] or "").lower()
    cents = match["after"] is not None and re.fullmatch(_CENTS_AFTER, match["after"], re.IGNORECASE) is not None
    return max(known) * _SCALE.get(times, 1) / (100 if cents else 1) + change / 100


def _weight(prose: str, match: re.Match[str], clause: Span, sentence: Span) -> Weight:
    before, after = prose[clause.start : match.start()], prose[match.end() : clause.end]
    if _CEILING.search(before) or _THEN_CEILING.match(after) or (_MORE.search(before) and _IS_NOT.search(after)):
        return Weight.SAID
    if _OF_SOMETHING_ELSE.search(clause.text):
        return Weight.OF_SOMETHING_ELSE
    if _CEILING.search(prose[sentence.start : match.start()][-_NEAR:]):
        return Weight.SAID
    return Weight.LIKELY if _EXPECTED.search(before) else Weight.SAID
