"""Files to a pod: unpacked where they belong, and checked there."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from tests.tools.ssh.looking import fill, tree, write
from tests.tools.ssh.pods import PodServer
from tools.errors import HostUnreachable, Malformed, TransferFailed
from tools.ports import RemoteHome
from tools.ssh import remote_files
from tools.ssh.session import SshSession
from tools.ssh.snapshot import pack, snapshot

Patch = pytest.MonkeyPatch


def _local(folder: Path) -> Path:
    fill(folder, {"a b": b"1", "d/e": b"2", "run.sh": b"#!/bin/sh\n"})
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("d/e")
    return folder


async def test_upload_unpacks_and_may_be_repeated(
    session: SshSession, home: RemoteHome, work: Path, tmp_path: Path
) -> None:
    """A repeat overwrites; modes and links are kept."""
    snapshot(_local(tmp_path / "local"), tmp_path / "a.tar.gz")
    await session.upload(tmp_path / "a.tar.gz", f"{home.path}/work")
    write(work / "a b", b"changed there")
    await session.upload(tmp_path / "a.tar.gz", f"{home.path}/work")
    assert tree(work) == {"a b": b"1", "d/e": b"2", "run.sh": b"#!/bin/sh\n", "link": b"2"}
    assert (work / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (work / "link").readlink() == Path("d/e")


async def test_upload_makes_folders_below_the_pods_home(session: SshSession, pod: PodServer, tmp_path: Path) -> None:
    """`~/` is the pod's home; nothing else is expanded."""
    pack(write(tmp_path / "data.json", b"{}"), tmp_path / "a.tar.gz", "input.json")
    await session.upload(tmp_path / "a.tar.gz", "~/it's $HOME/deep")
    assert tree(pod.folder / "home/it's $HOME") == {"deep/input.json": b"{}"}


@pytest.mark.parametrize("path", ["relative", "", "~root/x", "/a\nb", "/a\x1b[0m", "-x"])
async def test_upload_needs_a_plain_place(session: SshSession, tmp_path: Path, path: str) -> None:
    """Absolute or below `~/`, without control characters."""
    pack(write(tmp_path / "x", b""), tmp_path / "a.tar.gz")
    with pytest.raises(Malformed):
        await session.upload(tmp_path / "a.tar.gz", path)


async def test_upload_notices_a_damaged_archive(session: SshSession, home: RemoteHome, tmp_path: Path) -> None:
    """Tar's own words are in the error."""
    archive = write(tmp_path / "a.tar.gz", b"no archive at all" * 1000)
    with pytest.raises(TransferFailed, match="unpacking into"):
        await session.upload(archive, f"{home.path}/work")


async def test_upload_notices_bytes_that_changed_on_the_way(
    session: SshSession, home: RemoteHome, tmp_path: Path, monkeypatch: Patch
) -> None:
    """The pod's own SHA-256 must agree."""
    snapshot(_local(tmp_path / "local"), tmp_path / "a.tar.gz")
    monkeypatch.setattr(remote_files, "UNPACK", remote_files.UNPACK.replace("tee ", "(cat; echo more) | tee "))
    with pytest.raises(TransferFailed, match="did not arrive whole"):
        await session.upload(tmp_path / "a.tar.gz", f"{home.path}/work")


async def test_upload_into_an_impossible_place_says_why(
    session: SshSession, home: RemoteHome, work: Path, tmp_path: Path
) -> None:
    """The pod's words, in an error that is raised at once however much was still to be sent."""
    write(work / "file", b"")
    pack(write(tmp_path / "x", os.urandom(8 << 20)), tmp_path / "a.tar.gz")
    with pytest.raises(TransferFailed, match=r"(?i)not a directory|file exists"):
        await asyncio.wait_for(session.upload(tmp_path / "a.tar.gz", f"{home.path}/work/file/x"), 20)


async def test_upload_over_a_lost_connection_is_said(
    session: SshSession, home: RemoteHome, pod: PodServer, tmp_path: Path
) -> None:
    """Unreachable, to be repeated; not a failed transfer. The archive is not held open by the error."""
    pack(write(tmp_path / "x", os.urandom(40 << 20)), tmp_path / "a.tar.gz")
    uploading = asyncio.create_task(session.upload(tmp_path / "a.tar.gz", f"{home.path}/work"))
    await asyncio.sleep(0.3)
    pod.drop()
    with pytest.raises(HostUnreachable):
        await uploading
    assert str(tmp_path / "a.tar.gz") not in [file.path for file in psutil.Process().open_files()]
