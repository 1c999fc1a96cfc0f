"""The command line, killed as it is about to end its pod: `python -m tests.e2e.killed_at_terminate COMMAND…`."""

import os
import signal
from unittest.mock import patch

from agent.cli.main import main
from tools.gpuhog.client import GpuHog


async def _die(_: GpuHog, order_id: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError(order_id)


if __name__ == "__main__":
    with patch.object(GpuHog, "terminate", _die):
        main()
