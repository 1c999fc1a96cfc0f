"""GPU memory in a text, in GB; RAM, disks and datasets are none."""

import re
from decimal import ROUND_CEILING, Decimal

from policies.reading.figures import Figure, Weight
from policies.reading.numerals import NUMBER, value_of
from policies.reading.prose import around, clauses

_GB = r"(?:GB|GiB|gigs?|gigabytes?|gigas?|Go|G)"
_SIZE = re.compile(rf"(?P<number>{NUMBER})\s?(?P<more>\+)?\s?-?{_GB}(?![A-Za-z0-9])\+?", re.IGNORECASE)

_VIDEO = r"(?:v-?ram|gpu[\s-]?(?:memory|mem|ram|speicher)|grafik(?:karten)?speicher|(?:video|graphics)[\s-](?:memory|ram)|(?:mémoire|mémoires)\s+(?:gpu|vidéo|graphique)|memoria\s+(?:de\s+(?:la\s+)?)?(?:gpu|v[ií]deo|gráfica))"
_THEN_VIDEO = re.compile(
    rf"^\s*(?:of|an|de|d['’]|von|at least|free|or more|mindestens|libres?|min\.?)*\s*(?:de\s+)?{_VIDEO}\b",
    re.IGNORECASE,
)
_THEN_CARD = re.compile(
    r"^\s*(?:card|gpu|graphics|karte|grafikkarte|carte|tarjeta|gráfica)s?\b(?!\s*hours?)", re.IGNORECASE
)
_VIDEO_BEFORE = re.compile(
    rf"(?:{_VIDEO}|\b(?:card|gpu|karte|grafikkarte|carte|tarjeta|gráfica)\s+(?:with|mit|avec|con|of|de))\s*"
    r"(?:[:=>≥]+|is|of|at least|with|mindestens|ab|von|d['’]au moins|au moins|de|al menos|min\.?|needed|required|about|around|~|\s)*$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"^\s*(?:of\s+|an\s+|de\s+|d['’])?(?:system\s+|main\s+|cpu\s+|arbeits)?(?:ram\b|memory\b|arbeitsspeicher|disk|ssd|nvme|storage|swap|dataset|data\b|"
    r"datensatz|daten|disque|disco|images?|text|parquet|jsonl|model\b|checkpoints?|download|plattenplatz|espace)",
    re.IGNORECASE,
)
_NOT_ENOUGH = re.compile(
    r"\b(?:laptop|my (?:own )?(?:machine|desktop|pc)|not enough|isn['’]?t enough|too small|ran out|oom|reicht nicht|zu klein|ne suffit pas|no basta|insuficiente)\b",
    re.IGNORECASE,
)


def video_memory(prose: str) -> list[Figure]:
    """Every size that is said to be a GPU's memory; whole GB, rounded up."""
    parts = clauses(prose)
    found = []
    for match in _SIZE.finditer(prose):
        clause = around(parts, match.start())
        before, after = prose[clause.start : match.start()], prose[match.end() : clause.end]
        if _is_video(before, after):
            weight = Weight.OF_SOMETHING_ELSE if _NOT_ENOUGH.search(clause.text) else Weight.SAID
            found.append(Figure(_whole(value_of(match["number"])), "GB", match.start(), match.end(), match[0], weight))
    return found


def _is_video(before: str, after: str) -> bool:
    if _THEN_VIDEO.search(after):
        return True
    if _OTHER.search(after):
        return False
    return bool(_THEN_CARD.search(after) or _VIDEO_BEFORE.search(before))


def _whole(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.to_integral_value(ROUND_CEILING)
