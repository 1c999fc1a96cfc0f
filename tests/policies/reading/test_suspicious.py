"""Which words may change what a figure means, and which of the endless rest do not."""

import pytest

from policies.reading.suspicious import is_suspicious

SMALL = [
    "not",
    "than",
    "Unless",
    "apiece",
    "kein",
    "JEWEILS",
    "übermorgen",
    "sauf",
    "chaque",
    "doble",
    "según",
    "falls",
    "andernfalls",
]
STEMS = ["avoiding", "donated", "verzichten", "exclure", "descuento"]


@pytest.mark.parametrize(
    "word",
    [*SMALL, *STEMS, "two", "4bit", "v1", "aprobó", "calculait"],
)
def test_small_words_numbers_and_stems_are_suspicious(word: str) -> None:
    """Of any field, in four languages, in any case and form."""
    assert is_suspicious(word, "hours")
    assert is_suspicious(word, "budget_usd")


@pytest.mark.parametrize(
    "word", ["penguin", "Meteoriten", "détecteur", "classifier", "sonnet", "one", "serait", "speed"]
)
def test_other_words_are_not(word: str) -> None:
    """Nouns, verbs and adjectives are without end, and one is no number that counts anything."""
    assert not is_suspicious(word, "hours")


@pytest.mark.parametrize("word", ["manana", "despues", "ubermorgen", "precedent"])
def test_accents_may_be_missing(word: str) -> None:
    assert is_suspicious(word, "budget_usd")


def test_a_word_may_matter_to_one_field_alone() -> None:
    """A limit that was granted is one still, what needed two hours is over; and money for an hour is no limit."""
    assert is_suspicious("granted", "hours")
    assert not is_suspicious("granted", "budget_usd")
    assert is_suspicious("hour", "budget_usd")
    assert is_suspicious("movies", "hours")
    assert not is_suspicious("movies", "budget_usd")
    assert is_suspicious("comparable", "accelerators")
