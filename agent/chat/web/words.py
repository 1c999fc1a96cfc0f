"""Values as the pages word them; every template knows these as filters."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from agent.card import size_text
from agent.result import timestamp
from policies.money import rate, usd
from policies.text import as_seen, clean, clean_lines, without_links

MOST_NAME = 200
MOST_LINES = 4000


def dollars(cents: int) -> str:
    """`147` becomes `$1.47`, `-5` becomes `-$0.05`."""
    return f"-${usd(-cents)}" if cents < 0 else f"${usd(cents)}"


def when(at: datetime | None) -> str:
    """A moment for a human."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def named(text: object) -> str:
    """A name or a line from outside: one line, nothing invisible, no link, bounded."""
    return without_links(clean(str(text), MOST_NAME))


def told(text: object) -> str:
    """A sentence of ours, which may hold names from outside."""
    return clean(str(text), MOST_LINES)


def several(text: object) -> str:
    """Lines from outside."""
    return clean_lines(str(text), MOST_LINES)


def laid_out(text: object) -> str:
    """Lines of ours that stand in columns."""
    return as_seen(str(text))[:MOST_LINES]


def sentence(text: str) -> str:
    """A capital to begin with, unless a name does: a path, a run, a key keep their letters, as all that follows."""
    first = text.partition(" ")[0].rstrip(",;:")
    return text[:1].upper() + text[1:] if first.isalpha() else text


def seen(text: str) -> str:
    """What a form says that was shown beside this text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


FILTERS: Mapping[str, Callable[..., str | None]] = {
    "dollars": dollars,
    "when": when,
    "iso": timestamp,
    "named": named,
    "told": told,
    "several": several,
    "laid_out": laid_out,
    "rate": rate,
    "size": size_text,
    "seen": seen,
    "sentence": sentence,
}
