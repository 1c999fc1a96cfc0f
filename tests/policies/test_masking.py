"""Secrets never show in a stream, and no byte of it moves."""

import base64
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.masking import Masker, mask

SECRETS = st.lists(st.text("abc\n", min_size=1, max_size=8), max_size=4)
STREAMS = st.text("abc\n ", max_size=200).map(str.encode)


def chunked(data: bytes, cuts: list[int], secrets: list[str]) -> bytes:
    masker = Masker(secrets)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    out = b"".join(masker.feed(data[start:end]) for start, end in pairwise(edges))
    return out + masker.flush()


@given(SECRETS, STREAMS)
def test_no_secret_is_left_and_no_length_changes(secrets: list[str], data: bytes) -> None:
    """Whatever overlaps whatever."""
    out = mask(data, secrets)
    assert len(out) == len(data)
    assert not [secret for secret in secrets if len(secret) >= 4 and secret.encode() in out]
    assert all(after in (before, ord("*")) for before, after in zip(data, out, strict=True))


@given(SECRETS, STREAMS, st.lists(st.integers(0, 10_000), max_size=30))
def test_where_the_stream_is_cut_makes_no_difference(secrets: list[str], data: bytes, cuts: list[int]) -> None:
    """Byte by byte or all at once."""
    assert chunked(data, cuts, secrets) == mask(data, secrets)


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=30))
def test_without_secrets_everything_passes(data: bytes, cuts: list[int]) -> None:
    """Nothing is masked, nothing is held back."""
    masker = Masker([])
    assert masker.feed(data) == data
    assert chunked(data, cuts, ["abc"]) == data


@given(SECRETS, STREAMS)
def test_only_what_could_be_a_secrets_beginning_is_held_back(secrets: list[str], data: bytes) -> None:
    """Never more than the longest secret, and nothing at all when the stream's end begins none."""
    masker = Masker(secrets)
    given_now = masker.feed(data)
    held = data[len(given_now) :]
    longest = max((len(json.dumps(secret)) + 3 * len(secret) for secret in secrets), default=0)
    assert len(held) <= longest
    assert masker.feed(b"#") + masker.flush() == mask(data + b"#", secrets)[len(given_now) :]


def test_a_stream_is_not_delayed() -> None:
    """What begins no secret is given at once."""
    masker = Masker(["hunter2"])
    assert masker.feed(b"plain text") == b"plain text"
    assert masker.feed(b" hunt") == b" "
    assert masker.feed(b"ing") == b"hunting"
    assert masker.feed(b" hunter2!") == b" *******!"


@pytest.mark.parametrize(
    "form",
    [
        'line one\nli"ne two',
        "line one",
        'li"ne two',
        'line one\r\nli"ne two',
        json.dumps('line one\nli"ne two')[1:-1],
        "line%20one%0Ali%22ne%20two",
        base64.b64encode(b'line one\nli"ne two').decode().rstrip("="),
    ],
)
def test_forms_of_a_secret_are_masked_too(form: str) -> None:
    """Whole, line by line, in JSON, in a URL, in base64."""
    assert mask(f"<{form}>".encode(), ['line one\nli"ne two']) == b"<" + b"*" * len(form) + b">"


def test_a_secret_that_overlaps_itself_is_covered_whole() -> None:
    """Wherever it begins, also inside of itself."""
    assert mask(b"ababab!", ["abab"]) == b"******!"
    assert chunked(b"ababab!", [1, 3, 5], ["abab"]) == b"******!"


def test_short_secrets_are_left_alone() -> None:
    """Three characters would blot out ordinary text."""
    assert mask(b"abc abcd", ["abc"]) == b"abc abcd"
    assert mask(b"abc abcd", ["abcd"]) == b"abc ****"
