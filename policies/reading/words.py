"""Word lists as regular expressions: English, German, French and Spanish beside each other, in the order of a call."""

import re


def phrases(*languages: str) -> str:
    """Source of an expression for any of these phrases, as whole words; to be compiled with IGNORECASE.

    Args:
        languages: phrases with commas between them. `*` is the rest of a word; a blank is any run of blanks.
    """
    known = [phrase.strip() for language in languages for phrase in language.split(",")]
    return r"(?<!\w)(?:" + "|".join(_source(phrase) for phrase in known if phrase) + r")(?!\w)"


def _source(phrase: str) -> str:
    escaped = re.escape(phrase).replace(r"\ ", r"\s+").replace(r"\*", r"\w*")
    return escaped.replace("'", "['’]")


def one_of(*languages: str) -> re.Pattern[str]:
    """The same, compiled."""
    return re.compile(phrases(*languages), re.IGNORECASE)


def ends_with(source: str) -> re.Pattern[str]:
    """A text that ends so."""
    return re.compile(rf"(?:{source})\s*$", re.IGNORECASE)


def begins_with(source: str) -> re.Pattern[str]:
    """A text that begins so."""
    return re.compile(rf"\s*(?:{source})", re.IGNORECASE)
