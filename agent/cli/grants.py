"""What was approved ahead: listed, and taken back."""

from contextlib import closing
from datetime import UTC, datetime

from agent.cli import output
from agent.cli.places import no_such, settings_or_fail, stores
from agent.cli.terminal import who
from agent.granted import Given, all_given, taken_back
from agent.result import timestamp
from agent.settings import Settings
from policies.money import usd
from tools.spend_log.answer_rows import RunGrant
from tools.spend_log.batch_rows import Grant
from tools.spend_log.schedule_rows import StandingGrant

_KIND = {StandingGrant: "schedule_id", Grant: "batch_id", RunGrant: "run_id"}


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
                listed += [_shown(one) for one in all_given(log, datetime.now(UTC))]
        if as_json:
            output.document({"grants": listed})
            return
        columns = ("grant_id", "of", "standing", "amount_usd", "used_usd", "pods", "used_pods", "until")
        rows = [[str(grant[column]) for column in columns] for grant in listed]
        output.table(("GRANT", "OF", "STANDING", "UP TO", "USED", "PODS", "USED", "UNTIL"), rows)


def _shown(given: Given) -> dict[str, object]:
    grant, nights = given.grant, {}
    if isinstance(grant, StandingGrant):
        nights = {"usd_per_night": usd(grant.amount), "nights": grant.nights, "used_nights": given.nights}
    return {
        "grant_id": grant.grant_id,
        "of": given.subject,
        _KIND[type(grant)]: given.subject,
        "standing": given.standing,
        "amount_usd": usd(given.amount),
        "used_usd": usd(given.used.amount),
        **nights,
        "pods": given.pods,
        "used_pods": given.used.pods,
        "until": timestamp(grant.until),
        "decided_by": given.decided_by or None,
        "decided_at": timestamp(given.decided_at),
    }


def _revoke(settings: Settings, grant_id: str) -> None:
    for store in stores(settings):
        with closing(store.open()) as log:
            by, now = f"terminal:{who()}", datetime.now(UTC)
            if taken_back(log, grant_id, by, now):
                output.line(f"{grant_id} pays for nothing more")
                return
    no_such(settings, "grant", grant_id, "swineherd grants")
