"""Schedules as a user has them: added, granted ahead, run by a worker of its own while nobody watches."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.swineherd import A_COMMAND, ASK, Document, Swineherd, ended, wait_for, write_job

pytestmark = pytest.mark.timeout(150)

EVERY_MINUTE = "* * * * *"


def added(herd: Swineherd, job: Path, cron: str = "0 2 * * *", *options: str) -> str:
    """Its id."""
    done = herd.run("schedule", "add", cron, job, "--timezone", "Europe/Berlin", "--sandbox", "--json", *options)
    assert done.code == 0, done.text
    return str(done.document["schedule_id"])


def shown(herd: Swineherd, schedule_id: str) -> Document:
    done = herd.run("show", schedule_id, "--json")
    assert done.code == 0, done.text
    return done.document


def as_if_added_earlier(herd: Swineherd, schedule_id: str) -> None:
    """A minute's wait for the next time is left out: its last one is then to be caught up with."""
    earlier = "UPDATE schedules SET counts_from = '2026-01-01T00:00:00.000000+00:00' WHERE schedule_id = ?"
    with closing(sqlite3.connect(herd.home / "sandbox" / "spend.db")) as file, file:
        file.execute(earlier, [schedule_id])


def test_a_night_that_was_granted_ahead(herd: Swineherd, tmp_path: Path) -> None:
    """Asked for, approved by its code, run by `worker` to its end, and accounted for; then taken back and removed."""
    asks = herd.policy(ASK)
    job = write_job(tmp_path, "echo night > out.txt", outputs=["out.txt"], matrix={"SEED": [1, 2]})
    schedule_id = added(asks, job, EVERY_MINUTE, "--budget-usd", "5", "--catch-up", "last", "--max-parallel", "1")
    asked = asks.run("schedule", "grant", schedule_id, "--nights", "3")
    assert asked.code == 4, asked.text
    question = shown(asks, schedule_id)["approval"]
    assert question["amount_usd"] == "15.00"
    assert question["code"] not in asked.text
    wrong = asks.run("approve", schedule_id, "--code", question["code"], "--amount", "5.00")
    assert (wrong.code, "up to $15.00" in wrong.stderr) == (2, True)
    yes = asks.run("approve", schedule_id, "--code", question["code"], "--amount", "15.00")
    assert yes.code == 0, yes.text

    as_if_added_earlier(asks, schedule_id)
    with ended(asks.start("worker", "--sandbox")):
        wait_for(lambda: shown(asks, schedule_id)["nights"], "a night", pause=A_COMMAND)
        assert asks.run("schedule", "pause", schedule_id).code == 0
        batch_id = shown(asks, schedule_id)["nights"][-1]["batch_id"]

        def over() -> Document | None:
            batch = asks.run("show", batch_id, "--json").document
            return batch if batch["ended_at"] else None

        batch = wait_for(over, "the night's end", 90, A_COMMAND) or {}
    assert batch["counts"] == {"succeeded": 2}, batch
    for run in batch["jobs"]:
        assert (Path(run["outputs_dir"]) / "out.txt").read_text() == "night\n"
        assert len(asks.debits(run)) == 1
        asks.assert_gone(run)
    granted = {grant["of"]: grant for grant in asks.run("grants", "--json").document["grants"]}
    assert granted[schedule_id]["used_usd"] == batch["spent_usd"]
    assert granted[batch_id]["amount_usd"] == "5.00"

    assert asks.run("grants", "--revoke", granted[schedule_id]["grant_id"]).code == 0
    assert shown(asks, schedule_id)["grant"] is None
    removed = asks.run("schedule", "remove", schedule_id)
    assert removed.code == 0, removed.text
    assert asks.run("schedule", "list", "--json").document == {"schedules": []}


def test_schedules_are_listed_with_their_next_times(herd: Swineherd, tmp_path: Path) -> None:
    """By the clock of their zone; what can't be a schedule says why."""
    job = write_job(tmp_path, "true")
    schedule_id = added(herd, job)
    (listed,) = herd.run("schedule", "list", "--json").document["schedules"]
    assert (listed["schedule_id"], listed["sandbox"], len(listed["next"])) == (schedule_id, True, 3)
    assert all(due[11:16] in {"00:00", "01:00"} for due in listed["next"])
    table = herd.run("schedule", "list").stdout
    assert table.count(" 02:00") == 3
    assert "(sandbox)" in table
    assert "paused" in herd.run("schedule", "pause", schedule_id).stdout
    assert "paused" in herd.run("schedule", "list").stdout
    assert "next" in herd.run("schedule", "resume", schedule_id).stdout
    for arguments, said in (
        (("add", "0 2 * *", job), "five"),
        (("add", "0 2 * * *", tmp_path / "none.yaml"), "no such file"),
        (("add", "0 2 * * *", job, "--timezone", "Mars"), "time zone"),
        (("add", "0 2 * * *", job, "--catch-up", "all"), "none or last"),
        (("grant", schedule_id, "--until", "friday"), "2026-12-31"),
        (("pause", "nothing"), "no schedule nothing"),
    ):
        done = herd.run("schedule", *arguments)
        assert (done.code, said in done.stderr) == (2, True), done.text
