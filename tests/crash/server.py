"""The fork server, `python -m tests.crash.server FOLDER`: everything is imported once, and every process is a fork.

Reads one case a line on stdin, as JSON, and answers with its verdict, one line on stdout.
"""

import gc
import itertools
import json
import sys
import traceback
from importlib import import_module
from pathlib import Path

from tests.crash import sites
from tests.crash.case import Verdict, case
from tests.crash.stage import Provider
from tools.gpuhog.channel import _tls
from tools.sandbox.process import ensure_running, shut_down

DEPLOY_SECONDS = 0.02
MUCH_MONEY = 9_000_000

IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "httpcore",
    "langchain_core.tracers.context",
    "langchain_core.tracers.run_collector",
)
"""By a first request and a first step of a graph; every child would import them again."""


def main() -> None:
    """Serve until stdin ends; the sandbox ends with it."""
    folder = Path(sys.argv[1])
    _preload()
    endpoint = ensure_running(folder / "sandbox", deploy_seconds=DEPLOY_SECONDS)
    provider = Provider(endpoint)
    provider.configure(credits_purchased=MUCH_MONEY)
    try:
        for number in itertools.count():
            line = sys.stdin.readline()
            if not line:
                return
            verdict = _verdict(json.loads(line), folder / f"case-{number}", provider)
            sys.stdout.write(json.dumps(verdict.as_json()) + "\n")
            sys.stdout.flush()
    finally:
        shut_down(endpoint, end_pods=True)


def _preload() -> None:
    """All that a command imports on its way, and what it would compute once."""
    for name in IMPORTED_LATE:
        import_module(name)
    sites.modules()
    _tls()
    gc.freeze()


def _verdict(request: dict[str, str | int], folder: Path, provider: Provider) -> Verdict:
    try:
        return case(request, folder, provider)
    except Exception:  # noqa: BLE001 - a defect of one case is told, and the next one is played
        return Verdict(str(request["scenario"]), killed=False, code=-1, problems=[traceback.format_exc()])


if __name__ == "__main__":
    main()
