"""Verdicts counted by field, kind and language; as text and as Markdown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.eval.corpus import KINDS, LANGUAGES, Description
from tests.eval.score import FIELDS, PRICE_PER_HOUR, Reading, Verdict, score, told

HEAD = ("", "fields", "right", "of what is told", "asked back", "silent money errors")


@dataclass(frozen=True, slots=True)
class Scored:
    """One description with a reading of it."""

    description: Description
    got: Reading

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """By field."""
        return score(self.description.reading, self.got)


@dataclass(frozen=True, slots=True)
class Mark:
    """One field of one description."""

    id: str
    kind: str
    language: str
    field: str
    verdict: Verdict
    told: bool


def marks(scored: Iterable[Scored]) -> tuple[Mark, ...]:
    """All of them, flat."""
    return tuple(
        Mark(one.id, one.kind, one.language, field, verdict, told(one.reading, field))
        for one, verdicts in ((each.description, each.verdicts) for each in scored)
        for field, verdict in verdicts.items()
    )


def silent(scored: Iterable[Scored]) -> tuple[str, ...]:
    """The silent money errors, as `id: field`."""
    return tuple(f"{mark.id}: {mark.field}" for mark in marks(scored) if mark.verdict is Verdict.SILENT)


def mistakes(scored: Iterable[Scored]) -> tuple[str, ...]:
    """What is not right, with what was wanted and what came; of held-out descriptions nothing."""
    return tuple(
        f"{wanted.id}: {field}: {verdict}: {_told(wanted.reading, field)}, not {_told(one.got, field)}"
        for one, wanted in ((each, each.description) for each in scored)
        for field, verdict in one.verdicts.items()
        if verdict is not Verdict.RIGHT and not wanted.held_out
    )


def rows(scored: Iterable[Scored]) -> tuple[tuple[str, ...], ...]:
    """Cells under `HEAD`: a row for each field, kind and language that occurs, and one for all."""
    all_marks = marks(scored)
    others = sorted({mark.field for mark in all_marks} - {*FIELDS, PRICE_PER_HOUR})
    groups: Sequence[tuple[str, Callable[[Mark], object]]] = (
        *((name, lambda mark: mark.field) for name in (*FIELDS, PRICE_PER_HOUR, *others)),
        *((name, lambda mark: mark.kind) for name in KINDS),
        *((name, lambda mark: mark.language) for name in LANGUAGES),
        ("all", lambda _: "all"),
    )
    found = ((name, [mark for mark in all_marks if of(mark) == name]) for name, of in groups)
    return tuple(_row(name, group) for name, group in found if group)


def plain(table: Sequence[Sequence[str]]) -> str:
    """Under `HEAD`, in columns."""
    lines = [HEAD, *table]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        f"{line[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in lines
    )


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Under `HEAD`, as a README has it."""
    ruler = ["---", *["---:"] * (len(HEAD) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [HEAD, ruler, *table])


def _row(name: str, group: Sequence[Mark]) -> tuple[str, ...]:
    said = [mark for mark in group if mark.told]
    return (
        name,
        str(len(group)),
        _share(group, Verdict.RIGHT),
        _share(said, Verdict.RIGHT),
        _share(group, Verdict.ASKED_BACK),
        str(sum(mark.verdict is Verdict.SILENT for mark in group)),
    )


def _share(group: Sequence[Mark], verdict: Verdict) -> str:
    if not group:
        return "–"
    return f"{100 * sum(mark.verdict is verdict for mark in group) / len(group):.1f} %"


def _told(reading: Reading, field: str) -> str:
    return "a question" if field in reading.asks else repr(reading.fields.get(field))
