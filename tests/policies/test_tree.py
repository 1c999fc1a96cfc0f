import pytest

from policies.tree import MAX_BYTES, MAX_DEPTH, Entry, Items, Scalar, Table, Unreadable, from_json, from_yaml


def test_scalars_keep_their_text_and_line() -> None:
    """`010` stays `010`, and every value knows where it stands."""
    assert from_yaml("a: 010\nb:\n  - yes\n  - 'yes'\n") == Table(
        1,
        (
            Entry(1, "a", Scalar(1, "010", "whole number")),
            Entry(2, "b", Items(3, (Scalar(3, "yes", "yes or no"), Scalar(4, "yes", "text")))),
        ),
    )


def test_nothing_is_a_null() -> None:
    """An empty file, or one of comments only."""
    assert from_yaml("# only a comment\n") == Scalar(None, "", "nothing")


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' a second time"),
        ("x:\n  a: 1\n  a: 1", 3, "the key 'a' a second time"),
        ("a: &n [1]\nb: *n", 2, "an alias"),
        ("a: &n [*n]", 1, "an alias"),
        ("a: 1\n? [x]\n: 1", 2, "a key that is no text"),
        ("a: !!python/object/apply:os.system [ls]", 1, "the tag"),
        ("a: !!binary aGk=", 1, "the tag"),
        ("a: !!set {x, y}", 1, "the tag"),
        ("a: 1\n---\nb: 2", 2, "broken YAML"),
        ("a: [1", 1, "broken YAML"),
        ("a: 1\n b: 2", 2, "broken YAML"),
        ("a: \x00", None, "characters"),
        ('a: "\\UFFFFFFFF"', None, "characters"),
        ('a: "\\U00110000"', None, "characters"),
    ],
)
def test_loose_yaml_is_refused_with_its_line(text: str, line: int | None, found: str) -> None:
    """Repeated keys, aliases, tags, several documents and broken text."""
    with pytest.raises(Unreadable, match=found) as caught:
        from_yaml(text)
    assert caught.value.line == line


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    """Counted in bytes as they lie on the disk, not in characters."""
    start = "a: "
    assert isinstance(from_yaml(start + "x" * (MAX_BYTES - len(start))), Table)
    with pytest.raises(Unreadable, match="256 kB"):
        from_yaml(start + "x" * (MAX_BYTES - len(start) + 1))
    with pytest.raises(Unreadable, match="256 kB"):
        from_yaml(start + "é" * (MAX_BYTES // 2))


def test_a_file_may_be_as_deep_as_the_limit_and_no_deeper() -> None:
    """A hundred thousand brackets end in a message, not in a crash."""
    assert isinstance(from_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH), Items)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(Unreadable, match="levels"):
            from_yaml("[" * depth + "]" * depth)


def test_json_gives_the_same_tree_as_yaml_would() -> None:
    """The same kinds, numbers as written."""
    assert from_json('{"a": 1.50, "b": [true, null, "1", 7]}') == Table(
        None,
        (
            Entry(None, "a", Scalar(None, "1.50", "number")),
            Entry(
                None,
                "b",
                Items(
                    None,
                    (
                        Scalar(None, "true", "yes or no"),
                        Scalar(None, "", "nothing"),
                        Scalar(None, "1", "text"),
                        Scalar(None, "7", "whole number"),
                    ),
                ),
            ),
        ),
    )


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "[NaN]", "[Infinity]", "[" * 100_000])
def test_loose_json_is_refused(text: str) -> None:
    """Broken, a repeated key, no number, or endlessly deep."""
    with pytest.raises(Unreadable):
        from_json(text)
