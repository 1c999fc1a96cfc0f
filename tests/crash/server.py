"""The fork server, `python -m tests.crash.server FOLDER [PORT TEMPLATE]`: all is imported once, each process is a fork.

Reads one case a line on stdin, as JSON, and answers with its verdict, one line on stdout. With the port of a PostgreSQL
the store of each case is a database of its own there, a copy of the template.
"""

import itertools
import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from tests.crash import sites
from tests.crash.case import Verdict, case
from tests.crash.stage import Provider
from tests.postgres import Cluster
from tests.preload import preload
from tools.sandbox.process import ensure_running, shut_down

MUCH_MONEY = 9_000_000


def main() -> None:
    """Serve until stdin ends; the sandbox ends with it."""
    folder = Path(sys.argv[1])
    sites.modules()
    preload()
    endpoint = ensure_running(folder / "sandbox")
    provider = Provider(endpoint)
    provider.configure(credits_purchased=MUCH_MONEY)
    try:
        for number in itertools.count():
            line = sys.stdin.readline()
            if not line:
                return
            with _store(f"case-{number}", *sys.argv[2:]) as database_url:
                verdict = _verdict(json.loads(line), folder / f"case-{number}", provider, database_url)
            sys.stdout.write(json.dumps(verdict.as_json()) + "\n")
            sys.stdout.flush()
    finally:
        shut_down(endpoint, end_pods=True)


@contextmanager
def _store(name: str, port: str = "", template: str = "") -> Iterator[SecretStr | None]:
    if not port:
        yield None
        return
    server = Cluster(int(port))
    server.make(name, template)
    try:
        yield server.url(name)
    finally:
        server.drop(name)


def _verdict(
    request: dict[str, str | float], folder: Path, provider: Provider, database_url: SecretStr | None
) -> Verdict:
    try:
        return case(request, folder, provider, database_url)
    except Exception:  # noqa: BLE001 - a defect of one case is told, and the next one is played
        return Verdict(str(request["scenario"]), killed=False, code=-1, problems=[traceback.format_exc()])


if __name__ == "__main__":
    main()
