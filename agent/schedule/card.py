"""The question about many nights of a schedule, as a human sees it."""

from zoneinfo import ZoneInfo

from policies.money import usd
from policies.text import counted
from tools.spend_log.schedule_rows import Schedule, StandingGrant


def standing_card(schedule: Schedule, grant: StandingGrant) -> list[str]:
    """What a yes would cover."""
    zone = ZoneInfo(schedule.timezone)
    end = grant.until.astimezone(zone)
    nights = counted(grant.nights, "night")
    each = f"${usd(grant.amount)} a night, {nights}: ${usd(grant.terms.total)} in all, from credits"
    return [
        f"Approve the schedule {schedule.name}: up to {each}",
        f"  until   {end:%a %Y-%m-%d %H:%M} ({schedule.timezone}), each order still within every cap",
        f"  pods    {grant.pods} a night at most: every job may need another where one is lost",
        "  covers  what its job files name now: commands, variables, and folders with what lies in them each night",
        f"  when    {schedule.cron} ({schedule.timezone}); {schedule.schedule_id}",
    ]
