"""httpx logs whole URLs; an order id in one lets anybody end the pod."""

import logging
import re

from policies.order import short_id

_ORDER_PATH = re.compile(r"(?<=/order/)[A-Za-z0-9_-]+", re.ASCII)


def hide_order_ids() -> None:
    """Shorten order ids in everything the `httpx` logger says from now on; harmless to repeat."""
    logging.getLogger("httpx").addFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    record.msg = _ORDER_PATH.sub(lambda match: short_id(match[0]), record.getMessage())
    record.args = ()
    return True
