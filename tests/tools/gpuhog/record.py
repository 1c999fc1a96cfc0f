"""Record the cassettes again from a fresh sandbox: `python -m tests.tools.gpuhog.record`."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.hasty_clock import HastyClock
from tests.tools.gpuhog.scenarios import SCENARIOS, Scenario
from tests.tools.gpuhog.tape import BASE_URL, CASSETTES, KEY, tape
from tools.gpuhog import GpuHog
from tools.sandbox.endpoint import Endpoint
from tools.sandbox.server import Options, serving


async def record(name: str, scenario: Scenario, home: Path) -> None:
    """Run one scenario against a sandbox of its own and write its cassette."""
    async with serving(Options(home, deploy_seconds=0.2)) as sandbox:
        endpoint = sandbox.endpoint
        path = CASSETTES / f"{name}.yaml"
        path.unlink(missing_ok=True)
        hog = GpuHog(endpoint.base_url, endpoint.api_key, HastyClock(), allow_plain_http_loopback=True)
        with tape("all", lambda text: _scrubbed(text, endpoint)).use_cassette(path.name):
            await scenario(hog, HastyClock())
        await hog.aclose()


def _scrubbed(text: str, endpoint: Endpoint) -> str:
    origin, host = BASE_URL.removesuffix("/api"), endpoint.checkout_host
    return text.replace(f"http://{host}", origin).replace(endpoint.api_key, KEY)


def main() -> None:
    """Record every scenario."""
    CASSETTES.mkdir(parents=True, exist_ok=True)
    for name, scenario in SCENARIOS.items():
        with TemporaryDirectory() as home:
            asyncio.run(record(name, scenario, Path(home)))


if __name__ == "__main__":
    main()
