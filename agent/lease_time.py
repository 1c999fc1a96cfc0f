"""When the paid hours of a pod end, and what has to be over before that. `hour` is how long a paid hour lasts."""

from datetime import datetime, timedelta

from tools.spend_log.rows import OrderRow

HOUR = timedelta(hours=1)


def lease_end(order: OrderRow, hour: timedelta = HOUR) -> datetime:
    """The paid hours count from the earliest moment payment could have happened."""
    return (order.paid_from or order.created_at) + order.hours * hour


def stop_job_at(order: OrderRow, hour: timedelta = HOUR) -> datetime:
    """When a job that still runs is stopped, for its outputs to be here before the end: a tenth, at most 10 minutes."""
    return lease_end(order, hour) - min(timedelta(minutes=10), order.hours * hour / 10)


def warn_seconds(order: OrderRow, hour: timedelta = HOUR) -> int:
    """How long before the paid hours end the job gets SIGUSR1: a quarter of them, at most 15 minutes."""
    return int(min(timedelta(minutes=15), order.hours * hour / 4).total_seconds())


def collect_until(order: OrderRow, hour: timedelta = HOUR) -> datetime:
    """When fetching gives up, so that the pod is ended within its paid hours: a 15th before, at most 2 minutes."""
    return lease_end(order, hour) - min(timedelta(minutes=2), order.hours * hour / 15)


def timer_acts_at(order: OrderRow, hour: timedelta = HOUR) -> datetime:
    """When the pod's own timer stops it, if nobody else has by then: a 20th before the end, at most 1 minute."""
    return lease_end(order, hour) - min(timedelta(minutes=1), order.hours * hour / 20)
