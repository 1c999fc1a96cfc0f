"""One run on a home of its own: its files, its processes, and the provider's books about it."""

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import SecretStr

from agent.cli.main import main
from agent.folders import Home
from agent.result import link_to_pay
from tests.crash.child import Errand, Point, fork
from tests.crash.haste import Ahead
from tools.sandbox.endpoint import Endpoint
from tools.spend_log.log import SqliteSpendLog
from tools.spend_log.port import SpendLog
from tools.spend_log.postgres.log import PostgresSpendLog

LOOK_SECONDS = 0.01
MEDDLE_SECONDS = 0.05
"""Between two looks of the others, each of which opens the store: more often it takes as long as what they look at."""

LIFE_SECONDS = 60.0
"""More than any command needs here; one that takes longer hangs."""

POLICY = """
{policy}checkout_hosts = ["{checkout_host}"]
[network]
allow_private_hosts = true
max_requests_per_second = 50
[reconcile]
settle_seconds = 20
"""

Document = dict[str, Any]


class Hangs(Exception):
    """A command did not end."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The sandbox as its operator, and as a person with a browser, sees it."""

    endpoint: Endpoint

    def books(self) -> Document:
        """Its own books."""
        found = self._ask("GET", "/_sandbox/books")
        assert isinstance(found, dict)
        return found

    def configure(self, **settings: object) -> None:
        """Change its settings."""
        self._ask("POST", "/_sandbox/settings", settings)

    def terminate(self, order_id: str) -> None:
        """End a pod, whoever rented it."""
        self._ask("POST", f"/api/order/{order_id}/terminate", {})

    def pay(self, link: str) -> None:
        """Press the one button of a checkout page."""
        self._ask("POST", urlsplit(link).path + "/pay", {})

    def _ask(self, method: str, path: str, body: object = None) -> object:
        parts = urlsplit(self.endpoint.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        headers = {"X-Api-Key": self.endpoint.api_key, "Content-Type": "application/json"}
        with closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status < 400, f"{path}: {answer.status} {text[:200]!r}"
        return json.loads(text) if text.startswith(b"{") else None


class Stage:
    """Where one run is played. Every process of it is forked here and ends here."""

    def __init__(
        self, folder: Path, provider: Provider, dies: dict[str, Point], shorter: float, database_url: SecretStr | None
    ) -> None:
        """Make the folder.

        Args:
            dies: where the first process of each of those actors is killed.
            shorter: how much shorter every sleep is.
            database_url: of a PostgreSQL in the place of files.
        """
        folder.mkdir(parents=True)
        self.folder = folder
        self.provider = provider
        self.home = Home(folder / "home")
        self.time = Ahead(shorter)
        self._database_url = database_url
        self.killed: list[str] = []
        """The sites at which a process of this run was killed, as planned."""
        self._dies = dict(dies)
        self._before = {order["order_id"] for order in provider.books()["orders"]}
        self._paid: set[str] = set()

    # what is put there

    def furnish(self, policy: str, run: str, resume: str, outputs: Sequence[str]) -> None:
        """Write the policy and the job; `{starts}` and the like in its commands become files outside any pod."""
        (self.folder / "work").mkdir()
        (self.folder / "work" / "input.txt").write_text("oink from the workdir\n")
        host = self.provider.endpoint.checkout_host
        (self.folder / "policy.toml").write_text(POLICY.format(policy=policy, checkout_host=host))
        for name in ("starts", "ends", "go"):
            run, resume = (text.replace(f"{{{name}}}", str(self.folder / name)) for text in (run, resume))
        job = {"name": "crash", "workdir": "work", "run": run, "hours": 1, "outputs": list(outputs)}
        job |= {"resume": resume} if resume else {}
        (self.folder / "job.yaml").write_text(yaml.safe_dump(job))

    # what is to be seen

    @contextmanager
    def log(self) -> Iterator[SpendLog | None]:
        """The spend log as one more process sees it, if it is there."""
        journal = self.home.path / "orders.jsonl"
        if not journal.exists():
            yield None
        elif self._database_url is None:
            with closing(SqliteSpendLog.open(self.home.spend_log)) as log:
                yield log
        else:
            with closing(PostgresSpendLog.open(self._database_url, journal)) as log:
                yield log

    @property
    def run_id(self) -> str:
        """The one run of this home; "" before it is submitted."""
        with self.log() as log:
            return next((run.run_id for run in log.runs()), "") if log else ""

    def _link(self) -> str:
        with self.log() as log:
            run = next(iter(log.runs()), None) if log else None
            link = link_to_pay(log, run, datetime.now(UTC)) if log and run else None
            return link.url if link else ""

    def orders(self) -> list[Document]:
        """The provider's orders that were made here."""
        return [order for order in self.provider.books()["orders"] if order["order_id"] not in self._before]

    def debits(self) -> list[Document]:
        """What the provider took for them."""
        ours = {order["order_id"] for order in self.orders()}
        return [debit for debit in self.provider.books()["debits"] if debit["order_id"] in ours]

    def counted(self, name: str) -> int:
        """How often the job began (`starts`) or got to its end (`ends`), on whatever pod."""
        place = self.folder / name
        return len(place.read_text().splitlines()) if place.exists() else 0

    def trace(self, actor: str) -> list[str]:
        """The sites that the processes of an actor reached, in order."""
        place = self.folder / f"trace-{actor}"
        return place.read_text().splitlines() if place.exists() else []

    def said(self) -> str:
        """All that was printed."""
        return "\n".join(f"── {place.name}\n{place.read_text()}" for place in sorted(self.folder.glob("said-*")))

    # what happens there

    def command(self, actor: str, *arguments: str, meanwhile: "Callable[[Stage], None] | None" = None) -> int:
        """Run a command of the command line to its end, negative where it was killed.

        Raises:
            Hangs: it does not end.
            AssertionError: it was killed elsewhere than planned.
        """
        dies_at = self._dies.pop(actor, None)
        child = fork(self._errand(actor, arguments, dies_at), self.time)
        deadline, meddles_at = time.monotonic() + LIFE_SECONDS, 0.0
        while (code := child.ended()) is None:
            now = time.monotonic()
            if now > deadline:
                child.kill()
                raise Hangs(f"`{' '.join(arguments)}` does not end")
            if meanwhile is not None and now >= meddles_at:
                meanwhile(self)
                meddles_at = time.monotonic() + MEDDLE_SECONDS
            time.sleep(LOOK_SECONDS)
        if code < 0:
            assert code == -signal.SIGKILL
            assert dies_at is not None, f"{actor} was killed by somebody else"
            assert self.trace(actor)[-1] == dies_at.site
            self.killed.append(dies_at.site)
        return code

    def beside(self, actor: str, *arguments: str) -> int:
        """Run a command while another one runs."""
        return self.command(actor, actor, *arguments)

    def pay(self) -> None:
        """Pay the link that is shown, once."""
        link = self._link()
        if link and link not in self._paid:
            self._paid.add(link)
            self.provider.pay(link)

    def _errand(self, actor: str, arguments: Sequence[str], dies_at: Point | None) -> Errand:
        def command() -> None:
            sys.argv = ["swineherd", *arguments]
            main()

        return Errand(command, self._env(), self.folder / f"said-{actor}", self.folder / f"trace-{actor}", dies_at)

    def _env(self) -> dict[str, str]:
        endpoint = self.provider.endpoint
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "SWINEHERD_HOME": str(self.home.path),
            "SWINEHERD_POLICY": str(self.folder / "policy.toml"),
            "SWINEHERD_SSH_KEY": str(endpoint.ssh_key),
            "GPUHOG_BASE_URL": endpoint.base_url,
            "GPUHOG_API_KEY": endpoint.api_key,
            **({"SWINEHERD_DATABASE_URL": self._database_url.get_secret_value()} if self._database_url else {}),
        }
