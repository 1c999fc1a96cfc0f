"""What a model said, made fit to stand beside our own words: bounded, one line, no link, and marked as its own."""

from policies.text import clean, without_links

MOST_CHARS = 200
MOST_NAME_CHARS = 40


def words_of(text: str) -> str:
    """The words alone, as they may be kept."""
    return clean(without_links(clean(text, MOST_CHARS)), MOST_CHARS).replace('"', "'")


def said_by(model: str, words: str) -> str:
    """`MODEL: "…"`; the words can't end their own quotation marks."""
    return f'{words_of(model)[:MOST_NAME_CHARS]}: "{words_of(words)}"'
