"""What humans did, in words; from the history of the spend log."""

from collections.abc import Mapping
from typing import Any

from tools.spend_log.rows import Decision


def act_words(kind: str, body: Mapping[str, Any]) -> str | None:
    """Of an event. None where no human did it, or another event beside it says more."""
    match kind:
        case "run_added":
            return "submitted"
        case "decided" | "grant_decided" | "standing_grant_decided" if body["decision"] != Decision.SUPERSEDED:
            return str(body["decision"])
        case "instead":
            return "asked for another offer"
        case "renewed":
            return "asked for a fresh offer"
        case "run_granted":
            return "approved this and later offers of the run"
        case "grant_revoked" | "standing_grant_revoked":
            return "took a grant back"
        case "cancel_requested":
            return "asked to cancel"
        case "settled_by_hand":
            return f"settled a charge as {body['as']}"
        case _:
            return None
