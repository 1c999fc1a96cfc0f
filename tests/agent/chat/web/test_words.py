"""Words of the pages: what becomes of names in them."""

import pytest

from agent.chat.web.words import sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("name a job file below /home/Ann", "Name a job file below /home/Ann"),
        ("frozen, see RUN", "Frozen, see RUN"),
        ("hello-50bfcf70af has ended", "hello-50bfcf70af has ended"),
        ("max_hours: 48 h > 24 h", "max_hours: 48 h > 24 h"),
        ("", ""),
    ],
)
def test_a_sentence_keeps_the_letters_of_names(text: str, shown: str) -> None:
    """A path, a run or a command that is shown must be one that works when it is typed."""
    assert sentence(text) == shown
