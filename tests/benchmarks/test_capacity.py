"""How many runs may wait: what each costs does not grow with their number. All sizes: `make bench`."""

import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.benchmarks.capacity import Late, Parking, Watch, apart, park, see_all, watch

LIMIT = 5
"""Requests a second, as a policy has it by default."""

MOST_MB = 1024
MANY = 10_000


def measured(root: Path, size: int, quiet: float, wakings: int) -> tuple[Parking, Watch]:
    """So many runs, parked and looked after."""
    return apart(park, root, size), apart(watch, root, LIMIT, quiet, wakings)


def of_each_kb(few: Watch, many: Watch, runs: int) -> float:
    """What each of so many runs more takes in memory."""
    return (many.rss_mb - few.rss_mb) * 1024 / runs


@pytest.mark.timeout(300)
async def test_a_run_more_costs_what_the_others_cost(tmp_path: Path) -> None:
    """Ten times as many take as much CPU to start, to park one more and to look after, and no more requests."""
    with capture_logs():
        parking, parking_more = [await park(tmp_path / str(size), size) for size in (100, 1000)]
    few, many = [apart(watch, tmp_path / str(size), LIMIT, 4, 3) for size in (100, 1000)]
    assert few.rss_mb + of_each_kb(few, many, 900) * MANY / 1024 < MOST_MB
    assert many.cpu_per_second < 4 * few.cpu_per_second
    assert many.ready[1] < 4 * few.ready[1]
    assert parking_more.cpu_ms < 4 * parking.cpu_ms
    assert many.requests < 1.3 * LIMIT


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_ten_thousand_runs_wait(tmp_path: Path) -> None:
    """In under a gigabyte, each woken in time; every order is seen in its turn after a restart."""
    taken = {size: measured(tmp_path / str(size), size, 20, 20) for size in (100, 1000, MANY)}
    fast = 100
    turns = apart(see_all, tmp_path / str(MANY), fast)
    few = taken[100][1]
    lines = ["", f"{'runs parked':<24}" + "".join(f"{size:>18,}" for size in taken)]
    columns = [_figures(size, *one) for size, one in taken.items()]
    lines += [f"{name:<24}" + "".join(f"{column[name]:>18}" for column in columns) for name in columns[0]]
    each = of_each_kb(few, taken[MANY][1], MANY - 100)
    lines.append(f"memory: {each:.2f} kB for each run more")
    lines.append(f"after a restart every order was seen in {turns:.2f} × orders ÷ requests a second (at {fast}/s)")
    sys.stdout.write("\n".join(lines) + "\n")
    assert taken[MANY][1].rss_mb < MOST_MB
    assert turns < 1.5


def _seconds(late: Late) -> str:
    return f"{late.median:.2f} {late.p95:.2f} {late.most:.2f}"


def _figures(size: int, parking: Parking, seen: Watch) -> dict[str, str]:
    return {
        "CPU s a run-hour": f"{seen.cpu_per_second * 3600 / size:.3f}",
        "CPU s an hour, all": f"{seen.cpu_per_second * 3600:.0f}",
        "requests a run-hour": f"{seen.requests * 3600 / size:.1f}",
        "RSS, MB": f"{seen.rss_mb:.0f}",
        "disk, kB a run": f"{parking.disk_kb:.1f}",
        "parking one, CPU ms": f"{parking.cpu_ms:.0f}",
        "ready after, s": f"{seen.ready[0]:.1f}",
        "ready after, CPU s": f"{seen.ready[1]:.2f}",
        "answers 50/95/100 %, s": _seconds(seen.answers),
        "purchases after it, s": _seconds(seen.purchases),
        "deadlines, s": _seconds(seen.deadlines),
    }
