"""The command line on PostgreSQL: every store but the run's folder is there, and several machines share it."""

from pathlib import Path

from tests.e2e.machines import Machine, machine, secretive
from tests.e2e.swineherd import Gate, ended, write_job
from tests.fixtures_postgres import database, postgres, ready
from tests.postgres import PASSWORD

__all__ = ["database", "machine", "postgres", "ready"]


def test_a_run_leaves_nothing_but_its_folder_on_the_machine(machine: Machine, tmp_path: Path) -> None:
    """Money, history and checkpoints are in the database, order ids also here; another machine sees all of it, and is
    held to the same caps.
    """
    here = machine("here")
    ran = secretive(here.run("run", write_job(tmp_path, "echo done"), "--json"))
    assert ran.code == 0, ran.text
    assert {path.name for path in here.home.iterdir()} == {
        "home-id",
        "orders.jsonl",
        "runs",
        "spend-log-is-in-postgresql",
    }
    spent = ran.document["spent_usd"]

    there = machine("there", per_day=spent)
    (listed,) = secretive(there.run("ps", "--all", "--json")).document["runs"]
    assert (listed["run_id"], listed["spent_usd"]) == (ran.document["run_id"], spent)
    refused = secretive(there.run("run", write_job(tmp_path, "echo more"), "--json"))
    assert (refused.code, refused.document["status"]) == (3, "refused")
    assert "per_day_usd" in refused.document["reason"]
    examined = secretive(there.run("doctor"))
    assert "each as its history says" in examined.text
    assert "agrees with the database's" in examined.text
    assert "does not name it" not in examined.text


def test_a_killed_driver_is_followed_by_one_on_its_machine(machine: Machine, gate: Gate, tmp_path: Path) -> None:
    """The next one goes on where the run stands in the database, and pays nothing twice."""
    here = machine("here")
    with ended(here.start("run", write_job(tmp_path, gate.script("echo before", "echo after")), "--json")) as driving:
        gate.reached()
        driving.process.kill()
    gate.open()
    (run,) = here.run("ps", "--json").document["runs"]
    resumed = secretive(here.run("resume", run["run_id"], "--json"))
    assert (resumed.code, resumed.document["status"]) == (0, "succeeded"), resumed.text
    assert len(here.debits(resumed.document)) == 1


def test_a_run_is_answered_anywhere_and_driven_where_its_files_are(machine: Machine, tmp_path: Path) -> None:
    """A yes from another machine counts; that machine itself starts nothing that it lacks the files of."""
    here, there = machine("here", auto="0.00"), machine("there", auto="0.00")
    asked = here.run("run", write_job(tmp_path, "echo done"), "--no-wait", "--json")
    assert asked.code == 4, asked.text
    run_id = asked.document["run_id"]
    approval = there.run("show", run_id, "--json").document["approval"]
    said = there.run("approve", run_id, "--code", approval["code"], "--amount", approval["amount_usd"])
    assert said.code == 0, said.text
    elsewhere = secretive(there.run("resume", run_id, "--json"))
    assert elsewhere.code == 2
    assert "submitted on another machine" in elsewhere.text
    resumed = here.run("resume", run_id, "--json")
    assert (resumed.code, resumed.document["status"]) == (0, "succeeded"), resumed.text


def test_a_server_that_is_away_stops_spending_and_nothing_else(machine: Machine, tmp_path: Path) -> None:
    """No pod is stopped over it, as it would be over a broken store: the next sweep can look again."""
    away = machine("away").having(SWINEHERD_DATABASE_URL=f"postgresql://me:{PASSWORD}@127.0.0.1:1/spend")
    away.home.mkdir(mode=0o700)
    (away.home / "orders.jsonl").write_text("")
    for command in (("run", write_job(tmp_path, "echo done")), ("sweep",), ("ps",), ("doctor",)):
        done = secretive(away.run(*command))
        assert done.code == 5, done.text
        assert "127.0.0.1:1/spend" in done.text
        assert "cleaning up goes on" not in done.text


def test_a_home_has_one_spend_log(machine: Machine, tmp_path: Path) -> None:
    """A cron job that lacks the variable must not take an empty file for the store: it would stop every pod, and buy
    under caps that begin anew. Nor is a file's money forgotten by setting the variable.
    """
    here = machine("here")
    asked = here.run("run", write_job(tmp_path, "echo done"), "--json")
    assert asked.code == 0, asked.text
    without = here.having(SWINEHERD_DATABASE_URL="")
    for command in (("sweep",), ("run", write_job(tmp_path, "echo done")), ("ps",)):
        done = without.run(*command)
        assert done.code == 2, done.text
        assert "is in PostgreSQL: set SWINEHERD_DATABASE_URL" in done.text
    assert not (here.home / "spend.db").exists()
    (here.home / "spend-log-is-in-postgresql").rename(here.home / "spend.db")
    assert "has this home's money" in here.run("ps").text
