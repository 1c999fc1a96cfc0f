"""How a script gets to a pod: whole or not at all, and not for ever."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tools.errors import HostUnreachable
from tools.ssh import channel
from tools.ssh.channel import Ended, run, shown
from tools.ssh.session import SshSession

LOADER = ["sh", "-c", 'eval "$(dd bs=1 count=$0 2>/dev/null)"']


def loaded(text: bytes, count: int, folder: Path) -> int:
    """What the loader does with `text` when it was told to expect `count` bytes; returns its status."""
    done = subprocess.run([*LOADER, str(count)], input=text, cwd=folder, capture_output=True, check=False)
    return done.returncode


def test_the_loader_is_the_one_that_is_sent() -> None:
    """These tests run the very command that a pod gets."""
    assert "sh -c '" + LOADER[2] + "' {count}" == channel._LOADER
    assert not set(channel._LOADER) & set("\n\\!")


def test_a_script_cut_off_anywhere_does_nothing(tmp_path: Path) -> None:
    """A connection may break at any byte: `rm -rf /a` must not become `rm -rf /`."""
    text = channel._wrapped("touch made\ntouch made-too", {"name": "it's"})
    for cut in range(len(text)):
        loaded(text[:cut], len(text), tmp_path)
        assert list(tmp_path.iterdir()) == [], text[:cut]
    assert loaded(text, len(text), tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "made-too"]


async def test_a_script_gets_its_variables_and_its_input(session: SshSession) -> None:
    """Variables exactly, input from its first byte on, status and complaint as they are."""
    value = "it's $HOME\n`id` \\ 豚"
    script = "printf '%s|' \"$value\"; cat; echo 'bad \033[31mthing' >&2; exit 7"
    output, ended = await run(session._connection, script, {"value": value}, b"\0input\n")
    assert output == value.encode() + b"|\0input\n"
    assert ended == Ended(7, "bad [31mthing")


async def test_much_complaint_does_not_block_a_script(session: SshSession) -> None:
    """Stderr is read all the time, and only its end is kept."""
    script = "head -c 20000000 /dev/zero | tr '\\0' x >&2; echo done; echo last words >&2"
    output, ended = await asyncio.wait_for(run(session._connection, script, {}), 60)
    assert output == b"done\n"
    assert ended.complaint.endswith("last words")
    assert len(ended.complaint) <= 2000


async def test_a_pod_that_hangs_is_unreachable(session: SshSession) -> None:
    """Its connection lives, but it does not answer."""
    with pytest.raises(HostUnreachable, match="within 1 s"):
        await run(session._connection, "sleep 30", {}, seconds=1)


async def test_a_script_killed_by_a_signal_proves_nothing(session: SshSession) -> None:
    """No exit status, no success."""
    with pytest.raises(HostUnreachable):
        await run(session._connection, "kill -9 $$", {})


def test_remote_text_is_shown_plain() -> None:
    """One line, printable."""
    assert shown(b"a\r\n\x1b]0;title\x07b\xff \xe2\x80\xaec") == "a ]0;titleb\ufffd c"
