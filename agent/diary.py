"""What a run told, kept in its folder for whoever looks later: another terminal, the web chat, a thread of a chat."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field

from agent.face import Face
from agent.folders import Home, RunFolder
from agent.result import exact_timestamp
from policies.order import with_short_ids
from tools.ports import Clock

MOST_BYTES = 1_000_000
"""A diary that has grown so long is told no more; the run goes on."""

LAST_BYTES = 4096
"""Of a diary, in which its last figures are looked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line a run told, or how busy its GPU was (then `line` is "").

    Attributes:
        at: RFC 3339, UTC.
        util, memory: percent, or None.
    """

    at: str
    line: str = ""
    util: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Diary:
    """A face that writes down what it is told, and tells another.

    Nothing here is proof of anything: a diary that can't be written is missed by nobody but its readers. Whoever knows
    an order's id can end its pod, so none is in it whole.
    """

    told: Face
    home: Home
    clock: Clock
    _last: dict[str, str] = field(default_factory=dict, repr=False)
    """The last line by run: what is told again and again is written once."""

    def tell(self, run_id: str, line: str) -> None:
        """One line."""
        self.told.tell(run_id, line)
        if run_id and self._last.get(run_id) != line:
            self._last[run_id] = line
            self._write(run_id, {"line": with_short_ids(line)})

    def job_output(self, run_id: str, data: bytes) -> None:
        """It has a file of its own."""
        self.told.job_output(run_id, data)

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """How busy the GPU is, in percent."""
        self.told.gpu(run_id, util, memory)
        self._write(run_id, {"util": util, "memory": memory})

    def _write(self, run_id: str, entry: dict[str, object]) -> None:
        """One write of one line, so that two processes never mix theirs; no folder is made for a run without one."""
        line = json.dumps({"at": exact_timestamp(self.clock.now()), **entry}, ensure_ascii=False) + "\n"
        with suppress(OSError):
            descriptor = os.open(self.home.run(run_id).diary, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if os.fstat(descriptor).st_size < MOST_BYTES:
                    os.write(descriptor, line.encode(errors="replace"))
            finally:
                os.close(descriptor)


def entries(folder: RunFolder, offset: int = 0) -> tuple[list[Entry], int]:
    """What was written from a byte on, and where to read on; a line that is not whole yet is left for then."""
    try:
        with folder.diary.open("rb") as file:
            file.seek(offset)
            data = file.read(MOST_BYTES)
    except OSError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    return [entry for line in whole.splitlines() if (entry := _entry(line))], offset + len(whole)


def last_figure(folder: RunFolder) -> Entry | None:
    """How busy the GPU was when it was looked at last; None where the end of the diary does not say."""
    try:
        size = folder.diary.stat().st_size
    except OSError:
        return None
    written, _ = entries(folder, max(0, size - LAST_BYTES))
    return next((one for one in reversed(written) if one.util is not None), None)


def _entry(line: bytes) -> Entry | None:
    """None for what is no entry of ours: a full disk may have cut one."""
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None
