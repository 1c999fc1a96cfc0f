"""A batch as it is watched: a table that updates in place in a terminal, a line for each event elsewhere."""

import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.batch.drive import latest
from agent.batch.report import usage_words
from agent.cli.output import send_nowhere
from agent.lease_time import lease_end
from agent.parts import Parts
from policies.money import rate, usd
from policies.printable import printable
from tools.spend_log.rows import ENDED, Awaited, Run

_HEAD = ("#", "JOB", "STATE", "GPU", "PRICE", "SPENT", "LEFT", "LAST WORD")
_SPARE_LINES = 7
"""Of a screen: the table's frame, the line below it, and the question that may stand there."""


class BatchFace:
    """Keeps each run's last word; without a terminal prints every one, labelled. Job logs are in the runs' folders."""

    def __init__(self, stream: TextIO, *, table: bool) -> None:
        self._stream = stream
        self._table = table
        self.above: Live | None = None
        """The table that is shown just now: lines go above it."""
        self.labels: dict[str, str] = {}
        self.last: dict[str, str] = {}

    def tell(self, run_id: str, line: str) -> None:
        """One event of a run, or of the batch as a whole where the run has no label."""
        label = self.labels.get(run_id, "")
        self.last[run_id] = line
        if not (self._table and label):
            self.say(f"[{label}] {line}" if label else line)

    def say(self, line: str) -> None:
        """A line of the batch's own."""
        text = printable(line, colours=False).replace("\n", " ")
        try:
            if self.above is not None:
                self.above.console.print(Text(f"▸ {text}"))
            else:
                self._stream.write(f"▸ {text}\n")
                self._stream.flush()
        except OSError:  # a reader that is gone must not end the runs under their pods
            send_nowhere(self._stream)

    def job_output(self, run_id: str, data: bytes) -> None:
        """Many logs at once help nobody: `swineherd logs RUN -f` shows one."""

    def gpu(self, run_id: str, util: int, memory: int) -> None:
        """Utilisation, as the last word."""
        self.last[run_id] = f"GPU {util} % busy, {memory} % of its memory"


def watched(parts: Parts, face: BatchFace, batch_id: str, *, height: int) -> Table:
    """The table as it is now: who runs first, then who waits, ended ones as far as there is room."""
    runs = latest(parts, batch_id)
    rows = _that_fit(runs, max(1, height - _SPARE_LINES))
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for column in _HEAD[:-1]:
        table.add_column(column, no_wrap=True, justify="right" if column == "#" else "left")
    table.add_column(_HEAD[-1], no_wrap=True, overflow="ellipsis", ratio=1)  # what room is left is the last word's
    for position, run in rows:
        table.add_row(*(Text(printable(cell, colours=False)) for cell in _cells(parts, face, position, run)))
    table.caption = f"{_counts(runs)} · {usage_words(parts, batch_id)}"
    table.caption_justify = "left"
    return table


def _that_fit(runs: Sequence[Run], most: int) -> list[tuple[int, Run]]:
    numbered = list(enumerate(runs, 1))
    by_interest = sorted(numbered, key=lambda item: (_rank(item[1]), item[0] if _rank(item[1]) < 2 else -item[0]))
    return sorted(by_interest[:most])


def _rank(run: Run) -> int:
    if run.status in ENDED:
        return 2
    return 0 if run.started_at else 1


def _cells(parts: Parts, face: BatchFace, position: int, run: Run) -> tuple[str, ...]:
    attempts = parts.log.attempts(run.run_id)
    offer = attempts[-1].offer if attempts else None
    state = f"{run.status} {run.step}" if run.status == "active" else str(run.status)
    return (
        str(position),
        face.labels.get(run.run_id, run.name),
        state,
        offer.gpu_name if offer else "-",
        rate(offer.price_per_hour) if offer else "-",
        f"${usd(parts.log.totals(run.run_id).spent)}",
        _left(parts, run),
        run.reason or _asks(parts, run) or face.last.get(run.run_id, ""),
    )


def _asks(parts: Parts, run: Run) -> str:
    """What a human has to do, should the run wait for one."""
    parked = next(iter(parts.log.parked(run.run_id)), None)
    if run.status in ENDED or parked is None:
        return ""
    asks = {Awaited.HUMAN: f"asks for approval: swineherd approve {run.run_id}", Awaited.PAYMENT: "waits to be paid"}
    return asks.get(parked.awaited, "")


def _left(parts: Parts, run: Run) -> str:
    """Of the hours paid for, in minutes."""
    order = None if run.status in ENDED else parts.pod(run.run_id)
    if order is None or order.paid_from is None:
        return "-"
    seconds = (lease_end(order, parts.hour) - parts.clock.now()).total_seconds()
    return f"{max(0, round(seconds / 60))} min"


def _counts(runs: Sequence[Run]) -> str:
    counted: dict[str, int] = {}
    for run in runs:
        counted[str(run.status)] = counted.get(str(run.status), 0) + 1
    return ", ".join(f"{count} {status}" for status, count in sorted(counted.items()))


def labels_of(parts: Parts, batch_id: str) -> Mapping[str, str]:
    """Run id → what its job is called, cleaned for a screen."""
    return {job.run_id: printable(job.label, colours=False)[:40] for job in parts.log.batch_jobs(batch_id)}


def live_table() -> Live:
    """An in-place display on stdout; what is printed meanwhile stands above it, and nothing of it stays."""
    return Live(console=Console(file=sys.stdout), auto_refresh=False, transient=True)
