"""Jobs on pods: started once, detached, with exact surroundings, ended with the right code."""

import asyncio
from collections.abc import Callable

import pytest

from tests.tools.ssh.looking import ended, exists, log_of, read, write
from tests.tools.ssh.pods import PodServer
from tools.errors import HostUnreachable, Malformed
from tools.ports import Exited, JobStart, NotStarted, RemoteHome, Running
from tools.ssh import remote
from tools.ssh.channel import run
from tools.ssh.session import SshSession

Make = Callable[..., JobStart]


async def test_a_job_outlives_the_connection_that_started_it(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """A broken connection right after the start changes nothing for the job."""
    await session.start_job(home, make_job("sleep 1; echo done"))
    again = await pod.reconnect()
    assert await again.job_state(home) == Running()
    assert await log_of(again, home) == b"done\n"
    assert await ended(again, home) == Exited(0)


async def test_a_job_that_was_never_started_says_so(session: SshSession, home: RemoteHome) -> None:
    """State is NotStarted, its log is empty and ends at once, and stopping it does nothing."""
    assert await session.job_state(home) == NotStarted()
    assert await log_of(session, home) == b""
    await session.stop_job(home, 1)
    assert await session.job_state(home) == NotStarted()


async def test_starting_again_and_again_runs_the_job_once(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Five starts at once and one after the end: one run."""
    job = make_job("echo ran >>ran; sleep 0.5")
    await asyncio.gather(*(session.start_job(home, job) for _ in range(5)))
    assert await ended(session, home) == Exited(0)
    await session.start_job(home, job)
    assert await session.job_state(home) == Exited(0)
    assert read(pod.home_of("run-1") / "work/ran") == b"ran\n"


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.06, 0.1])
async def test_a_connection_lost_while_starting_never_starts_twice_or_half(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make, after: float
) -> None:
    """Wherever the line breaks during a start, starting again makes it exactly one run with the whole environment."""
    job = make_job('echo "$V" >>ran', env={"V": "end"})
    task = asyncio.create_task(session.start_job(home, job))
    await asyncio.sleep(after)
    again = await pod.reconnect()
    await asyncio.gather(task, return_exceptions=True)
    await again.start_job(home, job)
    await ended(again, home)
    assert read(pod.home_of("run-1") / "work/ran") == b"end\n"


async def test_half_a_start_claims_nothing(session: SshSession, home: RemoteHome) -> None:
    """An environment without its end mark, and a script cut off anywhere, start nothing."""
    names = {"home": home.path, "warn": "-1", "setup": "", "run": "echo no", "runner": "exit"}
    _, cut = await run(session._connection, remote.START, names, b"export A='half")
    assert cut.code == 5
    async with session._connection.create_process("sh -c 'eval \"$(dd bs=1 count=$0 2>/dev/null)\"' 4000") as process:
        process.stdin.write("{\nhome='/nowhere'\nmkdir -p /tmp/never-made\n")
        process.stdin.write_eof()
        done = await process.wait()
    assert done.exit_status != 0
    assert await session.job_state(home) == NotStarted()


@pytest.mark.parametrize(
    ("run_text", "code"),
    [("true", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -INT $$", 130), ("kill 0", 143), ("no-such-command", 127)],
)
async def test_exit_codes_are_the_jobs_own(
    session: SshSession, home: RemoteHome, make_job: Make, run_text: str, code: int
) -> None:
    """Codes and signals arrive as a shell would tell them, also when the job signals its whole group."""
    await session.start_job(home, make_job(run_text))
    assert await ended(session, home) == Exited(code)


async def test_a_failing_setup_is_the_jobs_code_and_run_is_not_run(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Setup comes first, in the same folder; its failure ends the job."""
    await session.start_job(home, make_job("echo ran >ran", setup="echo preparing; touch prepared; exit 7"))
    assert await log_of(session, home) == b"preparing\n"
    assert await ended(session, home) == Exited(7)
    assert exists(pod.home_of("run-1") / "work/prepared")
    assert not exists(pod.home_of("run-1") / "work/ran")


async def test_setup_then_run_share_folder_log_and_environment(
    session: SshSession, home: RemoteHome, make_job: Make
) -> None:
    """Both write to one log, stderr included, and read nothing from stdin."""
    await session.start_job(home, make_job("cat; cat made; echo $V >&2", setup="echo $V >made", env={"V": "v"}))
    assert await log_of(session, home) == b"v\nv\n"


HARD_VALUES = {
    "QUOTES": """it's "so" `x` $HOME ${y} \\ \\n !! #""",
    "LINES": "one\ntwo\n\nlast\n\n",
    "BLANK": "",
    "SPACES": "  a\tb  ",
    "UNICODE": "schön 豚 🐖",
    "BYTES": bytes(range(1, 256)).decode("utf-8", "surrogateescape"),
    "herd": "clobbered",
    "payload": "clobbered",
    "GLOB": "* ? [a] ~ -n",
}


async def test_variables_arrive_exactly(session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make) -> None:
    """Any bytes but NUL; names of the runner's own variables included."""
    text = "\n".join(f'printf %s "${name}" >{name}' for name in HARD_VALUES)
    await session.start_job(home, make_job(text, env=HARD_VALUES))
    assert await ended(session, home) == Exited(0)
    got = {name: read(pod.home_of("run-1") / "work" / name) for name in HARD_VALUES}
    assert got == {name: value.encode("utf-8", "surrogateescape") for name, value in HARD_VALUES.items()}


async def test_the_job_knows_its_run_and_its_end(session: SshSession, home: RemoteHome, make_job: Make) -> None:
    """SWINEHERD_RUN_ID and SWINEHERD_LEASE_END are set, and nothing in the job's own variables can change them."""
    job = make_job('echo "$SWINEHERD_RUN_ID $SWINEHERD_LEASE_END"', env={"SWINEHERD_LEASE_END": "never", "UID": "7"})
    await session.start_job(home, job)
    assert await log_of(session, home) == f"run-1 {job.lease_end:%Y-%m-%dT%H:%M:%SZ}\n".encode()


@pytest.mark.parametrize("env", [{"A": "nul\0"}, {"A": "\ud800"}, {"1A": "x"}, {"A B": "x"}, {"A;id": "x"}])
async def test_what_can_be_no_variable_is_refused(
    session: SshSession, home: RemoteHome, make_job: Make, env: dict[str, str]
) -> None:
    """Refused before anything is sent, and without the value in the message."""
    with pytest.raises(Malformed) as refused:
        await session.start_job(home, make_job("true", env=env))
    assert "nul" not in str(refused.value).replace("NUL", "")
    assert await session.job_state(home) == NotStarted()


@pytest.mark.parametrize("run_id", ["", "../x", "a b", "A", "-x", "x" * 64, "a/b", "$(id)"])
async def test_a_run_id_that_is_no_name_is_refused(session: SshSession, run_id: str) -> None:
    """It would become part of a path."""
    with pytest.raises(Malformed):
        await session.home(run_id)


async def test_home_falls_back_to_the_login_home(pod: PodServer, session: SshSession) -> None:
    """Without a workspace folder the run lives under $HOME, which no volume keeps."""
    pod.workspace.rmdir()
    home = await session.home("run-1")
    assert home == RemoteHome(str(pod.folder / "home/swineherd/run-1"), on_volume=False)


async def test_login_files_may_chatter(pod: PodServer, make_job: Make) -> None:
    """What .bashrc prints is no part of any answer."""
    write(pod.folder / "home/.bashrc", b"echo Welcome; printf 'no newline'; echo oops >&2\n")
    session = await pod.connect()
    home = await session.home("run-1")
    assert home.path == str(pod.home_of("run-1"))
    await session.start_job(home, make_job("echo clean"))
    assert await log_of(session, home) == b"clean\n"


async def test_a_lost_connection_is_said_and_proves_nothing(
    session: SshSession, home: RemoteHome, pod: PodServer, make_job: Make
) -> None:
    """Every call on a dead session raises HostUnreachable; the job goes on."""
    await session.start_job(home, make_job("sleep 30"))
    following = asyncio.create_task(log_of(session, home))
    await asyncio.sleep(0.3)
    pod.drop()
    with pytest.raises(HostUnreachable):
        await following
    for call in (session.job_state(home), session.home("run-1"), session.stop_job(home, 0), session.gpu_peak(home)):
        with pytest.raises(HostUnreachable):
            await call
    again = await pod.connect()
    assert await again.job_state(home) == Running()
