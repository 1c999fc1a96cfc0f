"""The command line under a clock that a test can send ahead: `python -m tests.faulty.leap FILE COMMAND…`.

FILE holds by how many seconds the clock is ahead; it is read again at every look at the clock.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from agent.cli.main import main
from agent.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Leap:
    """The clock of one command."""

    file: Path

    @property
    def command(self) -> tuple[str, ...]:
        """What runs the command line under this clock."""
        return (sys.executable, "-m", "tests.faulty.leap", str(self.file))

    def to(self, *, minutes: float) -> None:
        """Send the clock ahead, counted from the true time."""
        partial = self.file.with_suffix(".partial")
        partial.write_text(str(minutes * 60))
        partial.replace(self.file)

    def ahead(self) -> timedelta:
        """By how much it is ahead now."""
        return timedelta(seconds=float(self.file.read_text())) if self.file.exists() else timedelta()


def _leaping(leap: Leap) -> None:
    def now(_: SystemClock) -> datetime:
        return datetime.now(UTC) + leap.ahead()

    with patch.object(SystemClock, "now", now):
        main()


if __name__ == "__main__":
    _leaping(Leap(Path(sys.argv.pop(1))))
