"""A spend log lives on a disk of this machine, where locks hold."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tools.errors import StoreUnusable
from tools.spend_log.home import check_local, make_folder
from tools.spend_log.log import SqliteSpendLog


def mounts(tmp_path: Path, *points: tuple[str, str]) -> Path:
    """A mountinfo with `/` on ext4 and what is given: (mount point, type)."""
    lines = [
        f"{number} 1 8:1 / {point} rw,relatime shared:1 - {kind} source rw"
        for number, (point, kind) in enumerate((("/", "ext4"), *points), 20)
    ]
    file = tmp_path / "mountinfo"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.rclone", "ceph", "afpfs", "webdav"]
)
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    """The message names the place, the reason and the remedy."""
    table = mounts(tmp_path, ("/mnt/far", kind))
    with pytest.raises(StoreUnusable, match=rf"/mnt/far/home/spend\.db: .*network.*{kind}.*SWINEHERD_HOME"):
        check_local(Path("/mnt/far/home/spend.db"), table)
    check_local(Path("/mnt/farther/spend.db"), table)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuseblk"])
def test_a_local_file_system_is_fine(tmp_path: Path, kind: str) -> None:
    """Disks, memory and container layers."""
    check_local(Path("/mnt/here/spend.db"), mounts(tmp_path, ("/mnt/here", kind)))


def test_the_deepest_mount_decides(tmp_path: Path) -> None:
    """A local disk mounted below a network share, and a share over a disk: the last one wins."""
    table = mounts(tmp_path, ("/net", "nfs"), ("/net/disk", "ext4"), ("/over", "ext4"), ("/over", "nfs"))
    check_local(Path("/net/disk/spend.db"), table)
    for path in ("/net/spend.db", "/over/spend.db"):
        with pytest.raises(StoreUnusable):
            check_local(Path(path), table)


def test_a_mount_point_with_a_space(tmp_path: Path) -> None:
    """Mountinfo writes it as an octal escape."""
    with pytest.raises(StoreUnusable):
        check_local(Path("/mnt/my share/spend.db"), mounts(tmp_path, (r"/mnt/my\040share", "cifs")))


@pytest.mark.parametrize(
    "folder",
    [
        "Dropbox",
        "Dropbox (Personal)",
        "OneDrive",
        "OneDrive - Contoso",
        "Library/Mobile Documents/com~apple~CloudDocs",
        "Library/CloudStorage/GoogleDrive-me@example.com",
        "Google Drive",
        "Nextcloud",
        "iCloud Drive",
    ],
)
def test_a_synced_folder_is_refused(tmp_path: Path, folder: str) -> None:
    """A sync program copies files in the middle of a write."""
    with pytest.raises(StoreUnusable, match="synced folder"):
        check_local(tmp_path / folder / "spend.db")


@pytest.mark.parametrize("folder", ["dropbox-clone", "my-onedrive-app", "drop", "cloud"])
def test_a_name_that_only_resembles_one_is_fine(tmp_path: Path, folder: str) -> None:
    """People name projects after such programs."""
    check_local(tmp_path / folder / "spend.db")


def test_a_link_into_a_synced_folder_is_seen_through(tmp_path: Path) -> None:
    """Where the file really lies is what counts."""
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "Dropbox")
    with pytest.raises(StoreUnusable):
        SqliteSpendLog.open(tmp_path / "home" / "spend.db")
    assert list((tmp_path / "Dropbox").iterdir()) == []


def test_without_proc_the_system_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a Mac."""
    parts = [SimpleNamespace(mountpoint="/", fstype="apfs"), SimpleNamespace(mountpoint="/Volumes/s", fstype="SMBFS")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: parts)
    check_local(Path("/Users/me/spend.db"), tmp_path / "none")
    with pytest.raises(StoreUnusable):
        check_local(Path("/Volumes/s/spend.db"), tmp_path / "none")


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """It may be somebody's home: readable by others is theirs to choose, the files in it are 0600."""
    tmp_path.chmod(0o755)
    make_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
