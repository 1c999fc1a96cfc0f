"""What was approved ahead: listed with what is left of it, and taken back."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from agent.chat.web.behind import Page
from agent.chat.web.pages.desk import Desk
from agent.chat.web.refused import refuse
from agent.chat.web.sessions import Session
from agent.chat.web.templates import render
from agent.granted import standing, taken_back
from agent.parts import Parts
from policies.money import Cents
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.rows import Decision
from tools.spend_log.schedule_rows import StandingGrant


@dataclass(frozen=True, slots=True)
class GrantView:
    """A yes given ahead.

    Attributes:
        standing: in one word.
        pays: it may still pay for something.
    """

    grant_id: str
    path: str
    subject: str
    standing: str
    pays: bool
    amount: Cents
    used: Cents
    pods: int
    used_pods: int
    until: datetime
    decided_by: str
    decided_at: datetime | None


def grant_views(parts: Parts, now: datetime) -> list[GrantView]:
    """Those for schedules first, then those for batches and for runs; the latest first."""
    log = parts.log
    views = [_of_schedule(parts, grant, now) for grant in log.standing_grants()[::-1]]
    views += [_of_batch(parts, grant, now) for grant in log.grants()[::-1]]
    return [*views, *(_of_run(parts, grant, now) for grant in log.run_grants()[::-1])]


def _of_batch(parts: Parts, grant: Grant, now: datetime) -> GrantView:
    used = parts.log.grant_used(grant.grant_id)
    return GrantView(
        grant_id=grant.grant_id,
        path=f"/batches/{grant.batch_id}",
        subject=grant.batch_id,
        standing=(word := standing(grant, now)),
        pays=word == Decision.APPROVED,
        amount=grant.amount,
        used=used.amount,
        pods=grant.pods,
        used_pods=used.pods,
        until=grant.until,
        decided_by=grant.decided_by,
        decided_at=grant.decided_at,
    )


def _of_run(parts: Parts, grant: RunGrant, now: datetime) -> GrantView:
    used = parts.log.run_grant_used(grant.grant_id)
    return GrantView(
        grant_id=grant.grant_id,
        path=f"/runs/{grant.run_id}",
        subject=grant.run_id,
        standing=(word := standing(grant, now)),
        pays=word == Decision.APPROVED,
        amount=grant.amount,
        used=used.amount,
        pods=grant.pods,
        used_pods=used.pods,
        until=grant.until,
        decided_by=grant.given_by,
        decided_at=grant.given_at,
    )


def _of_schedule(parts: Parts, grant: StandingGrant, now: datetime) -> GrantView:
    used = [parts.log.grant_used(one) for one in parts.log.grants_of_nights(grant.grant_id)]
    return GrantView(
        grant_id=grant.grant_id,
        path=f"/schedules/{grant.schedule_id}",
        subject=grant.schedule_id,
        standing=(word := standing(grant, now)),
        pays=word == Decision.APPROVED,
        amount=grant.terms.total,
        used=Cents(sum(one.amount for one in used)),
        pods=grant.pods * grant.nights,
        used_pods=sum(one.pods for one in used),
        until=grant.until,
        decided_by=grant.decided_by,
        decided_at=grant.decided_at,
    )


@dataclass(frozen=True, slots=True)
class GrantPages:
    """What is served below /grants."""

    desk: Desk

    def all(self) -> list[Page]:
        """As the router takes them."""
        return [Page("/grants", self._list), Page("/grants/{grant_id}/revoke", self._revoke, "POST")]

    async def _list(self, _: Request, session: Session) -> Response:
        return render("grants.html", session, grants=grant_views(self.desk.parts, self.desk.parts.clock.now()))

    async def _revoke(self, request: Request, session: Session) -> Response:
        grant_id, parts = request.path_params["grant_id"], self.desk.parts
        if not taken_back(parts.log, grant_id, session.by, parts.clock.now()):
            raise refuse(HTTPStatus.NOT_FOUND, f"there is no grant {grant_id[:80]}", "All grants: /grants")
        return self.desk.said(request, session, f"{grant_id} pays for nothing more.", "/grants")
