"""What steps wrote down in a run's history, for the steps that come later or begin anew."""

import json
from typing import Any

from tools.spend_log.port import SpendLog

EVERY = 10_000_000
"""Events of a run: one that can't fetch its outputs adds one every few seconds, for hours."""

DIAGNOSED = "diagnosed"
"""The event that says what went wrong, and what is done about it."""
ANOTHER_POD = "another pod"
GAVE_UP = "give up"

PREFERRED = "preferred"
"""The event that says which of the offers a model would take."""


def noted(log: SpendLog, run_id: str, kind: str) -> list[dict[str, Any]]:
    """The bodies of a run's events of one kind, oldest first."""
    return [json.loads(event.body) for event in log.events(run_id, EVERY) if event.kind == kind]
