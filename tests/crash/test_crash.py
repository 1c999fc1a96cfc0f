"""SIGKILL at every boundary, then `resume`: no cent twice, no pod left, no result lost.

The sites are listed by the code itself (`tests.crash.sites`), so that a boundary which no path reaches fails here.
"""

import json
import zlib
from collections.abc import Callable

import pytest

from tests.crash import sites
from tests.crash.case import Kill, Verdict
from tests.crash.child import Point
from tests.crash.forks import Forks, Recordings
from tests.crash.scenarios import ALL, OFF_THE_PATHS, ONLY_ON_POSTGRES

pytestmark = pytest.mark.timeout(240)

SHARES = 20

Tell = Callable[[str, object], None]

TO_PAY = {
    "log.add_run",
    "log.reserve",
    "log.submit",
    "log.keep_answer",
    "log.settle",
    "journal.append",
    "checkpoint.setup",
    "checkpoint.aput",
    "market.rent_with_credits",
    *ONLY_ON_POSTGRES,
}
"""What a purchase touches, and what is made before the first one."""

SLOW = frozenset({"kept", "in doubt", "recovering", "growing"})
"""Paths that take longer than the others: their sites are killed on them only where no other path has them."""


def on_a_path() -> list[str]:
    """Every site but those of boundaries that no path of a run touches."""
    return [site for site in sites.sites() if site.partition(":")[0] not in OFF_THE_PATHS]


def test_the_paths_reach_every_boundary(recordings: Recordings) -> None:
    """Every site of the code is reached by some path, and none that is said to lie off all of them."""
    reached = set(recordings.reached())

    assert sorted(set(on_a_path()) - reached) == []
    assert sorted(reached - set(on_a_path())) == []
    assert sorted(set(OFF_THE_PATHS) - set(sites.boundaries())) == []


@pytest.mark.parametrize("scenario", ALL)
def test_a_path_that_nobody_kills(recordings: Recordings, scenario: str) -> None:
    """Each path ends as it should, and the provider's books agree with the spend log."""
    recorded = recordings.of(scenario)

    assert recorded.problems == [], "\n".join(recorded.problems)
    assert recorded.code == ALL[scenario].code


@pytest.mark.parametrize("site", on_a_path())
def test_killed_once(forks: Forks, recordings: Recordings, site: str, record_property: Tell) -> None:
    """Killed at the site on one path that reaches it: one payment at most, no pod left, every output here."""
    verdict = forks.until_killed(ways_to(recordings.reached()[site]))

    tell(record_property, [verdict])
    assert verdict.problems == [], "\n".join([verdict.scenario, *verdict.problems])
    assert verdict.killed


@pytest.mark.parametrize("site", [site for site in sites.sites() if site.partition(":")[0] in TO_PAY])
def test_killed_once_on_postgres(forks_on_postgres: Forks, site: str, record_property: Tell) -> None:
    """A purchase whose store is a server, where all the others of the sweep have files."""
    verdict = forks_on_postgres.play("happy", Kill("happy", "run", Point(site)))

    tell(record_property, [verdict])
    assert verdict.problems == [], "\n".join([site, *verdict.problems])
    assert verdict.killed


@pytest.mark.crash
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("scenario", ALL)
def test_killed_everywhere(
    forks: Forks, recordings: Recordings, scenario: str, share: int, record_property: Tell
) -> None:
    """The same at every site of every path, the first time it is reached and the last."""
    kills = recordings.kills(scenario)[share::SHARES]
    played = [(kill, forks.until_killed([kill] * (3 if kill.point.occurrence == 1 else 1))) for kill in kills]

    tell(record_property, [verdict for _, verdict in played])
    failed = [f"{kill}\n" + "\n".join(verdict.problems) for kill, verdict in played if verdict.problems]
    assert failed == [], "\n\n".join(failed)


def ways_to(kills: list[Kill]) -> list[Kill]:
    """Three ways to a site, the same one again where there are fewer; for the next site others come first."""
    quick = [kill for kill in kills if kill.scenario not in SLOW] or kills
    first = zlib.crc32(kills[0].point.site.encode()) % len(quick)
    return [quick[(first + number) % len(quick)] for number in range(3)]


def tell(record_property: Tell, verdicts: list[Verdict]) -> None:
    """For the summary at the end."""
    counted = {
        "kills": sum(verdict.killed for verdict in verdicts),
        "not reached again": sum(not verdict.killed for verdict in verdicts),
        "double payments": sum(verdict.double_payments for verdict in verdicts),
        "pods left": sum(verdict.pods_left for verdict in verdicts),
        "pods nobody can know": sum(verdict.pods_unknowable for verdict in verdicts),
        "outputs lost": sum(verdict.outputs_lost for verdict in verdicts),
        "seconds": round(sum(verdict.seconds for verdict in verdicts)),
    }
    record_property("crash", json.dumps(counted))
