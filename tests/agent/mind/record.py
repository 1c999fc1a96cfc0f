"""Record the cassettes again: `OPENAI_BASE_URL=… python -m tests.agent.mind.record`, with a real model there."""

import asyncio
import os
import sys

from agent.clock import SystemClock
from tests.agent.mind.scenarios import SCENARIOS, Scenario
from tests.agent.mind.tape import CASSETTES, tape
from tests.fakes.model_server import serving


def record(name: str, scenario: Scenario, base_url: str) -> None:
    """Write one cassette."""
    path = CASSETTES / f"{name}.yaml"
    path.unlink(missing_ok=True)
    with tape("all", base_url).use_cassette(path.name):
        asyncio.run(scenario.play(base_url, SystemClock()))


def main() -> None:
    """Record every scenario."""
    real = os.environ.get("OPENAI_BASE_URL") or sys.exit("OPENAI_BASE_URL is to name a real model's server")
    CASSETTES.mkdir(parents=True, exist_ok=True)
    for name, scenario in SCENARIOS.items():
        if not scenario.replies:
            record(name, scenario, real)
            continue
        with serving(*scenario.replies) as fake:
            record(name, scenario, fake.url)


if __name__ == "__main__":
    main()
