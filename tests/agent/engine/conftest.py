"""What workers say is kept for the tests, not printed."""

from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs
from structlog.typing import EventDict


@pytest.fixture(autouse=True)
def said() -> Iterator[list[EventDict]]:
    """Every line of the log."""
    with capture_logs() as lines:
        yield lines
    structlog.reset_defaults()
