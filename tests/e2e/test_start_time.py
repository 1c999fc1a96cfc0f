"""`--help` and the first line of any command come at once."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.forks import ROOT
from tests.e2e.swineherd import COMMAND

pytestmark = pytest.mark.timeout(90)

TIMES = 8
ENV = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def seconds(command: list[str]) -> float:
    """How much of a processor one start takes: what else the machine does changes that little."""
    before = _of_children()
    subprocess.run(command, env=ENV, check=True, capture_output=True)
    return _of_children() - before


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_starts_within_ten_interpreters(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` takes less than ten times the processor of a bare interpreter, the best of several on both sides."""
    pairs = [(seconds([*COMMAND, "--help"]), seconds([sys.executable, "-c", "pass"])) for _ in range(TIMES)]
    ours, bare = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    with capsys.disabled():
        print(f"\n--help {ours * 1000:.0f} ms, python {bare * 1000:.0f} ms, ratio {ours / bare:.1f}")  # noqa: T201
    assert ours / bare < 10


HEAVY = {
    "langgraph",
    "langchain_core",
    "langchain_openai",
    "openai",
    "httpx",
    "asyncssh",
    "pydantic",
    "sqlite_utils",
    "yaml",
    "rich",
    "mcp",
}
STORES = {"pydantic", "sqlite_utils"}
PROVIDER = {"httpx", "rich"}
"""The client, and what it imports if it is there."""


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("agent.cli.main", set()),
        ("agent.cli.look", STORES),
        ("agent.cli.batches", STORES),
        ("agent.cli.grants", STORES),
        ("agent.cli.decide", STORES | PROVIDER),
        ("agent.cli.money", STORES | PROVIDER),
        ("agent.cli.market", STORES | PROVIDER),
        ("agent.cli.settle", STORES | PROVIDER),
        ("agent.cli.schedules", STORES | PROVIDER),
        ("agent.cli.mcp", STORES | PROVIDER),
    ],
    ids=[
        "every command",
        "ps, show and logs",
        "batches",
        "grants",
        "approve and deny",
        "spend, balance, packs and freeze",
        "gpus and quote",
        "settle",
        "schedule",
        "mcp, before it is known to be installed",
    ],
)
def test_the_command_line_imports_nothing_heavy(module: str, allowed: set[str]) -> None:
    """Importing the commands imports no graph, no client and no SSH; those that drive no run only what they need."""
    code = f"import sys, {module}\nfrom agent.cli import output\nwith output.clear_errors(): print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=ENV, check=True, capture_output=True, text=True)
    assert HEAVY & set(done.stdout.split()) <= allowed | ({"yaml"})


def test_a_command_that_drives_no_run_opens_neither_graph_nor_ssh(tmp_path: Path) -> None:
    """Whatever it imports on its way."""
    code = "import sys\nfrom agent.cli import money\nmoney.freeze(sandbox=False)\nprint(*sys.modules)"
    env = ENV | {"SWINEHERD_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    assert not {"langgraph", "langchain_core", "asyncssh"} & set(done.stdout.split())


def test_nobody_pays_for_the_client_of_a_model_that_is_not_asked(tmp_path: Path) -> None:
    """It takes longer to import than all else; a model that is configured is not asked by what needs none."""
    code = (
        "import asyncio, sys\nfrom agent import assemble, assemble_patient, settings\nasync def main():\n"
        "    async with assemble.open_herd(settings.Settings()) as herd: print(herd.parts.mind.name)\n"
        "asyncio.run(main())\nprint(*sys.modules)"
    )
    env = ENV | {
        "SWINEHERD_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "OPENAI_BASE_URL": "http://localhost/v1",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    name, modules = done.stdout.splitlines()
    assert name == "the model at http://localhost/v1"
    assert "langgraph" in modules.split()
    assert not {"langchain_openai", "openai"} & set(modules.split())


def test_garbage_is_collected_but_for_what_was_imported() -> None:
    """`worker` lives for weeks: the collector that rested while the modules were imported is back within a command."""
    code = (
        "import gc\nfrom agent.cli import look, output\ngc.disable()\n"
        "with output.clear_errors(): print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=ENV, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True"]
