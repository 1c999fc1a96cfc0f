"""`--help` of every command."""

from importlib.metadata import version

import pytest

from tests.e2e.swineherd import Swineherd

pytestmark = pytest.mark.timeout(60)

OPTIONS: dict[str, tuple[str, ...]] = {
    "run": ("JOB", "--sandbox", "--outputs", "--max-usd", "--ignore", "--wait", "--no-wait", "--json"),
    "batch": (
        *("--budget-usd", "--max-parallel", "--resume", "--sandbox", "--outputs", "--max-usd", "--ignore"),
        *("--wait", "--no-wait", "--json"),
    ),
    "batches": ("--json",),
    "grants": ("--revoke", "--json"),
    "prune": ("--older-than", "--max-gb", "--dry-run", "--sandbox", "--json"),
    "quote": ("JOB", "--sandbox", "--max-usd", "--ignore", "--json"),
    "gpus": ("--sandbox", "--json"),
    "ps": ("--all", "--json"),
    "show": ("RUN", "--json"),
    "logs": ("RUN", "-f", "--follow"),
    "approve": ("RUN", "--code", "--amount", "--by-card", "--by-credits", "--hours", "--up-to", "--pods"),
    "deny": ("RUN", "--code", "--amount"),
    "cancel": ("RUN", "--json"),
    "resume": ("[RUN]", "--wait", "--no-wait", "--json"),
    "sweep": ("--json",),
    "worker": ("--sandbox",),
    "chat": ("[WORDS]", "--sandbox", "--folder", "--thread", "--new"),
    "serve": ("--sandbox", "--host", "--port", "--public-url", "--headless", "--link", "--as"),
    "mcp": ("--sandbox", "--folder"),
    "spend": ("--sandbox", "--json"),
    "balance": ("--sandbox", "--json"),
    "settle": ("CHARGE", "--order", "--not-charged", "--refunded", "--json"),
    "packs": ("--sandbox", "--json"),
    "freeze": ("--sandbox",),
    "unfreeze": ("--sandbox",),
    "sandbox": ("--stop", "--json"),
    "doctor": ("--sandbox", "--cron", "--json"),
    "schedule": ("add", "list", "pause", "resume", "remove", "grant"),
}


def test_help_lists_every_command(bare: Swineherd) -> None:
    """And each of them is tested below."""
    done = bare.run("--help")

    assert done.code == 0
    listed = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert [name for name in listed if name.isalpha()] == [*OPTIONS]


def test_the_version_is_told(bare: Swineherd) -> None:
    """As the package has it."""
    assert bare.run("--version").stdout == f"{version('swineherd')}\n"


@pytest.mark.parametrize("command", OPTIONS)
def test_help_names_every_option(bare: Swineherd, command: str) -> None:
    """`COMMAND --help` explains its arguments and options, without colours."""
    done = bare.run(command, "--help")

    assert done.code == 0, done.text
    assert "\x1b" not in done.text
    for option in OPTIONS[command]:
        assert option in done.stdout


@pytest.mark.parametrize("wrong", [["no-such-command"], ["run"], ["run", "job.yaml", "--no-such-option"]])
def test_wrong_usage_is_2(bare: Swineherd, wrong: list[str]) -> None:
    """An unknown command or option, or a missing argument: exit 2, said on stderr."""
    done = bare.run(*wrong)

    assert done.code == 2
    assert done.stdout == ""
    assert "Usage:" in done.stderr
