"""A description read by rule: what it says of a job, where each field is from, and what has to be asked."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from policies.file_problem import shown
from policies.money import cents_from_text, usd
from policies.reading.dollars import DOLLARS, OTHER_CURRENCY, PER_TIME, unread
from policies.reading.figures import MOST, Doubt, Figure, Weight, settled
from policies.reading.outputs import outputs
from policies.reading.overlooked import ceiling, hourly
from policies.reading.prose import Span, blanked, clauses, code_spans, prose_of, unwrapped
from policies.reading.seen import Seen
from policies.reading.to_run import to_run
from policies.reading.understood import Source, Understood

TOO_MANY = 10_000
"""Hours, or GB: a job file takes fewer."""
_HOURS = "How many hours does it take"
_DOLLARS = "How many US dollars may it cost at most"
_MEMORY = "How many GB of GPU memory"


def understand(text: str, files: Mapping[str, str], given: Mapping[str, object]) -> Understood:
    """Read a description.

    Args:
        files: name → first characters, of what lies in the workdir; folders end in a slash.
        given: fields that a job file has already: they count, and of two budgets the lower.
    """
    return _Reading(unwrapped(text), files).understood(given)


def _cents(value: object) -> int:
    return cents_from_text(str(value))


class _Reading:
    """One pass over one text; lives as long as that."""

    def __init__(self, text: str, files: Mapping[str, str]) -> None:
        self._text = text
        self._prose = prose_of(text)
        self._files = {name: head for name, head in files.items() if not name.startswith(".")}
        self._used: list[Span] = []
        self._fields: dict[str, object] = {}
        self._sources: dict[str, Source] = {}
        self._asks: dict[str, str] = {}
        self._proposed: dict[str, object] = {}
        self._seen = Seen(text, self._prose, self._to_run())

    def understood(self, given: Mapping[str, object]) -> Understood:
        self._accelerators()
        self._hours()
        self._budget()
        self._overlooked()
        self._memory()
        self._outputs()
        if self._seen.work:
            self._use(*self._seen.work_spans)
            self._put("workload", self._seen.work)
        if self._files:
            self._put("workdir", ".", Source.READ)
        self._give(given)
        proposed = {name: value for name, value in self._proposed.items() if name in self._asks}
        return Understood(
            self._fields, self._sources, self._asks, self._unused(), free=self._seen.free(), proposed=proposed
        )

    def _give(self, given: Mapping[str, object]) -> None:
        for name, value in given.items():
            if value in (None, "", (), [], {}):
                continue
            if name == "budget_usd" and name in self._fields and _cents(self._fields[name]) < _cents(value):
                continue
            self._put(name, value, Source.FILE)
            if name != "budget_usd":
                self._asks.pop(name, None)

    def _unused(self) -> tuple[str, ...]:
        """Parts of the text with a number in them that nothing was taken from."""
        parts = [part for part in clauses(self._prose) if re.search("[0-9]", part.text)]
        spans = [*self._used, *code_spans(self._text)]
        rest = [part for part in parts if not any(part.start < span.end and span.start < part.end for span in spans)]
        return tuple(" ".join(part.text.replace("\x00", "").split()) for part in rest)

    def _put(self, name: str, value: object, source: Source = Source.SAID) -> None:
        self._fields[name], self._sources[name] = value, source

    def _ask(self, name: str, question: str, proposed: object = None) -> None:
        self._asks[name] = question
        if proposed is not None:
            self._proposed[name] = proposed

    def _use(self, *spans: Figure | Span) -> None:
        self._used += [Span(span.start, span.end, span.text) for span in spans]

    def _to_run(self) -> tuple[Span, ...]:
        found = to_run(self._text, self._prose, self._files)
        self._use(*found.spans)
        if found.run:
            self._put("run", found.run, Source.SAID if found.said else Source.READ)
        if found.setup:
            self._put("setup", found.setup, Source.SAID if found.setup in self._text else Source.READ)
        if found.question:
            self._ask("run", found.question, found.proposed or None)
        return found.spans

    def _hours(self) -> None:
        match settled(self._seen.durations, self._seen.figures):
            case Figure(value=Decimal() as hours) as figure if 0 < hours < TOO_MANY:
                self._use(*[one for one in self._seen.durations if one.value == hours], figure)
                self._put("hours", hours)
            case Figure(value=Decimal()) as figure:
                self._ask("hours", f"{_HOURS}? {shown(figure.text.strip())} can't be.")
            case Doubt(words, value):
                self._use(*self._seen.durations)
                self._ask("hours", f"{_HOURS}: {words}", value if value and 0 < value < TOO_MANY else None)
            case _:
                pass

    def _budget(self) -> None:
        if amount := unread(self._seen.figures, self._seen.money):
            self._ask("budget_usd", f"{_DOLLARS}? {shown(amount)} was not understood.")
        figures = [figure for figure in self._seen.money if figure.weight is not Weight.OF_SOMETHING_ELSE]
        foreign = next((figure for figure in figures if figure.unit == OTHER_CURRENCY), None)
        if foreign is not None:
            self._use(foreign)
            said = shown(foreign.text.strip())
            self._ask("budget_usd", f"How many US dollars may it cost? {said} is another currency.")
            return
        by_time = next((figure for figure in figures if figure.unit == PER_TIME), None)
        if by_time is not None:
            self._use(by_time)
            self._ask(
                "price_per_hour",
                f"{shown(by_time.text.strip())} is for a time: what may the job cost in all? "
                "(`budget.max_price_per_hour_usd` in the policy limits the price of an hour.)",
            )
        match settled([figure for figure in figures if figure.unit == DOLLARS], self._seen.figures):
            case Figure(value=Decimal() as dollars) as figure if "budget_usd" not in self._asks:
                self._use(figure)
                self._ceiling(dollars, figure)
            case Doubt(words, value) if "budget_usd" not in self._asks:
                self._use(*figures)
                self._ask("budget_usd", f"{_DOLLARS}: {words}", None if value is None else _amount(value))
            case _:
                pass

    def _overlooked(self) -> None:
        """A limit is never lost: what seems to be one, and could not be read, is asked about."""
        if "price_per_hour" not in self._asks and (said := hourly(self._seen.unread)):
            self._ask("price_per_hour", f"What may the job cost in all? {shown(said)} was not understood.")
        if {"budget_usd", "price_per_hour"}.isdisjoint(self._asks) and "budget_usd" not in self._fields:
            said = ceiling(self._seen.unread) or next((one.text.strip() for one in self._seen.money), "")
            if said:
                self._ask("budget_usd", f"{_DOLLARS}? {shown(said)} was not understood.")

    def _ceiling(self, dollars: Decimal, figure: Figure) -> None:
        amount = _amount(dollars)
        if amount is None:
            self._ask("budget_usd", f"{_DOLLARS}? {shown(figure.text.strip())} is no such amount.")
        else:
            self._put("budget_usd", amount)

    def _memory(self) -> None:
        match settled(self._seen.video_memory, self._prose):
            case Figure(value=Decimal() as size) as figure if 0 < size < TOO_MANY:
                self._use(figure)
                self._put("vram_gb", int(size))
            case Figure(value=Decimal() as size) as figure if size > 0:
                self._ask("vram_gb", f"{_MEMORY}? {shown(figure.text.strip())} can't be.")
            case Doubt(words, value):
                self._ask("vram_gb", f"{_MEMORY}: {words}", int(value) if value and 0 < value < TOO_MANY else None)
            case _:
                pass

    def _accelerators(self) -> None:
        wanted = [one for one in self._seen.gpus if one.wanted]
        names = tuple(dict.fromkeys(one.name for one in wanted))
        self._use(*(one.span for one in wanted))
        if len(self._seen.gpus) > MOST:
            self._ask("accelerators", f"Which GPU is it to be? More than {MOST} are named.")
        elif many := [one for one in wanted if one.count > 1]:
            said = f"{many[0].count} × {many[0].name}"
            self._ask("accelerators", f"{said}: an order has one GPU. Which one is it to be?")
        elif not all(map(self._seen.is_clear, wanted)) or (len(names) > 1 and self._seen.are_apart(wanted)):
            self._ask("accelerators", f"Which GPU is it to be: is it {' or '.join(names)}?", names)
        elif wanted:
            self._put("accelerators", names)
        elif refused := [one for one in self._seen.gpus if one.refused]:
            said = f"A job can't rule out {refused[0].name}; `gpu.deny` in the policy can."
            self._ask("accelerators", f"Which GPUs would do? {said}")

    def _outputs(self) -> None:
        if found := outputs(self._text, blanked(self._prose, self._seen.commands), self._files):
            self._use(*self._spans_of(found))
            self._put("outputs", found)

    def _spans_of(self, words: tuple[str, ...]) -> Iterator[Span]:
        for word in words:
            for match in re.finditer(re.escape(word), self._text):
                yield Span(match.start(), match.end(), word)


def _amount(dollars: Decimal) -> str | None:
    """As a job file has it; None for what is no amount: parts of a cent, say."""
    try:
        return usd(cents_from_text(f"{dollars:f}"))
    except ValueError:
        return None
