"""When the paid hours of a pod end, and what has to be over before that."""

from datetime import datetime, timedelta

from tools.spend_log.rows import OrderRow

WARN_SECONDS = 900
"""The job gets SIGUSR1 this long before the paid hours end."""


def lease_end(order: OrderRow) -> datetime:
    """The paid hours count from the earliest moment payment could have happened."""
    return (order.paid_from or order.created_at) + timedelta(hours=order.hours)


def stop_job_at(order: OrderRow) -> datetime:
    """When a job that still runs is stopped, for its outputs to be here before the end: a tenth, at most 10 minutes."""
    reserve = min(timedelta(minutes=10), timedelta(hours=order.hours) / 10)
    return lease_end(order) - reserve


def collect_until(order: OrderRow) -> datetime:
    """When fetching gives up, so that the pod is ended within its paid hours."""
    return lease_end(order) - timedelta(minutes=2)
