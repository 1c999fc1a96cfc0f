"""A run's page as plain values, and as the parts of it that change while it is open."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from agent.chat.doing import doing_of
from agent.chat.had import offer_of
from agent.chat.web.live import Shown, Whole
from agent.chat.web.pages.job_log import JobLog, log_of, log_stat
from agent.chat.web.pages.standing import Offered, Standing, standing_of
from agent.chat.web.pages.thread import Busy, Thread, thread_of
from agent.chat.web.svg import Line, line_of
from agent.chat.web.templates import text
from agent.parts import Parts
from agent.policy_file import PolicyFile
from policies.offer import Offer
from policies.order import short_id
from tools.spend_log.rows import ENDED, Run, Totals

MOST_FIGURES = 120
"""Of the GPU's, in its line."""


@dataclass(frozen=True, slots=True)
class RunView:
    """All that the page shows.

    Attributes:
        doing: the step, in words; "" once it has ended.
        orders: of the pods, shortened.
    """

    run: Run
    doing: str
    offer: Offer | None
    totals: Totals
    orders: tuple[str, ...]
    standing: Standing | None
    thread: Thread
    log: JobLog
    busy: tuple[Busy, ...]
    changed: PolicyFile | None
    """The policy, where it has changed since this server read it."""

    @property
    def line(self) -> Line:
        """How busy the GPU was."""
        return line_of([one.util for one in self.busy])

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.run.status in ENDED


def run_view(parts: Parts, run: Run, now: datetime) -> RunView:
    """As it stands now."""
    folder = parts.home.run(run.run_id)
    thread = thread_of(parts.log, folder, run.run_id)
    return RunView(
        run=run,
        doing=doing_of(run),
        offer=offer_of(parts.log, run),
        totals=parts.log.totals(run.run_id),
        orders=tuple(short_id(order.order_id) for order in parts.log.orders(run.run_id)),
        standing=standing_of(parts, run, now),
        thread=thread,
        log=log_of(folder),
        busy=thread.busy(MOST_FIGURES),
        changed=parts.policy_file if parts.policy_file.changed() else None,
    )


def shown(view: RunView) -> Shown:
    """The parts of the page; what is theirs alone, nobody's session."""
    standing = view.standing
    head = standing.shown.ledger_head if isinstance(standing, Offered) else ""
    wholes = [
        Whole.of("policy", text("policy_changed.html", changed=view.changed)),
        Whole.of("state", text("run_state.html", view=view)),
        Whole.of("card", text("run_card.html", standing=standing, opened=True), but_for=head[:16]),
        Whole.of("actions", text("run_actions.html", view=view)),
        Whole.of("gpu", text("gpu.html", view=view)),
    ]
    return Shown([*wholes, view.thread, view.log], standing.until if standing else None)


@dataclass(frozen=True, slots=True)
class RunSubject:
    """A run, for those who watch it."""

    parts: Parts
    run_id: str

    @property
    def name(self) -> str:
        """As no other page's."""
        return f"run {self.run_id}"

    def marks(self) -> Hashable:
        """Of the diary, the log and the policy."""
        folder = self.parts.home.run(self.run_id)
        log = log_stat(folder)
        try:
            told = folder.diary.stat().st_size
        except OSError:
            told = 0
        return told, log and (log.st_ino, log.st_size), self.parts.policy_file.mark()

    def show(self) -> Shown:
        """As it stands now."""
        return shown(run_view(self.parts, self.parts.run(self.run_id), self.parts.clock.now()))
