"""How long a cap check takes as the history grows. Run with `pytest -m benchmark -n 0 -s`."""

import statistics
import sys
import time
from pathlib import Path

import pytest

from policies.budget import CapHit
from tests.tools.spend_log.things import NOW, an_offer, held, offered, wide
from tools.spend_log.codec import to_text
from tools.spend_log.log import SqliteSpendLog

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

CHECKS = 200
LIMIT_MS = 5.0
LIMIT_RATIO = 5.0

# Settled debits of a cent over three years, twenty a run, as the only spent rows that a charge may be born as.
HISTORY = """
    INSERT INTO charges (charge_id, run_id, attempt, kind, rail, gpu_id, hours, amount, state, account, base_url,
        auto, created_at, settled_at)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count),
        at (i, text) AS (
            SELECT i, strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', :now, '-' || (i % 1000) || ' days') FROM n)
    SELECT 'old-' || i, 'past-' || (i / 20), i, 'found', 'credits', 'RTX 4090', 1, 1, 'orphaned', 'key', '',
        i % 2, text, text FROM at
"""
RUNS = """
    INSERT INTO runs (run_id, name, job_json, job_sha256, job_path, outputs_dir, created_at)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :count / 20)
    SELECT 'past-' || i, 'job', '{}', '', '', '', :now FROM n
"""
# One order for each run, ended or never paid.
ORDERS = """
    INSERT INTO orders (order_id, run_id, attempt, status, first_status, hours, host_key, on_volume, job_started,
        collected, checkout_url, terminate_tries, created_at, gone_at, unpaid)
    SELECT 'HOG-' || run_id, run_id, 1, 'reserved', 'reserved', 1, '', 0, 0, 0, '', 0, created_at,
        CASE seq % 2 WHEN 0 THEN created_at END, seq % 2
    FROM runs
"""


def store_with(path: Path, count: int) -> SqliteSpendLog:
    """A log with `count` settled charges and four that are in flight."""
    log = SqliteSpendLog.open(path / str(count) / "spend.db")
    with log._write() as db:
        db.execute(RUNS, {"count": count, "now": to_text(NOW)})
        db.execute(ORDERS)
        db.execute(HISTORY, {"count": count, "now": "2026-03-15 12:00:00"})
    for number in range(4):
        held(log, an_offer(f"open-{number}", account=f"key-{number}"))
    return log


def check_ms(log: SqliteSpendLog) -> float:
    """The median of what a reservation takes that the last cap refuses: every check is made, nothing is written."""
    offer = offered(log, an_offer("next"))
    taken = []
    for _ in range(CHECKS):
        start = time.perf_counter()
        refused = log.reserve("c", offer, wide(open_pods=4), NOW, None)
        taken.append((time.perf_counter() - start) * 1000)
        assert isinstance(refused, CapHit)
        assert refused.cap == "max_open_pods"
    return statistics.median(taken)


def test_a_cap_check_does_not_slow_down_with_the_history(tmp_path: Path) -> None:
    """Over a million charges it takes under 5 ms, and little more than over a thousand."""
    times = {}
    for count in (1_000, 1_000_000):
        log = store_with(tmp_path, count)
        times[count] = check_ms(log)
        log.close()
    ratio = times[1_000_000] / times[1_000]
    few, many = times[1_000], times[1_000_000]
    sys.stdout.write(f"\ncap check: {few:.2f} ms over 1,000, {many:.2f} ms over 1,000,000, ratio {ratio:.2f}\n")
    assert times[1_000_000] < LIMIT_MS
    assert ratio < LIMIT_RATIO
