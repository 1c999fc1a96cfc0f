"""What the graph carries between nodes: small plain values. It proves nothing about money; the spend log does."""

from typing import NotRequired, TypedDict

from policies.recovery import Failure, FailureKind


class ListingState(TypedDict):
    """A listing, as a checkpoint can hold it."""

    gpu_id: str
    name: str
    vram_gb: int
    price_per_hour: str
    tier: str
    payment_methods: list[str]


class FailureState(TypedDict):
    """A `policies.recovery.Failure`, as a checkpoint can hold it."""

    kind: str
    gpu_id: str
    reason: str


class EndingState(TypedDict):
    """How the run will end: what `report` writes down."""

    status: str
    code: int
    reason: str


class Ticket(TypedDict):
    """What a parked run waits for, as plain JSON: never a code, an order id or a secret."""

    awaited: str
    until: str


class State(TypedDict, total=False):
    """The state of one run. Nodes return whole values for the keys they change."""

    run_id: str
    listings: list[ListingState]
    avoid: dict[str, str]
    """gpu_id → why not again in this run."""
    least_vram_gb: int
    """What the next GPU must have at least, after a pod of this run ran out of memory."""
    offers_made: int
    """Offers in a row that a moved price took back."""
    ssh_until: str
    """RFC 3339: when a pod that runs but does not answer over SSH is given up."""
    trouble: str
    """Why the outputs were not here at the last try."""
    collect_by: str
    """RFC 3339: when fetching the outputs of a cancelled run is given up."""
    keep_volume: bool
    """The outputs could not be fetched: a pod with a volume is stopped instead of ended."""
    ending_since: str
    """RFC 3339: when the pod that is to be gone was first asked to end; empty between two pods."""
    waiting: Ticket | None
    """Set by a step that goes back to itself to wait; while it acts again, what it had waited for."""
    failures: list[FailureState]
    overcome: int
    """How many of the failures, from the first on, were answered with another try."""
    job_exit_code: NotRequired[int | None]
    ending: EndingState


def failures_of(state: State) -> tuple[Failure, ...]:
    """The failures so far, typed."""
    return tuple(
        Failure(FailureKind(item["kind"]), item["gpu_id"], item["reason"]) for item in state.get("failures", [])
    )


def unanswered(state: State) -> tuple[Failure, ...]:
    """The failures since the last other try: what the run is to end with, unless it tries again."""
    return failures_of(state)[state.get("overcome", 0) :]


def failed(state: State, kind: FailureKind, gpu_id: str, reason: str) -> State:
    """The update that adds one more failure."""
    more: FailureState = {"kind": kind.value, "gpu_id": gpu_id, "reason": reason}
    return State(failures=[*state.get("failures", []), more])
