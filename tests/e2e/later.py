"""The command line some seconds from now: `python -m tests.e2e.later SECONDS COMMAND…`."""

import sys
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from agent.cli.main import main
from agent.clock import SystemClock


def _clock_ahead(seconds: float) -> None:
    """Run the command line under a clock that is ahead."""

    def now(_: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=seconds)

    with patch.object(SystemClock, "now", now):
        main()


if __name__ == "__main__":
    _clock_ahead(float(sys.argv.pop(1)))
