"""All that a text has of what rules look for: each thing found once, and what stands beside it weighed."""

from decimal import Decimal
from functools import cached_property

from policies.reading.certainty import Certainty
from policies.reading.dollars import money
from policies.reading.durations import durations
from policies.reading.figures import Figure
from policies.reading.gpus import Named, gpus
from policies.reading.memory import sizes, video_memory
from policies.reading.numerals import numbers
from policies.reading.prose import Span, around, blanked, clauses, code_spans, sentences
from policies.reading.work import file_names, model_sizes, work


class Seen:
    """One text; lives as long as its reading.

    Attributes:
        prose: the text without its code.
        commands: where they stand.
        gpus: every one that is named.
        figures: the prose without commands, GPUs and names of files.
    """

    def __init__(self, text: str, prose: str, commands: tuple[Span, ...]) -> None:
        self.prose = prose
        self.commands = commands
        self.gpus = gpus(prose)
        self.figures = blanked(prose, [*commands, *(one.span for one in self.gpus), *file_names(prose)])
        self._models = model_sizes(self.figures)
        self._durations, self._money, self._sizes = durations(self.figures), money(self.figures), sizes(self.figures)
        self.work, self.work_spans = work(blanked(prose, commands))
        self._spans = [_span(figure) for figure in (*self._durations, *self._money, *self._sizes)]
        known = [*commands, *(one.span for one in self.gpus), *self._spans, *self.work_spans, *code_spans(text)]
        one_amount = len({(figure.value, figure.unit) for figure in self._money}) == 1
        self._certainty = Certainty(prose, known, self._models, commands, one_amount=one_amount)

    @property
    def unread(self) -> str:
        """The text without what rules have a meaning for."""
        return self._certainty.unread

    @cached_property
    def durations(self) -> list[Figure]:
        """In hours."""
        return self._certainty.weighed(self._durations, "hours")

    @cached_property
    def money(self) -> list[Figure]:
        """In dollars and all else."""
        return self._certainty.weighed(self._money, "budget_usd")

    @cached_property
    def video_memory(self) -> list[Figure]:
        """In GB."""
        return self._certainty.weighed(video_memory(self.prose), "vram_gb")

    def is_clear(self, gpu: Named) -> bool:
        """Nothing beside a GPU says that it may not be what is wanted."""
        return not self._certainty.strange(gpu.span, "accelerators")

    def are_apart(self, wanted: list[Named]) -> bool:
        """Whether several GPUs may not all be wished for: different sentences name them, or how long it takes is said
        of some and not of others, as in `two hours on an A100`.
        """
        parts = clauses(self.prose)
        whole = sentences(self.prose)
        timed = {around(parts, figure.start) for figure in self._durations}
        is_timed = {around(parts, one.span.start) in timed for one in wanted}
        by_sentence = [{one.name for one in wanted if around(whole, one.span.start) == part} for part in whole]
        return len(is_timed) > 1 or len({frozenset(names) for names in by_sentence if names}) > 1

    def free(self) -> frozenset[Decimal]:
        """Numbers that are no duration, money, size or argument, and no part of a name."""
        return numbers(blanked(self.figures, [*self._spans, *self._models]))


def _span(figure: Figure) -> Span:
    return Span(figure.start, figure.end, figure.text)
