"""Packing a folder: what goes, what stays at home, and the same archive for the same folder."""

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.ssh.looking import write
from tools.errors import TransferFailed
from tools.ssh.snapshot import pack, snapshot


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def packed(folder: Path, tmp_path: Path) -> list[str]:
    snapshot(folder, tmp_path / "a.tar.gz")
    return names(tmp_path / "a.tar.gz")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project."""
    for name in ("train.py", "data/x.bin", "data/keep.bin", ".env", ".git/HEAD", "sub/.git", "sub/y.log", "z.log"):
        write(tmp_path / "src" / name, name.encode())
    return tmp_path / "src"


def test_everything_goes_but_git(folder: Path, tmp_path: Path) -> None:
    """Without ignore files only `.git`, folder or file, stays; dotfiles go along."""
    expected = [".env", "train.py", "z.log", "data/keep.bin", "data/x.bin", "sub/y.log"]
    assert sorted(packed(folder, tmp_path)) == sorted(expected)


def test_gitignore_is_honoured_nested_ones_too(folder: Path, tmp_path: Path) -> None:
    """The nearest rule decides, `!` takes back, a folder that is ignored is not looked into."""
    write(folder / ".gitignore", b"*.log\n/data/*\n!/data/keep.bin\n.env\n")
    write(folder / "sub/.gitignore", b"!y.log\n")
    assert packed(folder, tmp_path) == [".gitignore", "train.py", "data/keep.bin", "sub/.gitignore", "sub/y.log"]


def test_an_ignored_folder_can_t_be_reopened_from_inside(folder: Path, tmp_path: Path) -> None:
    """As git has it."""
    write(folder / ".gitignore", b"data/\n")
    write(folder / "data/.gitignore", b"!x.bin\n")
    assert not [name for name in packed(folder, tmp_path) if name.startswith("data")]


def test_skyignore_replaces_gitignore(folder: Path, tmp_path: Path) -> None:
    """Then no .gitignore counts, nested ones included, as SkyPilot does it."""
    write(folder / ".gitignore", b"*.py\n")
    write(folder / "sub/.gitignore", b"*\n")
    write(folder / ".skyignore", b"data\n*.log\n")
    assert packed(folder, tmp_path) == [".env", ".gitignore", ".skyignore", "train.py", "sub/.gitignore"]


def test_rules_above_the_folder_do_not_count(folder: Path, tmp_path: Path) -> None:
    """The workdir is the top."""
    write(tmp_path / ".gitignore", b"*\n")
    assert "train.py" in packed(folder, tmp_path)


def test_the_same_folder_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Times, owners and the archive's own name change nothing."""
    first = snapshot(folder, tmp_path / "a.tar.gz")
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    second = snapshot(folder, tmp_path / "other.tar.gz")
    assert first == second
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "other.tar.gz").read_bytes()
    assert (first.files, first.size_bytes) == (6, sum(map(len, names(tmp_path / "a.tar.gz"))))


def _chmod(folder: Path) -> None:
    (folder / "train.py").chmod(0o755)


def _edit(folder: Path) -> None:
    write(folder / "train.py", b"TRAIN.PY")


def _rename(folder: Path) -> None:
    (folder / "train.py").rename(folder / "trainApy")


def _move_a_border(folder: Path) -> None:
    write(folder / "train.py", b"train.pyx")
    write(folder / ".env", b".en")


def _link(folder: Path) -> None:
    (folder / "train.py").unlink()
    (folder / "train.py").symlink_to("z.log")


@pytest.mark.parametrize("change", [_chmod, _edit, _rename, _move_a_border, _link])
def test_any_change_changes_the_digest(folder: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    """Mode, content, name, kind: an approval is bound to this digest."""
    before = snapshot(folder, tmp_path / "a.tar.gz").sha256
    change(folder)
    assert snapshot(folder, tmp_path / "a.tar.gz").sha256 != before


def test_modes_and_owners_are_plain(folder: Path, tmp_path: Path) -> None:
    """Execute bits go along; setuid bits, owners and times do not."""
    (folder / "train.py").chmod(0o6711)
    snapshot(folder, tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        members = {member.name: member for member in tar}
    assert members["train.py"].mode == 0o755
    assert members["z.log"].mode == 0o644
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members.values()} == {(0, 0, "", 0)}


def test_links_stay_links_and_those_that_leave_are_named(folder: Path, tmp_path: Path) -> None:
    """Nothing outside of the folder is read through a link, and the user is told."""
    write(tmp_path / "secret/key", b"s")
    for name, target in {
        "in": "data/x.bin",
        "folder": "data",
        "out": "../secret/key",
        "outs": str(tmp_path / "secret"),
        "absolute": str(folder / "z.log"),
        "sub/up": "../../secret",
    }.items():
        (folder / name).symlink_to(target)
    done = snapshot(folder, tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        links = {member.name: member.linkname for member in tar if member.issym()}
    assert links == {"in": "data/x.bin", "folder": "data"}
    skipped = sorted(reason.split(":")[0] for reason in done.skipped)
    assert skipped == ["absolute", "out", "outs", "sub/up"]


def test_special_files_are_named_and_not_waited_for(folder: Path, tmp_path: Path) -> None:
    """A pipe would block, a socket has no content."""
    os.mkfifo(folder / "pipe")
    done = snapshot(folder, tmp_path / "a.tar.gz")
    assert done.skipped == ("pipe: a pipe, socket or device",)
    assert "pipe" not in names(tmp_path / "a.tar.gz")


def test_a_single_file_goes_under_the_name_it_is_given(folder: Path, tmp_path: Path) -> None:
    """A file mount's remote name may differ from the local one."""
    pack(folder / "train.py", tmp_path / "a.tar.gz", "main.py")
    assert names(tmp_path / "a.tar.gz") == ["main.py"]
    pack(folder / "train.py", tmp_path / "a.tar.gz")
    assert names(tmp_path / "a.tar.gz") == ["train.py"]


def test_what_is_not_there_is_an_error(folder: Path, tmp_path: Path) -> None:
    """Neither a missing path nor a file as a folder."""
    with pytest.raises(TransferFailed, match="neither a file nor a folder"):
        pack(folder / "missing", tmp_path / "a.tar.gz")
    with pytest.raises(TransferFailed, match="not a folder"):
        snapshot(folder / "train.py", tmp_path / "a.tar.gz")


def test_a_rule_that_means_nothing_is_an_error(folder: Path, tmp_path: Path) -> None:
    """Better than sending what was meant to stay."""
    write(folder / ".gitignore", b"!\n")
    with pytest.raises(TransferFailed, match="gitignore"):
        snapshot(folder, tmp_path / "a.tar.gz")


def test_a_file_that_shrinks_meanwhile_is_an_error(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive with a hole in it must not be uploaded."""
    status = os.fstat

    def larger(fd: int) -> os.stat_result:
        found = list(status(fd))
        found[6] += 10
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", larger)
    with pytest.raises(TransferFailed, match="can't be packed: unexpected end"):
        snapshot(folder, tmp_path / "a.tar.gz")
