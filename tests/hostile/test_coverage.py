"""The tables are the suite: how many attacks there are, and that none is there twice."""

from collections import Counter

from tests.hostile import (
    test_access,
    test_answers,
    test_checkout_url,
    test_files,
    test_job_output,
    test_names,
    test_prices,
)

MODULES = (test_access, test_answers, test_checkout_url, test_files, test_job_output, test_names, test_prices)

AT_LEAST = 120


def test_there_are_enough_attacks() -> None:
    """Counted in the tables themselves."""
    rows = [row for module in MODULES for table in module.TABLES for row in table]
    assert len(rows) >= AT_LEAST


def test_no_attack_is_counted_twice() -> None:
    """Within a table every attack has a name of its own and is an attack of its own."""
    for module in MODULES:
        for table in module.TABLES:
            assert [name for name, times in Counter(row.attack for row in table).items() if times > 1] == []
            assert len({repr(row).replace(row.attack, "") for row in table}) == len(table)
