"""Estimates of GPU memory against more than a hundred published measurements; `vram_errors.md` has them all.

The distribution is in that page, computed from the rows and held to them here. No row has a constant of its own.
"""

from pathlib import Path

import pytest

from policies.workload import Method, Precision
from tests.policies.vram_errors import LEAST, MEASURED, MOST, page, usual
from tests.policies.vram_rows import Measured

PAGE = Path(__file__).with_name("vram_errors.md")
IN_LINE = [row for row in MEASURED if not row.apart]


@pytest.mark.parametrize("row", IN_LINE, ids=lambda row: f"{row.cell}, {row.seen}")
def test_an_estimate_is_near_what_was_measured(row: Measured) -> None:
    """Never a sixth too little; at most 44 % too much."""
    assert LEAST <= row.error <= MOST, f"{row.estimated:.2f} GiB estimated, {row.gib:.2f} measured"


def test_few_rows_stand_apart() -> None:
    """Four are far too low and say so; they stay in the table."""
    apart = [row for row in MEASURED if row.apart]
    assert len(apart) == 4
    assert all(row.error < LEAST for row in apart)


def test_most_estimates_are_nearer_than_that() -> None:
    """Five of six are within -10 % and +35 %."""
    assert usual(MEASURED) * 6 >= len(MEASURED) * 5


def test_the_whole_estimate_is_near_what_the_card_shows() -> None:
    """Where nvidia-smi was read: the figure that a GPU is chosen by, CUDA's context and unused blocks included."""
    on_card = [row for row in IN_LINE if row.seen == "device"]
    assert len(on_card) >= 20
    assert all(-0.12 <= float(row.whole.total_gb / row.gib - 1) <= 0.17 for row in on_card)


def test_every_kind_of_work_was_measured() -> None:
    """At least ten rows of each method, and every precision."""
    for method in Method:
        assert sum(1 for row in MEASURED if row.work.method is method) >= 10
    assert {row.work.precision for row in MEASURED} == set(Precision)
    assert len({row.source for row in MEASURED}) >= 9


def test_no_row_is_there_twice() -> None:
    """A repeated row would make the table look larger than it is."""
    keys = [(row.source, row.cell) for row in MEASURED]
    assert len(keys) == len(set(keys))


def test_the_page_says_what_the_rows_say() -> None:
    """After a change: `python -m tests.policies.vram_errors > tests/policies/vram_errors.md`."""
    assert PAGE.read_text(encoding="utf-8") == page()
