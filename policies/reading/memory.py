"""GPU memory in a text, in GB; RAM, disks and datasets are none."""

import re
from decimal import ROUND_CEILING, Decimal

from policies.reading.figures import MOST, Figure, Weight
from policies.reading.numerals import NUMBER, torn, value_of
from policies.reading.prose import around, clauses
from policies.reading.words import begins_with, ends_with, one_of, phrases

_GB = r"(?:GB|GiB|gigs?|gigabytes?|gigas?|Go|G)"
_SIZE = re.compile(rf"(?P<number>{NUMBER})\s?\+?\s?-?{_GB}(?![A-Za-z0-9])\+?", re.IGNORECASE)

_VIDEO = phrases(
    "vram, v-ram, gpu memory, gpu-memory, gpu mem, gpu ram, gpu-ram, video memory, video ram, graphics memory",
    "grafikspeicher, gpu-speicher, gpu speicher, grafikkartenspeicher, videospeicher",
    "mémoire gpu, mémoire vidéo, mémoire graphique",
    "memoria gpu, memoria de gpu, memoria de la gpu, memoria de vídeo, memoria de video, memoria gráfica",
)
_CARD = phrases("card, cards, gpu, gpus", "karte, grafikkarte", "carte, carte graphique", "tarjeta, gráfica")
_THEN_MEMORY = begins_with(r"(?:of\s+|an?\s+|de\s+|d['’]|von\s+)?(?:memory|speicher|mémoire|memoria)")
_THEN_VIDEO = begins_with(
    rf"(?:(?:of|an|de|d['’]|von|at\s+least|free|or\s+more|mindestens|libres?|min\.?)\s*)*{_VIDEO}"
)
_THEN_CARD = begins_with(_CARD)
_VIDEO_THEN = ends_with(
    rf"(?:{_VIDEO}|{_CARD}\s+(?:with|mit|avec|con|of|de))"
    r"(?:[\s:=>≥~|.]|\b(?:is|of|at\s+least|with|requirement|requirements|mindestens|ab|von|au\s+moins|de|al\s+menos|min\.?|needed|about|around)\b)*"
)
_CARD_WITH = ends_with(rf"{_CARD}\s+(?:with|mit|avec|con)(?:\s+(?:at\s+least|mindestens|au\s+moins|al\s+menos))?")
_OTHER = begins_with(
    r"(?:(?:of|an|de|d['’]|system|main|cpu)\s*)*"
    + phrases(
        "ram, memory, disk, ssd, nvme, storage, swap, dataset, data, images, text, parquet, jsonl, model, checkpoint, "
        "checkpoints, download",
        "arbeitsspeicher, datensatz, daten, plattenplatz",
        "disque, espace, données",
        "disco, datos",
    )
)
_NOT_MEANT = one_of(
    "laptop, my gpu, my own, my card, i have, we have, my machine, my desktop, my pc",
    "not enough, isn't enough, too small, ran out, oom, crashed, crashes",
    "habe, haben, meine karte, mein rechner, reicht nicht, zu klein, abgestürzt",
    "j'ai, ma carte, mon pc, ne suffit pas, plante, trop petite",
    "tengo, mi tarjeta, portátil, no basta, insuficiente",
)


_LABELLED = re.compile(
    rf"(?P<label>\w[\w -]{{0,30}}?)\s*[\[(|]\s*(?:in\s+|en\s+)?{_GB}\s*[\])|]"
    r"[^\w\n]{0,30}(?P<number>[0-9]+)(?=\s*(?:[;|,]|$))",
    re.IGNORECASE | re.MULTILINE,
)
"""`VRAM [GB]: 16`, and a row of a table."""
_MUST = one_of("muss, müsste, soll, sollte")
"""`muss 40 GB VRAM haben`: the verb ends the sentence."""


def sizes(prose: str) -> list[Figure]:
    """Every size in GB, of whatever."""
    written = [
        Figure(value_of(match["number"]), "GB", match.start(), match.end(), match[0], Weight.LIKELY)
        for match in _SIZE.finditer(prose)
    ]
    return [*written, *map(_of_a_label, _LABELLED.finditer(prose))]


def _of_a_label(match: re.Match[str]) -> Figure:
    return Figure(Decimal(match["number"]), "GB", match.start(), match.end(), match[0], Weight.SAID)


def video_memory(prose: str) -> list[Figure]:
    """Every size that is said to be a GPU's memory; whole GB, rounded up. Of more than `MOST` sizes none is known."""
    parts = clauses(prose)
    found: list[Figure] = []
    sized = list(_SIZE.finditer(prose))
    if len(sized) > MOST:
        return [Figure(None, "GB", match.start(), match.end(), match[0], Weight.SAID) for match in sized]
    for match in sized:
        clause = around(parts, match.start())
        if _is_video(prose[clause.start : match.start()], prose[match.end() : clause.end]):
            around_it = prose[prose.rfind(":", clause.start, match.start()) + 1 or clause.start : clause.end]
            value = None if torn(prose, match.start()) else _whole(value_of(match["number"]))
            own = _NOT_MEANT.search(around_it) and not _MUST.search(around_it)
            weight = Weight.OF_SOMETHING_ELSE if own else Weight.SAID
            found.append(Figure(value, "GB", match.start(), match.end(), match[0], weight))
    labelled = (match for match in _LABELLED.finditer(prose) if re.fullmatch(_VIDEO, match["label"], re.IGNORECASE))
    return [*found, *map(_of_a_label, labelled)]


def _is_video(before: str, after: str) -> bool:
    if _THEN_VIDEO.match(after):
        return True
    if _THEN_MEMORY.match(after):
        return _CARD_WITH.search(before) is not None
    return not _OTHER.match(after) and bool(_THEN_CARD.match(after) or _VIDEO_THEN.search(before))


def _whole(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.to_integral_value(ROUND_CEILING)
