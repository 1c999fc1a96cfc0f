"""Numbers as people write them: digits with either decimal sign, and words in English, German, French and Spanish."""

import re
from decimal import Decimal
from itertools import product

_BOTH_SIGNS = r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,2}|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}"
_PARTS = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
_GROUPS = r"[0-9]{1,3}(?:[.,'’ ][0-9]{3})+(?![0-9])"
DIGITS = rf"(?=[0-9½¼¾])(?<![0-9])(?:[0-9]{{0,4}}[½¼¾]|(?:{_BOTH_SIGNS})(?![0-9])|{_GROUPS}|[0-9]+(?:[.,][0-9]+)?)"

_GROUPED = re.compile(r"([0-9]{1,3})((?:[.,'’ ][0-9]{3})+)")

_COUNTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn",
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept",
    "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete",
)
_ENGLISH, _GERMAN, _FRENCH, _SPANISH = (line.split() for line in _COUNTED)

_TENS = (
    "twenty thirty forty fifty sixty seventy eighty ninety hundred",
    "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert",
    "vingt trente quarante cinquante soixante soixante-dix quatre-vingts quatre-vingt-dix cent",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien",
)
_ONE = "a an eine einen einer une una uno single"
_SPECIAL = {
    "half": "0.5", "half a": "0.5", "half an": "0.5", "halbe": "0.5", "eine halbe": "0.5", "einer halben": "0.5",
    "une demi": "0.5", "media": "0.5", "anderthalb": "1.5", "eineinhalb": "1.5",
    "a couple of": "2", "a couple": "2", "a dozen": "12", "eighteen": "18", "achtzehn": "18", "dix-huit": "18",
    "dreissig": "30", "fuenf": "5", "zwoelf": "12", "fuenfzehn": "15", "dieciseis": "16", "ciento": "100",
}  # fmt: skip


def _words() -> dict[str, Decimal]:
    known = {word: Decimal(value) for line in _COUNTED for value, word in enumerate(line.split())}
    tens = [dict(zip(line.split(), range(20, 101, 10), strict=True)) for line in _TENS]
    for language in tens:
        known |= {word: Decimal(value) for word, value in language.items()}
    english, german, french, spanish = tens
    for (ten, value), one in product(english.items(), range(1, 10)):
        known |= {f"{ten}{sign}{_ENGLISH[one]}": Decimal(value + one) for sign in "- "}
    known |= {f"{_GERMAN[one]}und{ten}": Decimal(value + one) for ten, value in german.items() for one in range(1, 10)}
    known |= {f"{ten}-{_FRENCH[one]}": Decimal(value + one) for ten, value in french.items() for one in range(2, 10)}
    parts = {"einhalb": "0.5", "einviertel": "0.25", "dreiviertel": "0.75"}
    known |= {
        f"{_GERMAN[one]}{part}": Decimal(one) + Decimal(size) for part, size in parts.items() for one in range(2, 13)
    }
    known |= {f"veinti{_SPANISH[one]}": Decimal(20 + one) for one in range(1, 10)}
    known |= {
        f"{ten} y {_SPANISH[one]}": Decimal(value + one) for ten, value in spanish.items() for one in range(1, 10)
    }
    known |= dict.fromkeys(_ONE.split(), Decimal(1))
    return known | {word: Decimal(value) for word, value in _SPECIAL.items()}


_KNOWN = _words()

_FIRST = "".join(sorted({word[0] for word in _KNOWN}))
WORDS = (
    rf"(?=[{_FIRST}])(?<![\w-])(?:"
    + "|".join(re.escape(word) for word in sorted(_KNOWN, key=len, reverse=True))
    + r")(?!\w)"
)

NUMBER = f"(?:{DIGITS}|{WORDS})"
"""Source of a regular expression, to be compiled with IGNORECASE."""

MOST_SIGNS = 15
"""Of a number in digits; what is longer counts nothing that a job has."""

_ANY = re.compile(NUMBER, re.IGNORECASE)
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_TORN = re.compile(
    r"[\d²³¹¼½¾][\s]?[/*×x^'’,·⁄٫٬-]+[-+]?\Z|\w[\^·⁄٫٬_]\Z|[0-9]e[-+]?\Z|[^\W_]\Z|_\Z|\.\Z|(?<![^\W_])[-−–,]\Z",
    re.IGNORECASE,
)
"""What stands before the last part of `1/2`, `1e-3`, `10^3`, `.5` or `0٫5`, and before `-5`."""
_BEGUN = re.compile(rf"(?:{NUMBER})[\s-]+(?:(?:and|und|et|y)\s+)?$", re.IGNORECASE)
_AND = re.compile(r"(?<!\w)(?:and|und|et|y)(?!\w)", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<!\w)(?:between|zwischen|entre)\W+(?:US)?\$?$", re.IGNORECASE)
_LONGEST = 25
"""Characters of a word for a number, and of what joins it with the next."""


def torn(text: str, start: int) -> bool:
    """Whether the number that begins at `start` is only the end of one, as in `cent vingt`, or is below zero."""
    if _TORN.search(text[max(0, start - 4) : start]):
        return True
    begun = _BEGUN.search(text, max(0, start - _LONGEST), start)
    return begun is not None and begun[0].split()[0].split("-")[0].lower() not in _ONE.split()


def value_of(written: str) -> Decimal | None:
    """The number that `NUMBER` matched; None where it may mean two things, as `1.500` does: 1500, or one and a half."""
    text = " ".join(written.lower().split())
    if text in _KNOWN:
        return _KNOWN[text]
    if len(text) > MOST_SIGNS:
        return None
    if text[-1] in _PARTS:
        return Decimal(text[:-1] or 0) + _PARTS[text[-1]]
    if re.fullmatch(_BOTH_SIGNS, text):
        return Decimal(re.sub(r"[.,](?=.*[.,])", "", text).replace(",", "."))
    grouped = _GROUPED.fullmatch(text)
    if grouped is None or (text.startswith("0") and _PLAIN.fullmatch(text)):
        return Decimal(text.replace(",", "."))
    signs = grouped[2][::4]
    return None if signs in {".", ","} or text.startswith("0") else Decimal(re.sub(r"[^0-9]", "", text))


def is_sum(text: str, match: re.Match[str], first: str, last: str) -> bool:
    """Two numbers with an `and` between them that are no range: `a hundred and twenty`, unless it is `between` them."""
    if not match[last] or not _AND.search(text, match.end(first), match.start(last)):
        return False
    return _BETWEEN.search(text, max(0, match.start(first) - _LONGEST), match.start(first)) is None


def numbers(text: str) -> frozenset[Decimal]:
    """Every number of a text, whatever it counts; one that may mean two things is both. Articles are none."""
    written = (match[0] for match in _ANY.finditer(text) if match[0].lower() not in _ONE.split())
    return frozenset(value for one in written for value in _readings(one))


def _readings(written: str) -> set[Decimal]:
    value = value_of(written)
    if value is not None:
        return {value}
    if len(written) > MOST_SIGNS:
        return set()
    either = {Decimal(re.sub(r"[^0-9]", "", written))}
    return either | ({Decimal(written.replace(",", "."))} if _PLAIN.fullmatch(written) else set())
