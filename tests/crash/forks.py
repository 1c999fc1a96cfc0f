"""Asking the fork server: cases to be played, and what each path reaches when nobody is killed."""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.crash.case import DEPLOY_SECONDS, Kill, Verdict
from tests.crash.child import Point
from tests.crash.scenarios import ALL
from tools.sandbox.locks import held

SLOWER = (10 * DEPLOY_SECONDS, 100 * DEPLOY_SECONDS)
"""Of a second and a third try."""

RECORDING_SECONDS = 90.0
"""The longest that one recording may keep the others waiting."""


class Forks:
    """A fork server that plays one case at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked, self._answered = process.stdin, process.stdout

    def play(self, scenario: str, kill: Kill | None = None, deploy_seconds: float = DEPLOY_SECONDS) -> Verdict:
        """Play a path, and resume it where it was killed."""
        request: dict[str, object] = {"scenario": scenario, "deploy_seconds": deploy_seconds}
        if kill is not None:
            request |= {"actor": kill.actor, **asdict(kill.point)}
        self._asked.write(json.dumps(request) + "\n")
        self._asked.flush()
        answer = self._answered.readline()
        assert answer, f"the fork server died over {request}"
        return Verdict(**json.loads(answer))

    def until_killed(self, kills: Sequence[Kill]) -> Verdict:
        """The verdict on the first path that was killed where it was to be, or that broke something, or on the last.

        Where the world is quick a path does not come by a look at a deploying pod: the next one deploys more slowly.
        """
        verdict = self.play(kills[0].scenario, kills[0])
        for kill, deploy_seconds in zip(kills[1:], SLOWER, strict=False):
            if verdict.killed or verdict.problems:
                break
            verdict = self.play(kill.scenario, kill, deploy_seconds)
        return verdict


class Recordings:
    """The sites that the processes of each path reach, recorded once for all test processes."""

    def __init__(self, folder: Path, forks: Forks, *, backwards: bool) -> None:
        """`backwards`: two test processes that begin at both ends meet in the middle."""
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._forks = forks
        self._order = list(reversed(ALL)) if backwards else list(ALL)
        self._known: dict[str, Verdict] = {}

    def of(self, scenario: str) -> Verdict:
        """The path without a kill."""
        if scenario not in self._known:
            self._known[scenario] = self._recorded(scenario)
        return self._known[scenario]

    def _recorded(self, scenario: str) -> Verdict:
        place = self._folder / f"{scenario}.json"
        with held(place.with_suffix(".lock"), RECORDING_SECONDS) as mine:
            assert mine, f"the recording of {scenario} does not end"
            if not place.exists():
                recorded = self._forks.play(scenario)
                partial = place.with_suffix(".partial")
                partial.write_text(json.dumps(recorded.as_json()))
                partial.replace(place)
        return Verdict(**json.loads(place.read_text()))

    def reached(self) -> dict[str, list[Kill]]:
        """Every site with the first kills that reach it, one for each path and process, in the order of the paths."""
        recorded = {scenario: self.of(scenario) for scenario in self._order}
        found: dict[str, list[Kill]] = {}
        for scenario in ALL:
            for actor, trace in recorded[scenario].traces.items():
                for site in dict.fromkeys(trace):
                    found.setdefault(site, []).append(Kill(scenario, actor, Point(site)))
        return found

    def kills(self, scenario: str) -> list[Kill]:
        """Every site of a path, the first time it is reached and the last."""
        traces = self.of(scenario).traces
        return [
            Kill(scenario, actor, Point(site, occurrence))
            for actor, trace in traces.items()
            for site, times in Counter(trace).items()
            for occurrence in sorted({1, times})
        ]
