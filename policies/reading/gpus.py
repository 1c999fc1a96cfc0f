"""GPUs that a text asks for, in the job file's spelling; and what it says of them that a job file can't."""

import re
from dataclasses import dataclass
from functools import cache

import gpuhunt  # type: ignore[import-untyped]  # ships no types

from policies.gpu import parse_gpu
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


_ARTICLE = r"(?:(?:on|an?|the|any|eine[nrm]?|auf|un|une|la|le|una|unos|de|d['’]|sur|en)\s+)*"
_NOT = ends_with(
    phrases(
        "not, no, without, avoid, never, don't use, don't want, don't take, don't need, don't rent, instead of, "
        "rather than, except, anything but",
        "kein, keine, keinen, nicht, ohne, keinesfalls, statt",
        "pas, pas de, pas d', pas besoin, sans, jamais, éviter, évite, évitez",
        "sin, nunca, evita, evitar, nada de, en vez de, ni",
    )
    + rf"\s*{_ARTICLE}"
)
_AS_GOOD_AS = ends_with(phrases("than, as, like", "als, wie", "que, comme", "como") + rf"\s*{_ARTICLE}")
_OWN = one_of(
    "my, our, own, laptop, desktop, workstation, at home, locally, local, previously, used to, last week, last time, "
    "last month, last year, last run",
    "mein, meine, meinem, meiner, unser, unsere, unserem, zuhause, lokal, gestern, letzte, letzten, letztes",
    "mon, ma, notre, chez moi",
    "mi, nuestra, nuestro, en casa, portátil",
)
_I_HAVE = ends_with(
    phrases("have, has, got", "habe, hab, hat, haben", "j'ai, on a, avons", "tengo, tenemos, tiene") + rf"\s*{_ARTICLE}"
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
_COUNT_BEFORE = re.compile(rf"(?<![\w.,$])({NUMBER})\s*[x×*]?\s*$", re.IGNORECASE)
_COUNT_BEHIND = re.compile(r"\s*[x×:]\s*([2-9])(?![0-9])")


def gpus(prose: str) -> list[Named]:
    """Every GPU with a known name, in the order of the text."""
    parts, whole = clauses(prose), sentences(prose)
    matches = list(_pattern().finditer(prose))
    ends = [*(match.start() for match in matches[1:]), len(prose)][: len(matches)]
    return [
        _named(prose, match, around(parts, match.start()), min(end, around(whole, match.start()).end))
        for match, end in zip(matches, ends, strict=True)
    ]


def _named(prose: str, match: re.Match[str], clause: Span, rest: int) -> Named:
    """`rest`: where what may be said of it ends, with the sentence or the next GPU."""
    before, after = prose[clause.start : match.start()], prose[match.end() : clause.end]
    count, before = _counted(before)
    if behind := _COUNT_BEHIND.match(after):
        count = int(behind[1])
    refused = bool(_NOT.search(before) or _IS_WRONG.search(prose, match.end(), rest))
    own = bool(_OWN.search(clause.text) or _AS_GOOD_AS.search(before) or _I_HAVE.search(before))
    return Named(_spelt(match), count, not refused and not own, refused, Span(match.start(), match.end(), match[0]))


def _counted(before: str) -> tuple[int, str]:
    """How many are said right before it, and what stands before that."""
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
    other = "|".join([r"(?:RTX\s?)?A-?[0-9]{4}(?![0-9])", r"RTX\s?6000\s?Ada", *spaced, *short])
    known = rf"(?:rtx\s?-?)?(?P<card>{'|'.join(sorted(cards))})(?:\s?(?P<kind>ti|super))?|(?P<name>{other})"
    memory = r"(?:[\s-]?\(?(?P<memory>[1-9][0-9]{1,2})\s?G[Bo]?\)?)?"
    return re.compile(
        rf"(?<![\w$.,-])(?:nvidia\s+)?(?:geforce\s+)?(?:{known}){memory}(?:[\s-](?P<form>sxm|pcie)[0-9]?)?"
        rf"(?:['’]?s)?(?!\w){_NOT_A_GPU}",
        re.IGNORECASE,
    )
