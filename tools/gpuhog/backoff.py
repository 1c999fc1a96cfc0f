"""How long to wait before a read is repeated."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 30.0
"""Seconds; a `Retry-After` above it is not obeyed in full, the caller has deadlines of its own."""

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


def pause(tries: int, retry_after: str, now: datetime) -> float:
    """Seconds before the next try, after `tries` that failed: 0.5, 1, 2 …, or what `Retry-After` asks if longer.

    Args:
        retry_after: the header as it came, "" if there was none; seconds or an HTTP date (RFC 9110, 10.2.3).
            Anything else is ignored.
        now: zoned.
    """
    own = 0.5 * 2.0 ** (tries - 1)
    return min(max(own, _asked(retry_after.strip(), now)), LONGEST)


def _asked(retry_after: str, now: datetime) -> float:
    if _SECONDS.fullmatch(retry_after):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after[:64])
    except (ValueError, OverflowError):
        return 0.0
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - now).total_seconds()
