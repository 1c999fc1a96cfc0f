"""GPUs that a text asks for, in the job file's spelling; and what it says of them that a job file can't."""

import re
from dataclasses import dataclass
from functools import cache

import gpuhunt  # type: ignore[import-untyped]  # ships no types

from policies.gpu import parse_gpu
from policies.reading.figures import MOST
from policies.reading.numerals import NUMBER, value_of
from policies.reading.prose import Span, around, clauses, sentences
from policies.reading.words import ends_with, one_of, phrases


@dataclass(frozen=True, slots=True)
class Named:
    """A GPU in a text.

    Attributes:
        name: as a job file spells it, e.g. `RTX4090`, `A100-80GB`.
        count: as said before it, else 1.
        wanted: it is asked for: neither turned down nor somebody's own.
        refused: it is turned down.
    """

    name: str
    count: int
    wanted: bool
    refused: bool
    span: Span


_ARTICLE = r"(?:(?:on|an?|the|any|ein|eine[nrm]?|der|die|das|dem|den|auf|un|une|la|le|una|unos|de|d['’]|sur|en)\s+)*"
_NOT = ends_with(
    phrases(
        "not, no, no longer, not anymore, without, avoid, never, don't use, don't want, don't take, don't need, "
        "don't rent, instead of, rather than, but, except, except for, other than, save, save for, besides, apart from",
        "kein, keine, keinen, nicht, nicht mehr, ohne, keinesfalls, statt, außer, bis auf, abgesehen von, ausgenommen",
        "pas, pas de, pas d', plus de, pas besoin, sans, jamais, éviter, évite, évitez, sauf, excepté, hormis, à part, "
        "à l'exception de",
        "sin, ya no, nunca, evita, evitar, nada de, en vez de, ni, menos, salvo, excepto, que no sea, a excepción de",
    )
    + rf"\s*{_ARTICLE}"
)
_AS_GOOD_AS = ends_with(
    r"(?<!['’]d )(?<!would )" + phrases("than, as, like", "als, wie", "que, comme", "como") + rf"\s*{_ARTICLE}"
)
_OWN = ends_with(
    phrases(
        "my, our, own",
        "mein, meine, meinem, meiner, unser, unsere, unserem, unserer",
        "mon, ma, notre",
        "mi, nuestra, nuestro",
    )
    + r"(?:\s+[^\W\d_]+(?:['’]s)?){0,2}"
)
_ELSEWHERE = one_of(
    "laptop, desktop, workstation, at home, locally, local, previously, used to, last week, last time, last month, "
    "last year, last run",
    "zuhause, lokal, gestern, letzte, letzten, letztes",
    "chez moi",
    "en casa, portátil",
)
_I_HAVE = ends_with(
    phrases(
        "have, has, got, i use, we use",
        "habe, hab, hat, haben, ich nutze, wir nutzen, benutze",
        "j'ai, on a, avons, j'utilise",
        "tengo, tenemos, tiene, uso, usamos",
    )
    + rf"\s*{_ARTICLE}"
)
_IS_WRONG = one_of(
    "overkill, a waste, wasteful, too expensive, too slow, too small, too big, unnecessary, not needed",
    "nicht nötig, übertrieben, verschwendung, eine verschwendung, zu teuer, zu langsam",
    "du gâchis, inutile, trop cher, trop chère, trop lente",
    "un desperdicio, innecesari*, demasiado*, demasiada*",
)
_NOT_A_GPU = (
    r"(?!\s*(?:steps?|samples?|epochs?|tokens?|images?|rows?|MB|GB|iterations?|examples?|prompts?|schritte|lines?)\b)"
)
_COUNT_BEFORE = re.compile(rf"(?<![\w.,$])(?:an?\s+)?({NUMBER})\s*[x×*]?\s*$", re.IGNORECASE)
_TWO = ends_with(
    phrases(
        "twin, dual, a pair of",
        "ein paar",
        "une paire de",
        "un par de",
    )
    + r"\s*"
)
_COUNT_BEHIND = re.compile(r"\s*(?:[x×:*]\s*([2-9])(?![0-9])|\(\s*([2-9])\s*[x×]\s*\)|\(\s*[x×]\s*([2-9])\s*\))")


_NEAR = 80
"""Characters: so far before a GPU its clause says whether it is wanted."""


def gpus(prose: str) -> list[Named]:
    """Every GPU with a known name, in the order of the text; where there are more than `MOST`, none is wanted."""
    parts, whole = clauses(prose), sentences(prose)
    matches = list(_pattern().finditer(prose))
    if len(matches) > MOST:
        return [Named(_spelt(match), count=1, wanted=False, refused=False, span=_span(match)) for match in matches]
    ends = [*(match.start() for match in matches[1:]), len(prose)][: len(matches)]
    return [
        _named(prose, match, around(parts, match.start()), min(end, around(whole, match.start()).end))
        for match, end in zip(matches, ends, strict=True)
    ]


def _named(prose: str, match: re.Match[str], clause: Span, rest: int) -> Named:
    """`rest`: where what may be said of it ends, with the sentence or the next GPU."""
    before = prose[max(clause.start, match.start() - _NEAR) : match.start()]
    count, before = _counted(before)
    if behind := _COUNT_BEHIND.match(prose, match.end()):
        count = int(behind[1] or behind[2] or behind[3])
    refused = bool(_NOT.search(before) or _IS_WRONG.search(prose, match.end(), rest))
    own = bool(
        _OWN.search(before) or _ELSEWHERE.search(clause.text) or _AS_GOOD_AS.search(before) or _I_HAVE.search(before)
    )
    return Named(_spelt(match), count, not refused and not own, refused, _span(match))


def _span(match: re.Match[str]) -> Span:
    return Span(match.start(), match.end(), match[0])


def _counted(before: str) -> tuple[int, str]:
    """How many are said right before it, and what stands before that."""
    if two := _TWO.search(before):
        return 2, before[: two.start()]
    counted = _COUNT_BEFORE.search(before)
    value = None if counted is None else value_of(counted[1])
    if counted is None or value is None:
        return 1, before
    return int(value), before[: counted.start()]


def _spelt(match: re.Match[str]) -> str:
    gpu = parse_gpu(match["name"] or f"RTX{match['card']}{match['kind'] or ''}")
    memory = f"-{match['memory']}GB" if match["memory"] else ""
    form = f"-{match['form'].upper()}" if match["form"] else ""
    return f"{gpu.model}{memory}{form}"


@cache
def _pattern() -> re.Pattern[str]:
    """Cards of four digits may stand without their `RTX`; all else as gpuhunt names it."""
    names = {gpu.name for gpu in gpuhunt.KNOWN_ACCELERATORS if not re.fullmatch(r"v[0-9]\w?", gpu.name.lower())}
    cards = {card[1] for name in names if (card := re.fullmatch(r"RTX([2-5]0[5-9]0)(?:Ti|Super)?", name))}
    lettered = sorted((name for name in names if not re.match(r"RTX[0-9]{4}(?!Ada)", name)), key=len, reverse=True)
    spaced = [re.sub(r"(?<=[A-Za-z])(?=[0-9])", r"[ -]?", re.escape(name)) for name in lettered if len(name) > 3]
    short = [re.escape(name) for name in lettered if len(name) <= 3]
    other = "|".join(
        [r"(?:RTX\s?)?A-?[0-9]{4}(?![0-9])", r"RTX\s?[2456][05]00\s?Ada", r"H[12]00[\s-]?NVL", *spaced, *short]
    )
    known = rf"(?:rtx\s?-?)?(?P<card>{'|'.join(sorted(cards))})(?:\s?(?P<kind>ti\s?super|ti|super))?|(?P<name>{other})"
    memory = r"(?:[\s-]?\(?(?P<memory>[1-9][0-9]{1,2})\s?G[Bo]?\)?)?"
    return re.compile(
        rf"(?<![\w$.,-])(?:nvidia\s+)?(?:geforce\s+)?(?:{known}){memory}(?:[\s-](?P<form>sxm|pcie)[0-9]?)?"
        rf"(?:['’]?s)?(?!\w){_NOT_A_GPU}",
        re.IGNORECASE,
    )
