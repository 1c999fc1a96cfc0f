"""What a description comes to: fields, where each is from, and what has to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Source(StrEnum):
    """Where a field of a job is from."""

    FILE = "job file"
    SAID = "said"
    READ = "read in the workdir"
    ESTIMATED = "estimated"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Understood:
    """What a description comes to.

    Attributes:
        fields: of a job file; hours as Decimal, budget_usd as text, lists as tuples; `workload` beside them.
        sources: of each of these.
        asks: field → what a human has to say before anything is bought.
        unused: parts of the text that nothing was taken from.
        notes: field → how its value came about, where that takes words.
        free: numbers of the text that no rule has a meaning for.
        estimated_gb: GiB that `vram_gb` was estimated from; None where it was not.
        proposed: field → the value that it has if a human says yes to its question.
    """

    fields: Mapping[str, object]
    sources: Mapping[str, Source]
    asks: Mapping[str, str]
    unused: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    free: frozenset[Decimal] = frozenset()
    estimated_gb: Decimal | None = None
    proposed: Mapping[str, object] = field(default_factory=dict)

    @property
    def likely(self) -> Mapping[str, object]:
        """Fields and what is proposed: enough where a human sees and confirms all of it before anything comes of it."""
        return {**self.proposed, **self.fields}
