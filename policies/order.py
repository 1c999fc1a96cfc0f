"""An order as the provider describes it, and what its status means for us."""

import re
from dataclasses import dataclass
from typing import Literal

RUNNING = "running"
TERMINATED = "terminated"
STOPPED = "stopped"

_ORDER_ID = re.compile(r"HOG-[A-Za-z0-9_-]{5,}", re.ASCII)

Phase = Literal["running", "gone", "stopped", "pending"]


@dataclass(frozen=True, slots=True)
class OrderView:
    """One answer of `GET /order/{id}`, parsed. Texts are cleaned for showing; `ssh` is still to be checked."""

    order_id: str
    status: str
    gpu: str = ""
    vram_gb: int | None = None
    hours: int | None = None
    pod_id: str = ""
    ssh: str | None = None
    jupyter: str | None = None
    gpu_util: int | None = None
    """Percent, 0 to 100."""
    mem_util: int | None = None


def phase(status: str) -> Phase:
    """What a status lets us do. The documentation leaves the set open: an unknown one is neither running nor gone."""
    match status:
        case "running":
            return "running"
        case "terminated":
            return "gone"
        case "stopped":
            return "stopped"
        case _:
            return "pending"


def short_id(order_id: str) -> str:
    """An order id as it may appear in logs: `HOG-…e5f6` (the whole id lets anybody end the pod)."""
    return f"{order_id[:4]}…{order_id[-4:]}" if len(order_id) > 8 else "…"


def with_short_ids(text: str) -> str:
    """`text` with every order id as logs may have it."""
    return _ORDER_ID.sub(lambda found: short_id(found[0]), text)
