"""Files to a pod and back: all of them, exactly, or an error and nothing half-written."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.tools.ssh.looking import exists, fill, links_below, tree, until, write
from tests.tools.ssh.pods import PodServer
from tools.errors import HostUnreachable, Malformed, TransferFailed
from tools.ports import RemoteHome
from tools.ssh import remote_files
from tools.ssh.session import SshSession

Patch = pytest.MonkeyPatch


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Where outputs go."""
    return tmp_path / "run" / "outputs"


ODD_NAMES = {
    "plain.txt": b"plain",
    "a b.txt": b"blank",
    " lead and trail ": b"blanks",
    "-rf": b"dash",
    "--checkpoint-action=exec=id": b"dashes",
    'it\'s "quoted" `id` $(id) ;&|<>': b"quotes",
    "back\\slash": b"backslash",
    "schön/豚.txt": b"unicode",
    "*?[x]": b"globs",
    ".hidden/.file": b"dots",
    "%41": b"percent",
    "=": b"",
    "deep/" + "d/" * 40 + "x": b"deep",
}


async def test_odd_names_come_home_as_they_are(session: SshSession, home: RemoteHome, work: Path, into: Path) -> None:
    """Blanks, quotes, dashes, backslashes, patterns: only names, never anything else."""
    files = fill(work, ODD_NAMES)
    fetched = await session.fetch(home, ["."], into)
    assert tree(into) == files
    assert fetched.files == tuple(sorted(files))
    assert fetched.size_bytes == sum(map(len, files.values()))


async def test_names_that_can_t_be_shown_are_escaped_here(
    session: SshSession, home: RemoteHome, work: Path, into: Path
) -> None:
    """Newlines, escape sequences, bidi marks and bytes that are no text: the file is here under a harmless name."""
    fill(work, {"a\nb": b"1", "x\x1b[31m": b"2", "evil\u202etxt": b"3", "tab\t\\": b"4"})
    (work / os.fsdecode(b"\xff\xfe")).write_bytes(b"5")
    fetched = await session.fetch(home, ["."], into)
    assert tree(into) == {"a%0Ab": b"1", "x%1B[31m": b"2", "evil%E2%80%AEtxt": b"3", "tab%09\\": b"4", "%FF%FE": b"5"}
    assert all(name.isprintable() for name in fetched.files)


async def test_only_what_the_globs_name_comes_home(
    session: SshSession, home: RemoteHome, work: Path, into: Path
) -> None:
    """Patterns are matched here; those that match nothing are named."""
    fill(work, {"metrics.json": b"{}", "adapters/a/w.bin": b"w", "adapters/c.json": b"c", "log.txt": b"", "b.pt": b"b"})
    fetched = await session.fetch(home, ["adapters/", "metrics.json", "*.pt", "none/", "$(touch x)"], into)
    assert fetched.files == ("adapters/a/w.bin", "adapters/c.json", "b.pt", "metrics.json")
    assert fetched.missing == ("none/", "$(touch x)")
    assert not exists(work / "x")


async def test_nothing_to_fetch_is_no_error(session: SshSession, home: RemoteHome, into: Path) -> None:
    """The caller decides what missing outputs mean."""
    fetched = await session.fetch(home, ["*.bin"], into)
    assert (fetched.files, fetched.size_bytes, fetched.missing) == ((), 0, ("*.bin",))


async def test_a_large_file_comes_whole(session: SshSession, home: RemoteHome, work: Path, into: Path) -> None:
    """20 MiB that don't compress, and a hundred small files around it."""
    content = os.urandom(20 << 20)
    files = fill(work, {"big.bin": content} | {f"s/{n}": b"%d" % n * n for n in range(100)})
    await session.fetch(home, ["."], into)
    assert tree(into) == files


async def test_execute_bits_come_along_and_no_others(
    session: SshSession, home: RemoteHome, work: Path, into: Path
) -> None:
    """A setuid or world-writable file is an ordinary one here."""
    fill(work, {"tool": b"#!/bin/sh\n", "text": b"x"})
    (work / "tool").chmod(0o6777)
    (work / "text").chmod(0o666)
    await session.fetch(home, ["."], into)
    assert (into / "tool").stat().st_mode & 0o7777 == 0o755
    assert (into / "text").stat().st_mode & 0o7777 == 0o644


async def test_links_inside_are_followed_and_others_are_named(
    session: SshSession, home: RemoteHome, work: Path, into: Path, tmp_path: Path
) -> None:
    """Links to files and folders of the job's bring the content; what leads out or nowhere is skipped, and said."""
    fill(work, {"step-9/model.bin": b"m", "real.txt": b"r"})
    write(tmp_path / "outside/passwd", b"root")
    links = {"latest": "step-9", "alias.txt": "real.txt", "absolute": str(work / "real.txt"), "chain": "alias.txt"}
    links |= {"out": str(tmp_path / "outside"), "up": "../../..", "gone": "nothing", "self": "self", "loop": "."}
    for link, target in links.items():
        (work / link).symlink_to(target)
    fetched = await session.fetch(home, ["."], into)
    assert tree(into) == {
        "step-9/model.bin": b"m",
        "latest/model.bin": b"m",
        "real.txt": b"r",
        "alias.txt": b"r",
        "absolute": b"r",
        "chain": b"r",
    }
    assert fetched.skipped == ("gone", "loop", "out", "self", "up")
    assert links_below(into) == []


async def test_a_link_alone_can_be_an_output(session: SshSession, home: RemoteHome, work: Path, into: Path) -> None:
    """`checkpoints/latest/` is a common way to name the newest."""
    fill(work, {"checkpoints/step-1/w": b"1", "checkpoints/step-2/w": b"2"})
    (work / "checkpoints/latest").symlink_to("step-2")
    await session.fetch(home, ["checkpoints/latest/"], into)
    assert tree(into) == {"checkpoints/latest/w": b"2"}


async def test_devices_and_pipes_are_no_outputs(session: SshSession, home: RemoteHome, work: Path, into: Path) -> None:
    """They are not waited for."""
    fill(work, {"x": b"x"})
    os.mkfifo(work / "pipe")
    fetched = await asyncio.wait_for(session.fetch(home, ["."], into), 20)
    assert fetched.files == ("x",)


async def test_what_is_here_is_not_sent_again(
    session: SshSession, home: RemoteHome, work: Path, into: Path, monkeypatch: Patch
) -> None:
    """A second fetch moves only what changed, and replaces it."""
    fill(work, {"same": b"s" * 1000, "changed": b"old!"})
    await session.fetch(home, ["."], into)
    kept = (into / "same").stat().st_ino
    fill(work, {"changed": b"new!"})
    monkeypatch.setattr(
        remote_files, "SEND", remote_files.SEND.replace("one='", 'grep -qz same "$names" && exit 1; one=\'')
    )
    await session.fetch(home, ["."], into)
    assert tree(into) == {"same": b"s" * 1000, "changed": b"new!"}
    assert (into / "same").stat().st_ino == kept


@pytest.mark.parametrize(
    ("change", "arrives"),
    [("printf B >b", {"a"}), ("printf XXX >b", {"a", "c"}), ("printf XXXX >b", {"a", "c"}), ("rm b", {"a"})],
)
async def test_a_file_that_changes_meanwhile_is_refused(
    session: SshSession, home: RemoteHome, work: Path, into: Path, monkeypatch: Patch, change: str, arrives: set[str]
) -> None:
    """It is named and not in place; what arrived whole stays, and the next fetch brings the rest."""
    fill(work, {"a": b"aaa", "b": b"bbb", "c": b"ccc"})
    with monkeypatch.context() as patch:
        patch.setattr(remote_files, "SEND", remote_files.SEND.replace("one='", f"{change}\none='"))
        with pytest.raises(TransferFailed):
            await session.fetch(home, ["."], into)
    assert tree(into) == {name: name.encode() * 3 for name in arrives}
    if change != "rm b":
        await session.fetch(home, ["."], into)
        assert tree(into) == tree(work)


async def test_a_file_that_only_grew_arrives_as_it_was_hashed(
    session: SshSession, home: RemoteHome, work: Path, into: Path, monkeypatch: Patch
) -> None:
    """A log that goes on does not hold up a sync, nor shift the files after it."""
    fill(work, {"a": b"aaa", "b": b"bbb", "c": b"ccc"})
    monkeypatch.setattr(remote_files, "SEND", remote_files.SEND.replace("one='", "printf grown >>b\none='"))
    await session.fetch(home, ["."], into)
    assert tree(into) == {"a": b"aaa", "b": b"bbb", "c": b"ccc"}


async def test_a_file_that_grows_while_it_is_hashed_is_refused(
    session: SshSession, home: RemoteHome, work: Path, into: Path, monkeypatch: Patch
) -> None:
    """Its size and its digest are of two states: nothing is in place that is not what was hashed."""
    fill(work, {"a": b"aaa"})
    monkeypatch.setattr(remote_files, "MANIFEST", remote_files.MANIFEST.replace("echo --\n", "echo --\nprintf b >>a\n"))
    with pytest.raises(TransferFailed, match=r"1 file changed while .*: a"):
        await session.fetch(home, ["."], into)
    assert tree(into) == {}


async def test_a_lost_connection_leaves_nothing_half_written(
    session: SshSession, home: RemoteHome, work: Path, into: Path, pod: PodServer
) -> None:
    """The file in flight is not there; a fetch over a new connection brings it."""
    content = os.urandom(30 << 20)
    fill(work, {"big.bin": content})
    fetching = asyncio.create_task(session.fetch(home, ["."], into))
    await until(lambda: exists(into / ".swineherd-partial/file"))
    pod.drop()
    with pytest.raises(HostUnreachable):
        await fetching
    assert tree(into) == {}
    again = await pod.connect()
    await again.fetch(home, ["."], into)
    assert tree(into) == {"big.bin": content}


@pytest.mark.parametrize("glob", ["/etc/passwd", "../x", "a/../../x", "", "a\0b"])
async def test_globs_that_leave_the_folder_are_refused(
    session: SshSession, home: RemoteHome, into: Path, glob: str
) -> None:
    """Before anything is touched."""
    with pytest.raises(Malformed):
        await session.fetch(home, [glob], into)
    assert not exists(into)


def test_the_pods_scripts_are_reached_by_these_tests() -> None:
    """The replacements above must find their place, or those tests would prove nothing."""
    assert "one='" in remote_files.SEND
    assert "echo --\n" in remote_files.MANIFEST
    assert "tee " in remote_files.UNPACK
