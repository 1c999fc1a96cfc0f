"""A description read by rule: what it says of a job, where each field is from, and what has to be asked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from policies.file_problem import shown
from policies.money import cents_from_text, usd
from policies.reading.dollars import DOLLARS, OTHER_CURRENCY, PER_TIME, money, unread
from policies.reading.durations import durations
from policies.reading.figures import Doubt, Figure, Weight, settled
from policies.reading.gpus import gpus
from policies.reading.memory import sizes, video_memory
from policies.reading.numerals import numbers
from policies.reading.outputs import outputs
from policies.reading.prose import Span, blanked, clauses, code_spans, prose_of, unwrapped
from policies.reading.to_run import to_run
from policies.reading.work import model_sizes, work

TOO_MANY = 10_000
"""Hours, or GB: a job file takes fewer."""


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
    """

    fields: Mapping[str, object]
    sources: Mapping[str, Source]
    asks: Mapping[str, str]
    unused: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    free: frozenset[Decimal] = frozenset()
    estimated_gb: Decimal | None = None


def understand(text: str, files: Mapping[str, str], given: Mapping[str, object]) -> Understood:
    """Read a description.

    Args:
        files: name → first characters, of what lies in the workdir; folders end in a slash.
        given: fields that a job file has already: they count, and of two budgets the lower.
    """
    reading = _Reading(unwrapped(text), files)
    fields, sources, asks = reading.result()
    for name, value in given.items():
        if value in (None, "", (), [], {}):
            continue
        if name == "budget_usd" and name in fields and _cents(fields[name]) < _cents(value):
            continue
        fields[name], sources[name] = value, Source.FILE
        if name != "budget_usd":
            asks.pop(name, None)
    return Understood(fields, sources, asks, reading.unused(), free=reading.free())


def _cents(value: object) -> int:
    return cents_from_text(str(value))


class _Reading:
    """One pass over one text; lives as long as that."""

    def __init__(self, text: str, files: Mapping[str, str]) -> None:
        self._text = text
        self._prose = prose_of(text)
        self._files = {name: head for name, head in files.items() if not name.startswith(".")}
        self._used: list[Span] = []
        self._commands: tuple[Span, ...] = ()
        self._figures = self._prose
        self.fields: dict[str, object] = {}
        self.sources: dict[str, Source] = {}
        self.asks: dict[str, str] = {}

    def result(self) -> tuple[dict[str, object], dict[str, Source], dict[str, str]]:
        self._to_run()
        self._accelerators()
        self._hours()
        self._budget()
        self._memory()
        self._outputs()
        said, spans = work(blanked(self._prose, self._commands))
        if said:
            self._use(*spans)
            self._put("workload", said, Source.SAID)
        if self._files:
            self._put("workdir", ".", Source.READ)
        return self.fields, self.sources, self.asks

    def unused(self) -> tuple[str, ...]:
        """Parts of the text with a number in them that nothing was taken from."""
        parts = [part for part in clauses(self._prose) if re.search("[0-9]", part.text)]
        spans = [*self._used, *code_spans(self._text)]
        rest = [part for part in parts if not any(part.start < span.end and span.start < part.end for span in spans)]
        return tuple(" ".join(part.text.replace("\x00", "").split()) for part in rest)

    def free(self) -> frozenset[Decimal]:
        """Numbers that are no duration, money, size or argument, and no part of a name."""
        known = [*durations(self._figures), *money(self._figures), *sizes(self._figures)]
        spans = [Span(figure.start, figure.end, figure.text) for figure in known]
        return numbers(blanked(self._figures, [*spans, *model_sizes(self._figures)]))

    def _put(self, name: str, value: object, source: Source) -> None:
        self.fields[name], self.sources[name] = value, source

    def _use(self, *spans: Figure | Span) -> None:
        self._used += [Span(span.start, span.end, span.text) for span in spans]

    def _to_run(self) -> None:
        found = to_run(self._text, self._prose, self._files)
        self._commands = found.spans
        self._use(*found.spans)
        if found.run:
            self._put("run", found.run, Source.SAID if found.said else Source.READ)
        if found.setup:
            self._put("setup", found.setup, Source.SAID if found.setup in self._text else Source.READ)
        if found.question:
            self.asks["run"] = found.question

    def _hours(self) -> None:
        figures = durations(self._figures)
        match settled(figures, self._figures):
            case Figure(value=Decimal() as hours) as figure if 0 < hours < TOO_MANY:
                self._use(*[one for one in figures if one.value == hours], figure)
                self._put("hours", hours, Source.SAID)
            case Figure(value=Decimal()) as figure:
                self.asks["hours"] = f"How many hours does it take? {shown(figure.text.strip())} can't be."
            case Doubt(words):
                self.asks["hours"] = f"How many hours does it take: {words}"
            case _:
                pass

    def _budget(self) -> None:
        everything = money(self._figures)
        if amount := unread(self._figures, everything):
            self.asks["budget_usd"] = f"How many US dollars may it cost at most? {shown(amount)} was not understood."
        figures = [figure for figure in everything if figure.weight is not Weight.OF_SOMETHING_ELSE]
        foreign = next((figure for figure in figures if figure.unit == OTHER_CURRENCY), None)
        if foreign is not None:
            self._use(foreign)
            said = shown(foreign.text.strip())
            self.asks["budget_usd"] = f"How many US dollars may it cost? {said} is another currency."
            return
        by_time = next((figure for figure in figures if figure.unit == PER_TIME), None)
        if by_time is not None:
            self._use(by_time)
            self.asks["price_per_hour"] = (
                f"{shown(by_time.text.strip())} is for a time: what may the job cost in all? "
                "(`budget.max_price_per_hour_usd` in the policy limits the price of an hour.)"
            )
        match settled([figure for figure in figures if figure.unit == DOLLARS], self._figures):
            case Figure(value=Decimal() as dollars) as figure if "budget_usd" not in self.asks:
                self._use(figure)
                self._ceiling(dollars, figure)
            case Doubt(words):
                self.asks["budget_usd"] = f"How many US dollars may it cost at most: {words}"
            case _:
                pass

    def _ceiling(self, dollars: Decimal, figure: Figure) -> None:
        try:
            self._put("budget_usd", usd(cents_from_text(f"{dollars:f}")), Source.SAID)
        except ValueError:
            said = shown(figure.text.strip())
            self.asks["budget_usd"] = f"How many US dollars may it cost at most? {said} is no such amount."

    def _memory(self) -> None:
        match settled(video_memory(self._prose), self._prose):
            case Figure(value=Decimal() as size) as figure if 0 < size < TOO_MANY:
                self._use(figure)
                self._put("vram_gb", int(size), Source.SAID)
            case Figure(value=Decimal() as size) as figure if size > 0:
                self.asks["vram_gb"] = f"How many GB of GPU memory? {shown(figure.text.strip())} can't be."
            case Doubt(words):
                self.asks["vram_gb"] = f"How many GB of GPU memory: {words}"
            case _:
                pass

    def _accelerators(self) -> None:
        named = gpus(self._prose)
        wanted = [one for one in named if one.wanted]
        self._use(*(one.span for one in wanted))
        self._figures = blanked(self._prose, [*self._commands, *(one.span for one in named)])
        if many := [one for one in wanted if one.count > 1]:
            self.asks["accelerators"] = (
                f"{many[0].count} × {many[0].name}: an order has one GPU. Which one is it to be?"
            )
        elif wanted:
            self._put("accelerators", tuple(dict.fromkeys(one.name for one in wanted)), Source.SAID)
        elif refused := [one for one in named if one.refused]:
            self.asks["accelerators"] = (
                f"Which GPUs would do? A job can't rule out {refused[0].name}; `gpu.deny` in the policy can."
            )

    def _outputs(self) -> None:
        if found := outputs(self._text, blanked(self._prose, self._commands), self._files):
            self._use(*self._spans_of(found))
            self._put("outputs", found, Source.SAID)

    def _spans_of(self, words: tuple[str, ...]) -> Iterator[Span]:
        for word in words:
            for match in re.finditer(re.escape(word), self._text):
                yield Span(match.start(), match.end(), word)
