"""The job's log here: appended byte for byte, masked, so that the size of `log.txt` is the offset on the pod."""

from collections.abc import Sequence
from errno import ENOSPC
from io import SEEK_END, RawIOBase

from agent.folders import RunFolder
from agent.parts import Parts
from agent.variables import MissingVariable, secret_literals, secrets_of
from policies.diagnosis import MOST_TAIL_BYTES, OutOfMemory, out_of_memory
from policies.masking import Masker
from policies.printable import overwritten, printable
from policies.text import clean_lines
from tools.errors import LogCutShort
from tools.ports import PodSession, RemoteHome, Running
from tools.spend_log.rows import OrderRow

LOOK_SECONDS = 5.0
"""Between looks at a job whose log is not copied."""


async def copy_log(parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome) -> None:
    """Append what the job writes to `log.txt`, from where the file ends to where the job does.

    Where nothing can be written, or not without secrets that would have to be masked, the end of the job is waited for
    all the same: its outputs are worth more than its log.

    Raises:
        HostUnreachable: the connection was lost.
    """
    run = parts.run(order.run_id)
    try:
        secrets = secrets_of(parts.job(run.run_id), parts.variables, secret_literals(run.job_path))
    except MissingVariable as missing:
        parts.face.tell(run.run_id, f"the log is not copied, its secrets could not be masked: {missing}")
        await _wait_for_end(parts, session, home)
        return
    try:
        await _copy_all(parts, order, session, home, list(secrets.values()))
    except OSError as error:
        where = error.filename or parts.home.run(run.run_id).log
        parts.face.tell(run.run_id, f"the log can't be written here ({where}: {error.strerror}); the job goes on")
        await _wait_for_end(parts, session, home)


async def _wait_for_end(parts: Parts, session: PodSession, home: RemoteHome) -> None:
    while isinstance(await session.job_state(home), Running):
        await parts.clock.sleep(LOOK_SECONDS)


async def _copy_all(
    parts: Parts, order: OrderRow, session: PodSession, home: RemoteHome, secrets: Sequence[str]
) -> None:
    while True:
        try:
            return await _append_all(parts, order.run_id, session, home, Masker(secrets))
        except LogCutShort:
            parts.face.tell(order.run_id, "the job began its log anew; what was there is kept beside it")
            put_away(parts.home.run(order.run_id), f"cut-{order.attempt}")


async def _append_all(parts: Parts, run_id: str, session: PodSession, home: RemoteHome, masker: Masker) -> None:
    with parts.home.run(run_id).log.open("ab", buffering=0) as log:
        async for chunk in session.follow(home, log.tell()):
            _append(parts, run_id, log, masker.feed(chunk))
        _append(parts, run_id, log, masker.flush())


def _append(parts: Parts, run_id: str, log: RawIOBase, data: bytes) -> None:
    """Unbuffered, so that the file's size is always what is in it: an unwritten rest is asked of the pod again."""
    if data:
        written = log.write(data) or 0
        parts.face.job_output(run_id, data[:written])
        if written < len(data):
            raise OSError(ENOSPC, "only a part could be written")


def put_away(folder: RunFolder, why: str) -> None:
    """Give the log a name of its own: the size of `log.txt` is the offset on the pod that runs now."""
    if not folder.log.exists():
        return
    number = 1
    while (kept := folder.path / f"log.{why}-{number}.txt").exists():
        number += 1
    folder.log.rename(kept)


def ran_out_of_memory(parts: Parts, run_id: str, exit_code: int) -> OutOfMemory | None:
    """Whether the end of the log here says that the GPU's memory was too small."""
    return out_of_memory(tail(parts.home.run(run_id), MOST_TAIL_BYTES), exit_code)


def tail_text(folder: RunFolder, most_bytes: int) -> str:
    """The end of the log here as whole lines without anything invisible; masked as the log is."""
    data = tail(folder, most_bytes + 1)
    shown = overwritten(printable(data[-most_bytes:].decode(errors="replace"), colours=False))
    if len(data) > most_bytes:
        shown = shown.partition("\n")[2] or shown
    return clean_lines(shown, most_bytes)


def tail(folder: RunFolder, most_bytes: int) -> bytes:
    """The last bytes of the log here; none without one."""
    try:
        with folder.log.open("rb") as log:
            log.seek(max(0, log.seek(0, SEEK_END) - most_bytes))
            return log.read(most_bytes)
    except OSError:
        return b""
