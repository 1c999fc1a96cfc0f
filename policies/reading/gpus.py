"""GPUs that a text asks for, in the job file's spelling; and what it says of them that a job file can't."""

import re
from dataclasses import dataclass
from functools import cache

import gpuhunt  # type: ignore[import-untyped]  # ships no types

from policies.gpu import parse_gpu
from policies.reading.numerals import NUMBER, value_of
from policies.reading.prose import Span, around, clauses


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


_NOT = re.compile(
    r"\b(?:not|no|without|avoid|never|don['’]?t (?:use|want|take|need|rent)|instead of|rather than|except|anything but|kein\w*|nicht(?: auf)?|ohne|"
    r"keinesfalls|statt|pas (?:de|d['’]|sur|besoin)|sans|jamais|évite\w*|sin|nunca|evita\w*|nada de|en vez de|ni)\s*"
    r"(?:(?:on|an?|the|any|eine[nrm]?|auf|un|une|la|le|una|unos|de|d['’]|sur|en)\s*)*$",
    re.IGNORECASE,
)
_AS_GOOD_AS = re.compile(r"\b(?:than|as an?|like an?|als|que|wie)\s*(?:(?:an?|eine?r?|une?|una?)\s*)?$", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:my|our|own|laptop|desktop|workstation|at home|locally|local|mein\w*|unser\w*|zuhause|lokal\w*|mon|ma|notre|chez moi|"
    r"mi|nuestr\w|en casa|portátil|last (?:week|time|month|year|run)|gestern|letzte[nrs]?|previously|used to)\b",
    re.IGNORECASE,
)
_OVERKILL = re.compile(
    r"^\s*(?:s\s+)?(?:would be |is |are |wäre |ist |sind |serait |sería |es )?(?:overkill|too expensive|too (?:slow|small|big)|nicht nötig|zu teuer|trop chère?|demasiad\w*|unnecessary|not needed)",
    re.IGNORECASE,
)
_THINGS = (
    r"(?!\s*(?:steps?|samples?|epochs?|tokens?|images?|rows?|MB|GB|iterations?|examples?|prompts?|schritte|lines?))"
)


def gpus(prose: str) -> list[Named]:
    """Every GPU with a known name, in the order of the text."""
    parts = clauses(prose)
    return [_named(prose, match, around(parts, match.start())) for match in _pattern().finditer(prose)]


def _named(prose: str, match: re.Match[str], clause: Span) -> Named:
    before, after = prose[clause.start : match.start()], prose[match.end() : clause.end]
    count = 1
    if counted := re.search(rf"(?<![\w.,$])({NUMBER})\s*[x×*]?\s*$", before, re.IGNORECASE):
        count = int(value_of(counted[1]) or 1)
        before = before[: counted.start()]
    if suffix := re.match(r"\s*[x×:]\s*([2-9])(?![0-9])", after):
        count = int(suffix[1])
    refused = bool(_NOT.search(before) or _OVERKILL.search(after))
    own = bool(_OWN.search(clause.text) or _AS_GOOD_AS.search(before))
    span = Span(match.start(), match.end(), match[0])
    return Named(_spelt(match), count, not refused and not own, refused, span)


def _spelt(match: re.Match[str]) -> str:
    gpu = parse_gpu(match["name"] if not match["card"] else f"RTX{match['card']}{match['kind'] or ''}")
    memory = match["memory"]
    form = (match["form"] or "").upper()
    return gpu.model + (f"-{memory}GB" if memory else "") + (f"-{form}" if form else "")


@cache
def _pattern() -> re.Pattern[str]:
    names = {gpu.name for gpu in gpuhunt.KNOWN_ACCELERATORS if gpu.name.lower() not in {"v2", "v3", "v4", "v5p", "v6e"}}
    cards = {name[3:7] for name in names if re.fullmatch(r"RTX[0-9]{4}.*", name)} - {"6000", "8000", "5000", "4000"}
    lettered = sorted(
        (
            re.sub(r"(?<=[A-Za-z])(?=[0-9])", r"[\\s-]?", re.escape(name))
            for name in names
            if not re.match(r"RTX[0-9]{4}(?!Ada)", name)
        ),
        key=len,
        reverse=True,
    )
    other = "|".join([r"(?:RTX\s?)?A-?[0-9]{4}(?![0-9])", r"RTX\s?6000\s?Ada", *lettered])
    return re.compile(
        rf"(?<![\w$.,-])(?:nvidia\s+)?(?:geforce\s+)?(?:(?:rtx\s?-?)?(?P<card>{'|'.join(sorted(cards))})(?:\s?(?P<kind>ti|super))?|(?P<name>{other}))"
        rf"(?:[\s-]?\(?(?P<memory>[1-9][0-9]{{1,2}})\s?G[Bo]?\)?)?(?:[\s-](?P<form>sxm|pcie)[0-9]?)?(?:['’]?s)?(?![\w]){_THINGS}",
        re.IGNORECASE,
    )
