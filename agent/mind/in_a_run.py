"""Asking a model in the middle of a run: whatever becomes of it, the run goes on as it would without one."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from agent.mind.port import Mind, ModelGarbled, ModelUnavailable
from agent.parts import Parts
from agent.patient import unless
from policies.spoken import words_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Cancelled:
    """Nobody waits for the answer any more."""


async def asked(parts: Parts, run_id: str, mind: Mind, asking: Coroutine[Any, Any, T], instead: str) -> T | None:
    """The answer; None where there is none, or the run is cancelled meanwhile.

    Args:
        instead: what is done without an answer, as it is told.
    """

    def cancelled() -> _Cancelled | None:
        return _Cancelled() if parts.run(run_id).cancel_requested else None

    try:
        answer = await unless(parts.clock, asking, cancelled)
    except (ModelUnavailable, ModelGarbled) as error:
        parts.face.tell(run_id, f"no answer from {words_of(mind.name)} ({words_of(str(error))}); {instead}")
        return None
    return None if isinstance(answer, _Cancelled) else answer
