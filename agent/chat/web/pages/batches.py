"""Batches: a list, and a page for each with its jobs and its question."""

from collections import Counter
from collections.abc import AsyncGenerator, Hashable
from dataclasses import dataclass
from http import HTTPStatus

from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from agent.batch.report import total_of
from agent.chat.web.behind import Page
from agent.chat.web.live import Shown, Whole, cursor_of
from agent.chat.web.pages.desk import Desk
from agent.chat.web.pages.home_view import Ahead, Row, asked_about, row_of
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.stream import Stream
from agent.chat.web.templates import render, text
from agent.parts import Parts
from tools.spend_log.batch_rows import Batch
from tools.spend_log.rows import Totals


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as it stands.

    Attributes:
        counts: runs by status; of a job that was tried again, the last.
        rows: (label, run), in the order of the jobs.
    """

    batch: Batch
    counts: tuple[tuple[str, int], ...]
    totals: Totals
    rows: tuple[tuple[str, Row], ...]
    asked: Ahead | None


def batch_view(parts: Parts, batch: Batch) -> BatchView:
    """As it stands now."""
    jobs = parts.log.batch_jobs(batch.batch_id)
    last = sorted({job.position: job for job in jobs}.items())
    rows = [(job.label, row_of(parts, parts.run(job.run_id))) for _, job in last]
    return BatchView(
        batch=batch,
        counts=tuple(sorted(Counter(row.run.status.value for _, row in rows).items())),
        totals=total_of([parts.log.totals(job.run_id) for job in jobs]),
        rows=tuple(rows),
        asked=asked_about(parts, batch.batch_id),
    )


def shown(view: BatchView) -> Shown:
    """The part of its page that changes."""
    until = view.asked.question.expires_at if view.asked else None
    return Shown([Whole.of("batch", text("batch_state.html", view=view))], until)


@dataclass(frozen=True, slots=True)
class BatchSubject:
    """A batch, for those who watch it."""

    parts: Parts
    batch: Batch

    @property
    def name(self) -> str:
        """As no other page's."""
        return f"batch {self.batch.batch_id}"

    def marks(self) -> Hashable:
        """It shows no file."""
        return None

    def show(self) -> Shown:
        """As it stands now."""
        return shown(batch_view(self.parts, self.batch))


@dataclass(frozen=True, slots=True)
class BatchPages:
    """What is served below /batches."""

    desk: Desk

    def all(self) -> list[Page | Stream]:
        """As the router takes them."""
        return [
            Page("/batches", self._list),
            Page("/batches/{batch_id}", self._show),
            Stream("/batches/{batch_id}/events", self._events),
        ]

    async def _list(self, _: Request, session: Session) -> Response:
        views = [batch_view(self.desk.parts, batch) for batch in self.desk.parts.log.batches()]
        return render("batches.html", session, views=views)

    async def _show(self, request: Request, session: Session) -> Response:
        view = batch_view(self.desk.parts, self._batch(request))
        return render("batch.html", session, view=view, cursor=shown(view).cursor)

    def _events(self, request: Request, _: Session) -> AsyncGenerator[ServerSentEvent, None]:
        subject = BatchSubject(self.desk.parts, self._batch(request))
        return self.desk.live.watch(subject, cursor_of(request))

    def _batch(self, request: Request) -> Batch:
        name = request.path_params["batch_id"]
        batch = self.desk.parts.log.batch(name)
        if batch is None:
            raise refuse(HTTPStatus.NOT_FOUND, f"there is no batch {name[:80]}", "All batches: /batches")
        return batch
