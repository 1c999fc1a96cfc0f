"""The log: every byte once, in order, soon, whatever happens to the connection."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.ssh.looking import ended, log_of, read, until, write
from tests.tools.ssh.pods import PodServer
from tools.errors import HostUnreachable, LogCutShort
from tools.ports import Exited, JobStart, RemoteHome
from tools.ssh import remote
from tools.ssh.channel import run
from tools.ssh.session import SshSession

Make = Callable[..., JobStart]

CHATTER = """
i=0
while [ $i -lt 60 ]; do
  i=$((i + 1))
  head -c $((i * 997)) /dev/urandom
  [ $((i % 20)) -ne 0 ] || sleep 0.3
done
"""


@pytest.mark.parametrize("seed", range(3))
async def test_bytes_are_the_whole_however_often_the_line_breaks(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make, seed: int
) -> None:
    """Following goes on at the bytes already here: identical to the log, nothing repeated or lost."""
    dice = random.Random(seed)
    await session.start_job(home, make_job(CHATTER))
    got, breaks, whole = bytearray(), 0, False
    while not whole:
        stop_at = len(got) + dice.randrange(1, 400_000)
        try:
            async for piece in session.follow(home, len(got)):
                got += piece
                if len(got) > stop_at:
                    pod.drop()
            whole = True
        except HostUnreachable:
            breaks += 1
            session = await pod.connect()
    assert breaks > 1
    assert bytes(got) == read(pod.home_of("run-1") / ".herd/log")
    assert len(got) == 997 * 60 * 61 // 2


@pytest.mark.parametrize("offset", [0, 1, 4095, 4096, 4097, 12_288, 300_000])
async def test_any_offset_gives_the_rest(session: SshSession, home: RemoteHome, make_job: Make, offset: int) -> None:
    """Offsets are bytes, on and off the pod's block borders, up to the very end."""
    await session.start_job(home, make_job("seq -w 50000"))
    await ended(session, home)
    whole = b"".join(b"%05d\n" % number for number in range(1, 50_001))
    assert await log_of(session, home, offset) == whole[offset:]


async def test_an_offset_beyond_the_log_is_an_error(session: SshSession, home: RemoteHome, make_job: Make) -> None:
    """A log shorter than what is already here was begun anew: whoever follows it must begin anew too."""
    await session.start_job(home, make_job("echo hi"))
    await ended(session, home)
    with pytest.raises(LogCutShort, match="shorter than 99"):
        await log_of(session, home, 99)


async def test_a_line_is_here_within_a_second(session: SshSession, home: RemoteHome, make_job: Make) -> None:
    """What the job prints is given while it runs."""
    await session.start_job(home, make_job("while sleep 0.5; do date +%s.%N; done"))
    seen = 0
    async for piece in session.follow(home, 0):
        assert time.time() - float(piece.split()[-1]) < 1.0
        seen += 1
        if seen == 4:
            break
    await session.stop_job(home, 1)


async def test_following_ends_when_the_job_vanished(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Without an exit code ever to come, what is there is given and the end is told."""
    await session.start_job(home, make_job("echo last words; sleep 60"))
    await until(lambda: len(pod.commands()) > 1)
    following = asyncio.create_task(log_of(session, home))
    await asyncio.sleep(0.3)
    for process in pod.processes():
        if any(word.endswith(("/.herd/runner", "/.herd/run", "sleep")) for word in process.cmdline()):
            process.kill()
    assert await asyncio.wait_for(following, 20) == b"last words\n"


async def test_leftovers_that_hold_the_log_open_don_t_hold_the_end(
    session: SshSession, home: RemoteHome, make_job: Make
) -> None:
    """The job has ended when its command has, whatever it left in the background."""
    await session.start_job(home, make_job("sleep 60 & echo done"))
    assert await asyncio.wait_for(log_of(session, home), 10) == b"done\n"
    assert await ended(session, home) == Exited(0)


async def test_a_short_read_on_the_pod_is_noticed(
    session: SshSession, home: RemoteHome, pod: PodServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames that don't fit together are an error, and no byte of the broken one is given."""
    log = pod.home_of("run-1") / ".herd/log"
    write(log, b"x" * 1000)
    write(log.parent / "started/x")
    write(log.parent / "exit", b"000\n")
    short = 'tail() { command tail "$@" | head -c 10; }\n' + remote.FOLLOW
    output, _ = await run(session._connection, short, {"home": home.path, "at": "0"})
    assert output.startswith(b"@0 1000\n" + b"x" * 10 + b"@1000 0\n")
    monkeypatch.setattr(remote, "FOLLOW", short)
    with pytest.raises(HostUnreachable):
        await anext(session.follow(home, 0))


@pytest.mark.parametrize("frames", ["@7 2\\nab@9 end\\n", "@0 2\\nab@9 end\\n", "ab", "@0 x\\n", "@0 2\\nab"])
async def test_frames_that_don_t_fit_are_refused(
    session: SshSession, home: RemoteHome, monkeypatch: pytest.MonkeyPatch, frames: str
) -> None:
    """Another offset, no frame at all, or an end that is not proven: not a byte is given, and it is no end."""
    monkeypatch.setattr(remote, "FOLLOW", f"printf '{frames}'")
    with pytest.raises(HostUnreachable):
        await anext(session.follow(home, 0))


def test_scripts_hold_no_here_document() -> None:
    """Some shells keep here-documents in a file, where a secret must not be."""
    text = Path(remote.__file__).read_text()
    assert "<<" not in text
