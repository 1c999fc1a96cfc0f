"""A model's words beside our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.spoken import MOST_CHARS, MOST_NAME_CHARS, said_by, words_of
from policies.text import clean, has_link

ANY = st.text(max_size=400)


@given(ANY, ANY)
def test_they_stay_within_their_quotation_marks(model: str, words: str) -> None:
    """One line, bounded, without a link; cleaning what was cleaned changes nothing."""
    said = said_by(model, words)
    assert said.count('"') == 2
    assert said.endswith('"')
    assert said == clean(said, MOST_CHARS + MOST_NAME_CHARS + 4)
    assert not has_link(said)
    assert words_of(words_of(words)) == words_of(words)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("more room", "more room"),
        ('so "cheap"', "so 'cheap'"),
        ("see https://evil.example\nnow", "see [link] now"),
        ("a://b " * 100, "[link] " * 28 + "[li…"),
        ("pay Evil.example/now or pig@evil.example", "pay [link] or [link]"),
        ("torch.cuda fails at train.py:3, data/x.csv is empty", "torch.cuda fails at train.py:3, data/x.csv is empty"),
        ("x" * 500, "x" * (MOST_CHARS - 1) + "…"),
    ],
)
def test_what_is_kept_of_them(text: str, kept: str) -> None:
    """What is no link and fits."""
    assert words_of(text) == kept
