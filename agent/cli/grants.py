"""What was approved ahead: listed, and taken back."""

from contextlib import closing
from datetime import UTC, datetime

from agent.cli import output
from agent.cli.places import no_such, settings_or_fail, stores
from agent.cli.terminal import who
from agent.result import timestamp
from agent.settings import Settings
from policies.money import usd
from tools.spend_log.batch_rows import Grant
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Decision


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
                listed += [_grant(log, grant) for grant in log.grants()]
        if as_json:
            output.document({"grants": listed})
            return
        columns = ("grant_id", "batch_id", "standing", "amount_usd", "used_usd", "pods", "used_pods", "until")
        rows = [[str(grant[column]) for column in columns] for grant in listed]
        output.table(("GRANT", "BATCH", "STANDING", "UP TO", "USED", "PODS", "USED", "UNTIL"), rows)


def _grant(log: SpendLog, grant: Grant) -> dict[str, object]:
    used = log.grant_used(grant.grant_id)
    return {
        "grant_id": grant.grant_id,
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


def standing(grant: Grant, now: datetime) -> str:
    """One word for where a grant stands."""
    if grant.revoked_at is not None:
        return "revoked"
    if grant.decision is None:
        return "expired" if now >= grant.expires_at else "asked"
    return "ended" if grant.decision is Decision.APPROVED and now >= grant.until else str(grant.decision)


def _revoke(settings: Settings, grant_id: str) -> None:
    for store in stores(settings):
        with closing(store.open()) as log:
            if log.grant(grant_id) is not None:
                log.revoke_grant(grant_id, f"terminal:{who()}", datetime.now(UTC))
                output.line(f"{grant_id} pays for nothing more")
                return
    no_such(settings, "grant", grant_id, "swineherd grants")
