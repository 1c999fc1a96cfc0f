"""Which of the offers that fit a model would take. It is asked once about the same offers, however often they come."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.mind.choose import Preference, choose
from agent.mind.in_a_run import asked
from agent.mind.job_words import job_words
from agent.noted import PREFERRED, noted
from agent.parts import Parts
from policies.money import price_text
from policies.offer import Quote
from policies.spoken import said_by, words_of


@dataclass(frozen=True, slots=True)
class Preferred:
    """What a model would take: one of the quotes it was asked about, or None where it named none of them."""

    model: str
    quote: Quote | None
    words: str

    @property
    def said(self) -> str:
        """Marked as the model's own words."""
        return said_by(self.model, self.words)


async def preferred(parts: Parts, run_id: str, quotes: Sequence[Quote]) -> Preferred | None:
    """What a model prefers of `quotes`; None without one, without its answer, and where there is nothing to choose."""
    if parts.mind is None or len(quotes) < 2:
        return None
    among = [_written(quote) for quote in quotes]
    for earlier in reversed(noted(parts.log, run_id, PREFERRED)):
        if earlier["among"] == among:
            return _of(earlier["model"], Preference(earlier["gpu"], earlier["words"]), quotes)
    asking = choose(parts.mind, job_words(parts, run_id), quotes)
    answer = await asked(parts, run_id, parts.mind, asking, "the first-ranked offer is taken")
    if answer is None:
        return None
    model = words_of(parts.mind.name)
    body: dict[str, object] = {"model": model, "gpu": answer.gpu_id, "words": answer.words, "among": among}
    parts.log.note(run_id, PREFERRED, body, parts.clock.now())
    return _of(model, answer, quotes)


def _written(quote: Quote) -> str:
    return f"{quote.listing.gpu_id}, {price_text(quote.listing.price_per_hour)} × {quote.hours}"


def _of(model: str, preference: Preference, quotes: Sequence[Quote]) -> Preferred:
    named = next((quote for quote in quotes if quote.listing.gpu_id == preference.gpu_id), None)
    return Preferred(model, named, preference.words)
