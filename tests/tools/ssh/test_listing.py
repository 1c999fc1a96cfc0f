"""What a pod says lies in a folder, also when it lies itself; and which of it a glob means."""

import pytest

from tools.errors import Malformed, TransferFailed
from tools.ssh.globs import compile_glob, select
from tools.ssh.listing import local_name, parse_listing


def said(files: list[bytes], executable: list[bytes] | None = None, links: dict[bytes, bytes] | None = None) -> bytes:
    """A listing as `tools.ssh.remote_files.LIST` prints it, of `/w`."""
    records = [*files, b"", *(executable or []), b""]
    for link, target in (links or {}).items():
        records += [link, target]
    return b"".join(record + b"\0" for record in [*records, b"", b"/w", b"0"])


def test_a_listing_is_read() -> None:
    """Names without `./`, execute bits, links resolved."""
    listing = parse_listing(said([b"./b", b"./a/x"], [b"./b"], {b"./l": b"/w/b", b"./d": b"/w/a", b"./o": b"/etc"}))
    assert listing.sources == {"a/x": "a/x", "b": "b", "l": "b", "d/x": "a/x"}
    assert listing.executable == {"b"}
    assert listing.strays == ("o",)


def test_an_empty_folder_and_a_dead_link_are_read() -> None:
    """Empty sections are sections; a link that leads nowhere has an empty target."""
    assert parse_listing(said([])).sources == {}
    assert parse_listing(said([], links={b"./gone": b"", b"./gone2": b""})).strays == ("gone", "gone2")


HOSTILE = [
    b"",
    b"\0",
    said([b"./a"])[:-1],
    said([b"./a"])[:-3],
    said([b"./a"]).replace(b"\x000\x00", b"\x001\x00"),
    b"./a\0\0/w\x000\0",
    said([b"a"]),
    said([b"/etc/passwd"]),
    said([b"../x"]),
    said([b"./../x"]),
    said([b"./a/../../x"]),
    said([b"./a/../b"]),
    said([b"././a"]),
    said([b".//a"]),
    said([b"./a/"]),
    said([b"./."]),
    said([b"./"]),
    said([b"./.."]),
    said([b".///etc/passwd"]),
    said([b"./a", b"./a"]),
    said([b"./a"], links={b"/l": b"/w/a"}),
    said([b"./a"], links={b"./../l": b"/w/a"}),
]


@pytest.mark.parametrize("output", HOSTILE)
def test_a_listing_that_lies_or_is_cut_off_is_refused(output: bytes) -> None:
    """Traversal, absolute paths, names twice, a failing `find`: nothing of it is believed."""
    with pytest.raises(TransferFailed):
        parse_listing(output)


@pytest.mark.parametrize("target", [b"/w", b"/", b"/wx/a", b"/w/../etc", b"/w/missing", b"a", b"/w/"])
def test_a_link_leads_only_to_what_was_listed(target: bytes) -> None:
    """Whatever the pod says of a link, it can only name files that are there and inside."""
    listing = parse_listing(said([b"./a"], links={b"./l": target}))
    assert listing.sources == {"a": "a"}
    assert listing.strays == ("l",)


MATCHES = [
    ("a.txt", ["a.txt", "a.txt/x"], ["b/a.txt", "a,txt", "a.txtx"]),
    ("out/", ["out/a", "out/b/c", "out/.x"], ["out", "outs/a", "x/out/a"]),
    ("out", ["out", "out/a"], ["outx"]),
    ("./out//sub/", ["out/sub/a"], ["out/a"]),
    (".", ["a", "b/c", ".d"], []),
    ("./", ["a", "b/c"], []),
    ("*.pt", ["a.pt", ".pt"], ["a/b.pt", "a.ptx"]),
    ("*", ["a", ".a", "a/b"], []),
    ("?", ["a", "a/b"], ["ab"]),
    ("a?c", ["abc"], ["a/c", "ac"]),
    ("**", ["a", "a/b/c"], []),
    ("**/x", ["x", "a/x", "a/b/x"], ["ax", "a/xb"]),
    ("a/**/x", ["a/x", "a/b/x", "a/b/c/x"], ["b/x", "ax"]),
    ("a/**", ["a/x", "a/b/c"], ["b/x"]),
    ("a**b", ["ab", "axxb"], ["a/b"]),
    ("[ab].txt", ["a.txt", "b.txt"], ["c.txt"]),
    ("[!ab]x", ["cx"], ["ax", "/x"]),
    ("[0-9]", ["5"], ["a"]),
    ("[z-a]", ["z", "-", "a"], ["m"]),
    ("[", ["["], ["x"]),
    ("[]x", ["[]x"], ["x"]),
    ("[]x]", ["]", "x"], ["a"]),
    ("a[.]b\\d$", ["a.b\\d$"], ["axb1"]),
    ("[\\w]", ["w", "\\"], ["a"]),
    ("a\nb", ["a\nb"], ["a"]),
    ("(x|y)+", ["(x|y)+"], ["x", "y"]),
]


@pytest.mark.parametrize(("glob", "hits", "misses"), MATCHES)
def test_what_a_glob_means(glob: str, hits: list[str], misses: list[str]) -> None:
    """A shell's meaning, with whole trees, and every other character plain."""
    pattern = compile_glob(glob)
    assert [name for name in hits if not pattern.fullmatch(name)] == []
    assert [name for name in misses if pattern.fullmatch(name)] == []


@pytest.mark.parametrize("glob", ["", "/", "/a", "..", "../a", "a/..", "a/../b", "a\0"])
def test_a_glob_that_leaves_the_folder_is_refused(glob: str) -> None:
    """Also when it would come back."""
    with pytest.raises(Malformed):
        compile_glob(glob)


def test_select_sorts_and_names_what_matches_nothing() -> None:
    """A file that two globs name comes once."""
    assert select(["b", "a", "c"], ["a", "[ab]", "x"]) == (["a", "b"], ("x",))


def test_a_pattern_of_many_stars_is_still_quick() -> None:
    """No pattern makes matching explode."""
    select(["a" * 200 + "b"] * 200, ["*a" * 3 + "c", "**/" * 6 + "c"])


def test_local_names_are_printable() -> None:
    """What can't be shown is shown as bytes; everything else stays."""
    assert local_name("ä b%41\\") == "ä b%41\\"
    assert local_name("\x1b\u200b\udcff\n") == "%1B%E2%80%8B%FF%0A"
