"""What was approved ahead: listed, and taken back."""

from contextlib import closing
from datetime import UTC, datetime

from agent.cli import output
from agent.cli.places import no_such, settings_or_fail, stores
from agent.cli.terminal import who
from agent.granted import standing, taken_back
from agent.result import timestamp
from agent.settings import Settings
from policies.money import Cents, usd
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import SpendLog
from tools.spend_log.schedule_rows import StandingGrant


def grants(*, revoke: str | None, as_json: bool) -> None:
    """List every grant with what is left of it, or take one back."""
    with output.clear_errors():
        settings = settings_or_fail()
        if revoke is not None:
            _revoke(settings, revoke)
            return
        listed: list[dict[str, object]] = []
        for store in stores(settings):
            with closing(store.open()) as log:
                listed += [_standing(log, grant) for grant in log.standing_grants()]
                listed += [_grant(log, grant) for grant in log.grants()]
                listed += [_of_run(log, grant) for grant in log.run_grants()]
        if as_json:
            output.document({"grants": listed})
            return
        columns = ("grant_id", "of", "standing", "amount_usd", "used_usd", "pods", "used_pods", "until")
        rows = [[str(grant[column]) for column in columns] for grant in listed]
        output.table(("GRANT", "OF", "STANDING", "UP TO", "USED", "PODS", "USED", "UNTIL"), rows)


def _grant(log: SpendLog, grant: Grant) -> dict[str, object]:
    used = log.grant_used(grant.grant_id)
    return {
        "grant_id": grant.grant_id,
        "of": grant.batch_id,
        "batch_id": grant.batch_id,
        "standing": standing(grant, datetime.now(UTC)),
        "amount_usd": usd(grant.amount),
        "used_usd": usd(used.amount),
        "pods": grant.pods,
        "used_pods": used.pods,
        "until": timestamp(grant.until),
        "decided_by": grant.decided_by or None,
        "decided_at": timestamp(grant.decided_at),
    }


def _of_run(log: SpendLog, grant: RunGrant) -> dict[str, object]:
    used = log.run_grant_used(grant.grant_id)
    return {
        "grant_id": grant.grant_id,
        "of": grant.run_id,
        "run_id": grant.run_id,
        "standing": standing(grant, datetime.now(UTC)),
        "amount_usd": usd(grant.amount),
        "used_usd": usd(used.amount),
        "pods": grant.pods,
        "used_pods": used.pods,
        "until": timestamp(grant.until),
        "decided_by": grant.given_by,
        "decided_at": timestamp(grant.given_at),
    }


def _standing(log: SpendLog, grant: StandingGrant) -> dict[str, object]:
    """Of many nights: what it may cost in all, and what the nights that it gave a grant have used."""
    used = [log.grant_used(one) for one in log.grants_of_nights(grant.grant_id)]
    return {
        "grant_id": grant.grant_id,
        "of": grant.schedule_id,
        "schedule_id": grant.schedule_id,
        "standing": standing(grant, datetime.now(UTC)),
        "amount_usd": usd(grant.terms.total),
        "used_usd": usd(Cents(sum(one.amount for one in used))),
        "usd_per_night": usd(grant.amount),
        "nights": grant.nights,
        "used_nights": len(used),
        "pods": grant.pods * grant.nights,
        "used_pods": sum(one.pods for one in used),
        "until": timestamp(grant.until),
        "decided_by": grant.decided_by or None,
        "decided_at": timestamp(grant.decided_at),
    }


def _revoke(settings: Settings, grant_id: str) -> None:
    for store in stores(settings):
        with closing(store.open()) as log:
            by, now = f"terminal:{who()}", datetime.now(UTC)
            if taken_back(log, grant_id, by, now):
                output.line(f"{grant_id} pays for nothing more")
                return
    no_such(settings, "grant", grant_id, "swineherd grants")
