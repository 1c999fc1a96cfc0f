"""Numbers as people write them: digits with either decimal sign, and words in English, German, French and Spanish."""

import re
from decimal import Decimal
from itertools import product

DIGITS = r"[0-9]{1,3}(?:[.,'’ ][0-9]{3})+(?![0-9])|[0-9]+(?:[.,][0-9]+)?"

_GROUPED = re.compile(r"([0-9]{1,3})((?:[.,'’ ][0-9]{3})+)")

_ENGLISH = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_GERMAN = [
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
]
_FRENCH = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
]
_SPANISH = [
    "cero",
    "un",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
]
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "zwanzig": 20, "dreißig": 30, "dreissig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "achtzig": 80,
    "neunzig": 90, "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "veinte": 20,
    "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "noventa": 90, "hundred": 100, "hundert": 100,
    "cent": 100, "cien": 100,
}  # fmt: skip
_ONE = ("a", "an", "eine", "einen", "einer", "une", "una", "uno", "single")
_SPECIAL = {
    "a couple of": "2", "a couple": "2", "anderthalb": "1.5", "eineinhalb": "1.5", "zweieinhalb": "2.5",
    "dreieinhalb": "3.5", "one and a half": "1.5", "two and a half": "2.5", "three and a half": "3.5",
    "half a": "0.5", "half an": "0.5", "half": "0.5", "eine halbe": "0.5", "einer halben": "0.5", "halbe": "0.5",
    "une demi": "0.5", "media": "0.5", "fuenf": "5", "zwoelf": "12", "fuenfzehn": "15", "dieciseis": "16", "a dozen": "12",
}  # fmt: skip


def _words() -> dict[str, Decimal]:
    known: dict[str, Decimal] = {}
    for language in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH):
        known |= {word: Decimal(value) for value, word in enumerate(language)}
    known |= {word: Decimal(value) for word, value in _TENS.items()}
    units = list(enumerate(_ENGLISH))[1:10]
    tens = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
    for ten, (value, unit), sign in product(tens, units, ("-", " ")):
        known[f"{ten}{sign}{unit}"] = Decimal(_TENS[ten] + value)
    for value, unit in list(enumerate(_GERMAN))[1:10]:
        known |= {
            f"{unit}und{ten}": Decimal(_TENS[ten] + value) for ten in ("zwanzig", "dreißig", "vierzig", "fünfzig")
        }
    for value, unit in list(enumerate(_FRENCH))[2:10]:
        known |= {f"{ten}-{unit}": Decimal(_TENS[ten] + value) for ten in ("vingt", "trente", "quarante", "cinquante")}
    for value, unit in list(enumerate(_SPANISH))[1:10]:
        known[f"veinti{unit}"] = Decimal(20 + value)
    known |= dict.fromkeys(_ONE, Decimal(1)) | {word: Decimal(value) for word, value in _SPECIAL.items()}
    return known


_KNOWN = _words()

WORDS = r"(?<![\w'’-])(?:" + "|".join(re.escape(word) for word in sorted(_KNOWN, key=len, reverse=True)) + r")(?!\w)"

NUMBER = f"(?:{DIGITS}|{WORDS})"
"""Source of a regular expression, to be compiled with IGNORECASE."""

_ANY = re.compile(NUMBER, re.IGNORECASE)


def value_of(written: str) -> Decimal | None:
    """The number that `NUMBER` matched; None where it may mean two things: `1.500` is a thousand times `1,5` for some."""
    text = " ".join(written.lower().split())
    if text in _KNOWN:
        return _KNOWN[text]
    grouped = _GROUPED.fullmatch(text)
    if grouped is None or text.startswith("0"):
        return Decimal(text.replace(",", "."))
    signs = grouped[2][::4]
    return None if signs in {".", ","} else Decimal(re.sub(r"[^0-9]", "", text))


def numbers(text: str) -> frozenset[Decimal]:
    """Every number of a text, whatever it counts; one that may mean two things is both."""
    return frozenset(value for match in _ANY.finditer(text) for value in _readings(match[0]))


def _readings(written: str) -> set[Decimal]:
    value = value_of(written)
    if value is not None:
        return {value}
    return {Decimal(re.sub(r"[^0-9]", "", written)), Decimal(written.replace(",", "."))}
