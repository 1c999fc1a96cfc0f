"""What a model said, made fit to stand beside our own words: bounded, one line, no link, and marked as its own."""

import re

from policies.text import clean, without_links

MOST_CHARS = 200
MOST_NAME_CHARS = 40


_ADDRESS = re.compile(r"@[\w-]+\.\w|[\w-]\.[a-z]{2,}[/?#]", re.IGNORECASE)
"""`pay@host.tld`, `host.tld/path`: chats make links of these too. `torch.cuda` and `train.py` are left alone."""


def words_of(text: str) -> str:
    """The words alone, as they may be kept."""
    bounded = without_links(clean(text, MOST_CHARS))
    shown = " ".join("[link]" if _ADDRESS.search(word) else word for word in bounded.split(" "))
    return clean(shown, MOST_CHARS).replace('"', "'")


def said_by(model: str, words: str) -> str:
    """`MODEL: "…"`; the words can't end their own quotation marks."""
    return f'{words_of(model)[:MOST_NAME_CHARS]}: "{words_of(words)}"'
