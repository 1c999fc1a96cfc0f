"""The near end of a fetch, fed by a pod that lies."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.ssh.looking import tree, write
from tools.errors import TransferFailed
from tools.ssh.listing import Wanted
from tools.ssh.receive import STAGING, Receiver, already_here, put, require_room


def wanted(name: str, content: bytes, *more: str) -> Wanted:
    return Wanted(name, (name, *more), len(content), hashlib.sha256(content).hexdigest())


def receive(into: Path, entries: list[Wanted], stream: bytes, piece: int = 1 << 16) -> None:
    into.mkdir(exist_ok=True)
    with Receiver(into, entries) as receiver:
        for start in range(0, len(stream), piece):
            receiver.feed(stream[start : start + piece])
        receiver.finish()


A, B = wanted("a", b"aaaa"), wanted("d/b", b"bb", "copy/b")


def test_files_are_cut_at_their_sizes_and_put_in_place(tmp_path: Path) -> None:
    """Each where it belongs, every copy of it, and no staging folder left."""
    receive(tmp_path / "into", [A, wanted("empty", b""), B, wanted("last", b"")], gzip.compress(b"aaaabb", mtime=0))
    assert tree(tmp_path / "into") == {"a": b"aaaa", "empty": b"", "d/b": b"bb", "copy/b": b"bb", "last": b""}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.integers(1, 60))
def test_where_the_stream_is_cut_makes_no_difference(tmp_path: Path, contents: list[bytes], piece: int) -> None:
    """Byte by byte or all at once."""
    entries = [wanted(f"f{index}", content) for index, content in enumerate(contents)]
    receive(tmp_path / "into", entries, gzip.compress(b"".join(contents), mtime=0), piece)
    assert tree(tmp_path / "into") == {f"f{index}": content for index, content in enumerate(contents)}
    shutil.rmtree(tmp_path / "into")


@pytest.mark.parametrize(
    ("stream", "says", "in_place"),
    [
        (b"", "in the middle", {}),
        (b"junk that is no gzip", "whole", {}),
        (gzip.compress(b"aaaab", mtime=0), "in the middle", {"a": b"aaaa"}),
        (gzip.compress(b"aaaabb", mtime=0)[:-9], "in the middle|whole", None),
        (gzip.compress(b"aaaabb", mtime=0)[:-1] + b"\xff", "whole", None),
        (gzip.compress(b"aaaabbX", mtime=0), "more than it was asked for", None),
        (gzip.compress(b"aaaabb", mtime=0) + b"tail", "more than it was asked for", None),
        (gzip.compress(b"aaaabb", mtime=0) + gzip.compress(b"more", mtime=0), "more than it was asked for", None),
        (gzip.compress(b"AAAAbb", mtime=0), "1 file changed.*: a", {"d/b": b"bb", "copy/b": b"bb"}),
        (gzip.compress(b"aaaaBB", mtime=0), "1 file changed.*: d/b", {"a": b"aaaa"}),
    ],
)
def test_a_stream_that_is_not_what_was_asked_for(
    tmp_path: Path, stream: bytes, says: str, in_place: dict[str, bytes] | None
) -> None:
    """Refused; only files whose digest is right are ever in place, and staging is gone."""
    with pytest.raises(TransferFailed, match=says):
        receive(tmp_path / "into", [A, B], stream)
    left = tree(tmp_path / "into")
    assert set(left.items()) <= {("a", b"aaaa"), ("d/b", b"bb"), ("copy/b", b"bb")}
    assert in_place is None or left == in_place
    assert not (tmp_path / "into" / STAGING).exists()


def test_a_bomb_is_refused_in_its_first_megabytes(tmp_path: Path) -> None:
    """More than the manifest said is not unpacked to see how much more."""
    bomb = gzip.compress(bytes(64 << 20), mtime=0)
    with pytest.raises(TransferFailed, match="more than it was asked for"):
        receive(tmp_path / "into", [wanted("a", b"")], bomb)


@pytest.mark.parametrize("target", ["../x", "/tmp/x", "a/../../x", f"{STAGING}/x"])
def test_no_target_leaves_the_folder(tmp_path: Path, target: str) -> None:
    """Whatever a listing said before: the last step checks again."""
    file = write(tmp_path / "file", b"x")
    (tmp_path / "into").mkdir()
    with pytest.raises(TransferFailed, match="refusing"):
        put(file, tmp_path / "into", target)
    assert tree(tmp_path) == {"file": b"x"}


def test_a_local_link_is_not_written_through(tmp_path: Path) -> None:
    """A link below the outputs folder that leads elsewhere is in the way, not a way."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "into").mkdir()
    (tmp_path / "into/d").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TransferFailed, match="is a link"):
        receive(tmp_path / "into", [B], gzip.compress(b"bb", mtime=0))
    assert tree(tmp_path / "elsewhere") == {}


def test_a_local_link_in_a_files_place_is_replaced(tmp_path: Path) -> None:
    """The link goes, what it led to stays."""
    write(tmp_path / "precious", b"mine")
    (tmp_path / "into").mkdir()
    (tmp_path / "into/a").symlink_to(tmp_path / "precious")
    receive(tmp_path / "into", [A], gzip.compress(b"aaaa", mtime=0))
    assert tree(tmp_path) == {"precious": b"mine", "into/a": b"aaaa"}


def test_a_folder_in_a_files_place_is_an_error(tmp_path: Path) -> None:
    """Nothing of it is deleted."""
    write(tmp_path / "into/a/kept", b"k")
    with pytest.raises(TransferFailed, match="could not store"):
        receive(tmp_path / "into", [A], gzip.compress(b"aaaa", mtime=0))
    assert tree(tmp_path / "into") == {"a/kept": b"k"}


def test_a_full_disk_is_an_error_with_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen before a byte is asked for."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100 << 20))
    require_room(tmp_path / "into", [Wanted("a", ("a",), 36 << 20, "")])
    with pytest.raises(TransferFailed, match=r"need 37.0 MiB with 64 MiB to spare.* has 100.0 MiB left"):
        require_room(tmp_path / "into", [Wanted("a", ("a",), 37 << 20, "")])


def test_a_disk_that_fills_up_meanwhile_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the system's words, and nothing is in place."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TransferFailed, match="No space left on device"):
        receive(tmp_path / "into", [A], gzip.compress(b"aaaa", mtime=0))
    assert tree(tmp_path / "into") == {}


def test_leftovers_of_a_crash_are_cleared(tmp_path: Path) -> None:
    """An earlier staging folder is no output and is not kept."""
    write(tmp_path / "into" / STAGING / "file", b"half")
    receive(tmp_path / "into", [A], gzip.compress(b"aaaa", mtime=0))
    assert tree(tmp_path / "into") == {"a": b"aaaa"}


def test_already_here_means_every_copy_byte_for_byte(tmp_path: Path) -> None:
    """Not the size alone, not a link, not one copy of two."""
    write(tmp_path / "d/b", b"bb")
    assert not already_here(tmp_path, B)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/b").symlink_to(tmp_path / "d/b")
    assert not already_here(tmp_path, B)
    (tmp_path / "copy/b").unlink()
    write(tmp_path / "copy/b", b"bX")
    assert not already_here(tmp_path, B)
    write(tmp_path / "copy/b", b"bb")
    assert already_here(tmp_path, B)
