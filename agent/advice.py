"""A model's advice about a failed job whose log no rule knows. It is asked once about each pod's."""

from dataclasses import dataclass
from typing import Any

from agent.job_log import tail_text
from agent.mind.choose import gpu_words
from agent.mind.diagnose import Advised, explain
from agent.mind.in_a_run import asked
from agent.mind.job_words import job_words
from agent.mind.tokens import without_tokens
from agent.noted import ANOTHER_POD, DIAGNOSED, noted
from agent.parts import Parts
from policies.offer import Offer
from policies.recovery import Advice, Failure, FailureKind
from policies.spoken import said_by, words_of

MOST_TAIL_BYTES = 3000


@dataclass(frozen=True, slots=True)
class Counsel:
    """What a model said about the failure of the current pod's job.

    Attributes:
        taken: retries of this run that rest on such advice already.
    """

    model: str
    advised: Advised
    taken: int

    @property
    def said(self) -> str:
        """Marked as the model's own words."""
        return said_by(self.model, self.advised.words)

    def written(self) -> dict[str, object]:
        """For the run's history."""
        return {"model": self.model, "advice": self.advised.advice.value, "words": self.advised.words}


async def counsel(parts: Parts, run_id: str, failure: Failure, exit_code: int | None) -> Counsel | None:
    """What a model advises; None where a rule knows the failure, and without a model or its answer."""
    if failure.kind is not FailureKind.JOB_FAILED or not exit_code or parts.mind is None or not parts.spends:
        return None
    offer = parts.attempt(run_id).offer
    before = [body for body in noted(parts.log, run_id, DIAGNOSED) if "advice" in body]
    taken = sum(1 for body in before if body["move"] == ANOTHER_POD and body["attempt"] != offer.attempt)
    for body in before:
        if body["attempt"] == offer.attempt:
            return _again(body, taken)
    tail = without_tokens(tail_text(parts.home.run(run_id), MOST_TAIL_BYTES))
    asking = explain(parts.mind, job_words(parts, run_id), _gpu(offer), exit_code, tail)
    answer = await asked(parts, run_id, parts.mind, asking, "the failure is the job's own")
    return None if answer is None else Counsel(words_of(parts.mind.name), answer, taken)


def _again(body: dict[str, Any], taken: int) -> Counsel:
    return Counsel(body["model"], Advised(Advice(body["advice"]), body["words"]), taken)


def _gpu(offer: Offer) -> str:
    return f"{gpu_words(offer.gpu_id, offer.gpu_name)} with {offer.vram_gb} GB"
