"""How far the estimates of GPU memory are from published measurements, as a page.

After a change of the estimator: `python -m tests.policies.vram_errors > tests/policies/vram_errors.md`.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from statistics import median

from tests.policies.vram_rows import Measured
from tests.policies.vram_rows_litgpt import LITGPT_ROWS
from tests.policies.vram_rows_other import OTHER_ROWS

MEASURED: tuple[Measured, ...] = (*LITGPT_ROWS, *OTHER_ROWS)

LEAST, MOST = Decimal("-0.17"), Decimal("0.44")
"""Errors of all rows but those that stand apart."""

USUAL_LEAST, USUAL_MOST = Decimal("-0.10"), Decimal("0.35")


def usual(rows: Sequence[Measured]) -> int:
    """How many are no further off than usual."""
    return sum(1 for row in rows if USUAL_LEAST <= row.error <= USUAL_MOST)


def page() -> str:
    """In Markdown: the distribution by method and by what was seen, then every row."""
    methods = {row.work.method: [one for one in MEASURED if one.work.method is row.work.method] for row in MEASURED}
    seen = {row.seen: [one for one in MEASURED if one.seen == row.seen] for row in MEASURED}
    return "\n".join(
        (
            "# How far the estimates of GPU memory are off",
            "",
            "Made by `python -m tests.policies.vram_errors`. Above zero: more was estimated than measured. Of what",
            "PyTorch counted itself (`allocated`, `reserved`), what it leaves out is left out of the estimate too.",
            "",
            "| | rows | lowest | median | highest | within -10 % … +35 % | lowest, with all overhead |",
            "|---|---|---|---|---|---|---|",
            *(_line(str(method), rows) for method, rows in methods.items()),
            *(_line(name, rows) for name, rows in seen.items()),
            _line("all", MEASURED),
            "",
            "| what | source's row and figure | GiB | estimate | off |",
            "|---|---|---|---|---|",
            *map(_row, MEASURED),
            "",
            "Apart:",
            *_apart(MEASURED),
            "",
            "Sources:",
            *(f"- {source}" for source in dict.fromkeys(row.source for row in MEASURED)),
            "",
        )
    )


def _line(name: str, rows: Sequence[Measured]) -> str:
    errors = [row.error for row in rows]
    shares = " | ".join(f"{share:+.0%}" for share in (min(errors), median(errors), max(errors)))
    whole = min(row.whole.total_gb / row.gib - 1 for row in rows)
    return f"| {name} | {len(rows)} | {shares} | {usual(rows)} | {whole:+.0%} |"


def _row(row: Measured) -> str:
    cell = row.cell.replace("|", "/")
    return f"| {row.work.method}, {row.seen} | {cell} | {row.gib:.2f} | {row.estimated:.2f} | {row.error:+.0%} |"


def _apart(rows: Iterable[Measured]) -> Iterator[str]:
    return (f"- {row.cell.replace('|', '/')} ({row.error:+.0%}): {row.apart}" for row in rows if row.apart)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201
