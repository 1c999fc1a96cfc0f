"""What a model said, made fit to stand beside our own words: bounded, one line, no link, and marked as its own."""

import re

from policies.text import clean, has_link

MOST_CHARS = 200
MOST_NAME_CHARS = 40


_ADDRESS = re.compile(r"@[\w-]+\.\w|[\w-]\.[a-z]{2,}[/?#]", re.IGNORECASE)
"""`pay@host.tld`, `host.tld/path`: chats make links of these too. `torch.cuda` and `train.py` are left alone."""


def words_of(text: str) -> str:
    """The words alone, as they may be kept."""
    return clean(without_addresses(clean(text, MOST_CHARS)), MOST_CHARS).replace('"', "'")


def without_addresses(text: str) -> str:
    """`text` with `[link]` for every word that leads somewhere, or that a chat would make lead somewhere."""
    return re.sub(r"\S+", lambda found: "[link]" if has_link(found[0]) or _ADDRESS.search(found[0]) else found[0], text)


def said_by(model: str, words: str) -> str:
    """`MODEL: "…"`; the words can't end their own quotation marks."""
    return f'{words_of(model)[:MOST_NAME_CHARS]}: "{words_of(words)}"'
