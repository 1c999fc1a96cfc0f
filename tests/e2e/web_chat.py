"""`swineherd serve --sandbox` as a process, and a real browser before it."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from agent.chat.web.links import links_of
from agent.chat.web.notice import read_notice
from agent.clock import SystemClock
from agent.folders import Home
from tests.chromium import chromium
from tests.e2e.forks import ROOT
from tests.e2e.swineherd import Started, Swineherd, ended, write_job
from tools.spend_log.holder import is_alive
from tools.spend_log.log import SqliteSpendLog

AXE = ROOT / "tests" / "e2e" / "axe" / "axe.min.js"
SHOTS = ROOT / ".artifacts" / "screenshots"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
PATIENCE = 30_000
"""Milliseconds: a busy machine takes long for what a quiet one does at once."""


@contextmanager
def chromium_open() -> Iterator[Browser]:
    """One that reaches this machine and nothing else."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
        )
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@dataclass(frozen=True, slots=True)
class Served:
    """A web chat that runs."""

    herd: Swineherd
    started: Started
    origin: str

    @property
    def folder(self) -> Path:
        """Below which job files may be run."""
        return self.started.folder

    def job(self, name: str, run: str, **fields: object) -> str:
        """A job file there; what to type for it."""
        folder = self.folder / name
        folder.mkdir()
        write_job(folder, run, **{"name": name, **fields})
        return f"run {name}/job.yaml"

    def store(self) -> "closing[SqliteSpendLog]":
        """The sandbox's spend log, as one more process has it."""
        return closing(SqliteSpendLog.open(self.herd.home / "sandbox" / "spend.db"))

    def link(self) -> str:
        """A fresh one, as `serve --link` prints it; that command has tests of its own."""
        folder = Home(self.herd.home).sandbox.web_links
        notice = read_notice(folder, int(self.origin.rpartition(":")[2]), is_alive)
        return f"{notice.origin}/login/{links_of(folder, SystemClock().now).make(notice.person(None))}"

    def visitor(self, browser: Browser, **options: object) -> BrowserContext:
        """A browser of its own that is logged in."""
        context = browser.new_context(**options)  # type: ignore[arg-type] # as Playwright names them
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(self.link())
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
        page.close()
        return context


@contextmanager
def serving(herd: Swineherd, policy: str) -> Iterator[Served]:
    """Until the block ends."""
    herd = herd.policy(policy)
    with ended(herd.start("serve", "--sandbox", "--port", "0")) as started:
        started.until_said('"serving"')
        (line,) = [json.loads(one) for one in started.said().splitlines() if '"serving"' in one]
        yield Served(herd, started, line["address"])


def submit(page: Page, served: Served, command: str) -> str:
    """Type a command that becomes a run; returns the run's id once its page is there."""
    page.goto(served.origin)
    page.get_by_label("Say what to do").fill(command)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/runs/*")
    return page.url.rpartition("/")[2]


def findings(page: Page) -> list[str]:
    """What axe finds wrong that is serious or critical."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    return [f"{one['id']}: {node['html'][:200]}" for one in grave for node in one["nodes"]]


def looked_at(page: Page, name: str) -> list[str]:
    """Take pictures in both sizes and colours; returns what axe finds, and where the page is wider than the screen."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            page.screenshot(path=SHOTS / f"{name}-{size}-{colours}.png", full_page=True)
            wrong += [f"{name} {size} {colours}: {one}" for one in findings(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{name} {size}: wider than {width}")
    return wrong
