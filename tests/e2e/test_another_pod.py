"""A pod that is lost under a running job: the next one goes on from what was synced."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import Gate, Swineherd, asked, ended, wait_for, write_job

pytestmark = pytest.mark.timeout(180)

HOUR_SECONDS = 600.0
"""A synced minute is ten seconds then."""

QUICK_SYNC = """
[payment]
auto_pay_usd = "5.00"
auto_pay_per_day_usd = "50.00"
[time]
sync_minutes = 1
"""


def ask(herd: Swineherd, path: str, body: dict[str, object]) -> None:
    """Tell the sandbox something behind the agent's back."""
    asked(herd.endpoint, "POST", path, body)


@pytest.fixture
def quick(herd: Swineherd) -> Iterator[Swineherd]:
    """A sandbox with short hours, and a policy that syncs every minute of them."""
    ask(herd, "/_sandbox/settings", {"hour_seconds": HOUR_SECONDS})
    yield herd.policy(QUICK_SYNC)
    ask(herd, "/_sandbox/settings", {"hour_seconds": 3600.0})


def test_the_job_goes_on_from_its_synced_outputs(quick: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """Synced, then the pod is terminated at the provider: a second one runs `resume` with the file in place."""
    job = write_job(
        tmp_path,
        gate.script("echo 1000 > step.txt", "echo never"),
        resume="cat step.txt; echo $(($(cat step.txt) + 1)) > step.txt",
        outputs=["step.txt"],
    )
    with ended(quick.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        synced = quick.folder(started.run_id) / "synced" / "step.txt"
        wait_for(synced.exists, "the synced file", seconds=60)
        (lost,) = quick.show(started.run_id)["order_ids"]
        ask(quick, f"/api/order/{lost}/terminate", {})
        done = started.done(120)

    assert done.code == 0, done.text
    result = done.document
    assert len(result["order_ids"]) == len(quick.debits(result)) == 2
    assert quick.log(result["run_id"]) == b"1000\n"
    assert (Path(result["outputs_dir"]) / "step.txt").read_text() == "1001\n"
    assert synced.read_text() == "1000\n"
    quick.assert_gone(result)
