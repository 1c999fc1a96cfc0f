"""Many seeds over several processes: `make soak`, with SEEDS, START and JOBS from the environment.

Stops at the first seed that breaks a law, and says how to live it again.
"""

import gc
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.pool import Pool

from tests.simulation.replay import SHOWN, told
from tests.simulation.run import Lived, lived

CHUNK = 50
EVERY_SECONDS = 15.0


def main() -> None:
    """Environment: SEEDS (how many), START (the first), JOBS (processes)."""
    wanted = (("SEEDS", 100_000), ("START", 1), ("JOBS", 2))
    seeds, start, jobs = (int(os.environ.get(name, usual)) for name, usual in wanted)
    began, shown_at, totals, done = time.monotonic(), 0.0, Counter[str](), 0
    with _processes(jobs) as pool:
        for counts, count, broken in pool.imap_unordered(_chunk, _chunks(start, seeds)):
            totals.update(counts)
            done += count
            if broken is not None:
                pool.terminate()
                sys.stdout.write(f"{told(broken, SHOWN)}\n{_progress(done, seeds, totals, time.monotonic() - began)}\n")
                sys.exit(1)
            if time.monotonic() - shown_at > EVERY_SECONDS:
                shown_at = time.monotonic()
                sys.stdout.write(_progress(done, seeds, totals, shown_at - began) + "\n")
                sys.stdout.flush()
    sys.stdout.write(f"every law held: {_progress(done, seeds, totals, time.monotonic() - began)}\n")


def _processes(jobs: int) -> Pool:
    """Each lives one chunk and ends: what it leaves behind goes with it, and nobody spends time on collecting it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.simulation.warm"])
    return context.Pool(jobs, initializer=gc.disable, maxtasksperchild=1)


def _chunks(start: int, seeds: int) -> Iterator[range]:
    return (range(at, min(at + CHUNK, start + seeds)) for at in range(start, start + seeds, CHUNK))


def _chunk(seeds: range) -> tuple[Counter[str], int, Lived | None]:
    totals: Counter[str] = Counter()
    for number, seed in enumerate(seeds, start=1):
        life = lived(seed)
        totals.update(life.counts)
        if life.broken:
            return totals, number, life
    return totals, len(seeds), None


def _progress(done: int, seeds: int, totals: Counter[str], seconds: float) -> str:
    runs = totals["runs"]
    return (
        f"{done}/{seeds} seeds, {runs} runs, {totals['calls']} calls, {totals['faults']} faults,"
        f" {totals['kills']} kills, {totals['checks']} checks of a law,"
        f" {runs / seconds * 60:.0f} runs a minute, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
