"""JSON that two readers could understand differently is refused."""

import time

import pytest

from tools.gpuhog.strict_json import MAX_DEPTH, Fraction, load, load_object


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1, "a": 1}',
        b'{"x": {"a": 1, "\\u0061": 2}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 01}',
        b'{"a": +1}',
        b'{"a": .5}',
        b'{"a": 0x10}',
        b'{"a": ' + "٣".encode() + b"}",
        b'{"a": ' + b"9" * 19 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"a": "\n"}',
    ],
)
def test_what_is_ambiguous_or_broken_is_refused(body: bytes) -> None:
    """One kind of error, whatever is wrong."""
    with pytest.raises(ValueError, match=r"."):
        load(body)


def test_numbers_keep_what_was_written() -> None:
    """Integers are ints; a fraction or an exponent stays text."""
    assert load(b'[1, -2, 0.340, 1e3, "0.34", true]') == [1, -2, Fraction("0.340"), Fraction("1e3"), "0.34", True]


def test_brackets_in_strings_are_no_depth() -> None:
    """Nor are escaped quotes the end of a string."""
    assert load(b'["' + b"[" * 50 + b'\\"' + b"[" * 50 + b'"]') == ["[" * 50 + '"' + "[" * 50]
    assert load(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'"' * 1_000_000, b'"' + b"\\" * 1_000_000])
def test_reading_takes_linear_time(body: bytes) -> None:
    """A megabyte of quotes is refused within a second, not within an hour."""
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"."):
        load(body)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("body", [b"[]", b"1", b'"{}"', b"null", b"true", b"0.5"])
def test_an_object_is_an_object(body: bytes) -> None:
    """Everything else is refused where an object is due."""
    with pytest.raises(ValueError, match="object"):
        load_object(body)
