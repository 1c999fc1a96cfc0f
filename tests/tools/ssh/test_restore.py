"""Outputs that came while a job ran: what is here stays whole, and goes back in place on a later pod."""

from pathlib import Path

import pytest

from tests.tools.ssh.looking import exists, fill, tree, write
from tests.tools.ssh.pods import PodServer
from tools.errors import TransferFailed
from tools.ports import RemoteHome
from tools.ssh import remote_files
from tools.ssh.receive import STAGING
from tools.ssh.session import SshSession

FILES = {"model.pt": b"step 1000", "logs/.hidden": b"dot", "a b/'$(id)'": b"odd", "empty": b"", ".gitignore": b"*\n"}


@pytest.fixture
def synced(tmp_path: Path) -> Path:
    """Where outputs go while the job runs."""
    return tmp_path / "run" / "synced"


def move_away(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


async def test_files_go_back_in_place_as_they_came(
    pod: PodServer, session: SshSession, home: RemoteHome, work: Path, synced: Path
) -> None:
    """Every plain file, whatever its name and whatever an ignore file says; over older ones; nothing is left here."""
    fill(synced, FILES)
    (synced / "model.pt").chmod(0o755)
    fill(work, {"model.pt": b"from the snapshot", "train.py": b"code"})
    await session.restore(home, synced)
    assert tree(work) == FILES | {"train.py": b"code"}
    assert (work / "model.pt").stat().st_mode & 0o100
    assert [path.name for path in synced.parent.iterdir()] == ["synced"]
    assert (await session.fetch(home, ["."], synced)).files == tuple(sorted([*FILES, "train.py"]))


async def test_neither_links_nor_half_fetched_files_go_out(
    session: SshSession, home: RemoteHome, work: Path, synced: Path, tmp_path: Path
) -> None:
    """A link could name a file of this machine's."""
    fill(synced, {"model.pt": b"1", f"{STAGING}/file": b"half"})
    secret = write(tmp_path / "secret", b"mine")
    (synced / "link").symlink_to(secret)
    (synced / "folder").symlink_to(tmp_path)
    await session.restore(home, synced)
    assert tree(work) == {"model.pt": b"1"}


async def test_a_file_that_changes_keeps_its_last_good_copy(
    session: SshSession, home: RemoteHome, work: Path, synced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next fetch fails over it and brings the others; no earlier copy is lost, and the one after that has it."""
    fill(work, {"model.pt": b"step 1000", "other.txt": b"old"})
    await session.fetch(home, ["."], synced)
    fill(work, {"model.pt": b"step 2000", "other.txt": b"new"})
    with monkeypatch.context() as patch:
        patch.setattr(remote_files, "SEND", 'printf "step 3000" >"$home/work/model.pt"\n' + remote_files.SEND)
        with pytest.raises(TransferFailed, match=r"changed while being fetched: model\.pt"):
            await session.fetch(home, ["."], synced)
    assert tree(synced) == {"model.pt": b"step 1000", "other.txt": b"new"}
    await session.fetch(home, ["."], synced)
    assert tree(synced) == {"model.pt": b"step 3000", "other.txt": b"new"}


async def test_a_fetch_that_can_not_even_list_loses_nothing(
    session: SshSession, home: RemoteHome, work: Path, synced: Path
) -> None:
    """The job removed its folder: what is here stays."""
    fill(work, FILES)
    await session.fetch(home, ["."], synced)
    move_away(work)
    with pytest.raises(TransferFailed):
        await session.fetch(home, ["."], synced)
    assert tree(synced) == FILES
    assert not exists(work)
