"""A human's yes and no, given from another terminal."""

import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Document, Gate, Swineherd, ended, write_job

pytestmark = pytest.mark.timeout(120)


def waiting(herd: Swineherd, folder: Path) -> tuple[Document, Document]:
    """A run that waits for a human, and the question about it."""
    done = herd.run("run", write_job(folder, "echo oink"), "--sandbox", "--json", "--no-wait")
    assert done.code == 4, done.text
    assert done.document["status"] == "waiting_for_human"
    asked = herd.show(done.document["run_id"])["approval"]
    assert isinstance(asked, dict)
    assert asked["code"] not in done.text
    return done.document, asked


@pytest.fixture
def asking(herd: Swineherd) -> Swineherd:
    """Under a policy that pays nothing unasked."""
    return herd.policy(ASK)


def test_a_run_waits_for_the_right_code_and_amount(asking: Swineherd, tmp_path: Path) -> None:
    """`--no-wait` ends with 4; a wrong code or amount buys nothing; the right ones and `resume` finish the run."""
    run, asked = waiting(asking, tmp_path)
    run_id, code, amount = run["run_id"], asked["code"], asked["amount_usd"]
    assert set(asked) == {"code", "amount_usd", "expires_at"}
    assert (amount, run["order_ids"], run["spent_usd"], run["held_usd"]) == ("0.20", [], "0.00", "0.00")

    for wrong in (("AAAAAAAA", amount), (code, "0.21"), (code, "0.2.0")):
        said = asking.run("approve", run_id, "--code", wrong[0], "--amount", wrong[1])
        assert said.code == 2, said.text
        assert code not in said.text
    assert asking.run("resume", run_id, "--no-wait").code == 4
    assert asking.debits(run) == []

    said = asking.run("approve", run_id, "--code", code.lower(), "--amount", amount)
    assert said.code == 0, said.text
    assert f"swineherd resume {run_id}" in said.stdout
    assert asking.debits(run) == []
    again = asking.run("approve", run_id, "--code", code, "--amount", amount)
    assert again.code != 0
    assert "already approved" in again.stderr

    done = asking.run("resume", run_id, "--json")
    assert done.code == 0, done.text
    assert done.document["status"] == "succeeded"
    assert [cents for _, _, cents in asking.debits(done.document)] == [20]
    assert "approval" not in asking.show(run_id)
    asking.assert_gone(done.document)


def test_the_code_is_for_human_channels_only(asking: Swineherd, tmp_path: Path) -> None:
    """`show` prints the code; no other command, no log, no checkpoint and no file of the run has it."""
    run, asked = waiting(asking, tmp_path)
    code, run_id = asked["code"], run["run_id"]

    assert code in asking.run("show", run_id).stdout
    for command in (["ps", "--all", "--json"], ["spend", "--sandbox", "--json"], ["logs", run_id]):
        done = asking.run(*command)
        assert done.code == 0, done.text
        assert code not in done.text
    files = [path for path in asking.home.rglob("*") if path.is_file() and not path.name.startswith("spend.db")]
    assert any(path.name == "checkpoints.db" for path in files)
    assert [path for path in files if code.encode() in path.read_bytes()] == []


def test_a_no_ends_the_run_with_6(asking: Swineherd, tmp_path: Path) -> None:
    """`deny`, then `resume`: exit 6, status denied, nothing bought; a yes after it is refused."""
    run, asked = waiting(asking, tmp_path)
    run_id = run["run_id"]

    said = asking.run("deny", run_id, "--code", asked["code"], "--amount", asked["amount_usd"])
    assert said.code == 0, said.text
    late = asking.run("approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"])
    assert late.code == 2
    assert "already denied" in late.stderr
    done = asking.run("resume", run_id, "--json")

    assert done.code == 6, done.text
    assert (done.document["status"], done.document["order_ids"]) == ("denied", [])
    assert asking.show(run_id)["spent_usd"] == "0.00"


def test_other_hours_and_a_yes_to_the_run(asking: Swineherd, tmp_path: Path) -> None:
    """`--hours` makes another offer with another code, `--up-to` approves it and what follows; `grants` lists it."""
    run, asked = waiting(asking, tmp_path)
    run_id = run["run_id"]
    answer = ("approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"])

    for wrong in (("--hours", "25"), ("--by-card",), ("--by-card", "--by-credits"), ("--up-to", "5.00")):
        assert asking.run(*answer, *wrong).code == 2
    assert "another offer is made: 2 h" in asking.run(*answer, "--hours", "2").stdout
    late = asking.run(*answer)
    assert late.code == 2
    assert asking.run("resume", run_id, "--no-wait").code == 4
    fresh = asking.show(run_id)["approval"]
    assert (fresh["amount_usd"], fresh["code"] != asked["code"]) == ("0.40", True)
    again = ("approve", run_id, "--code", fresh["code"], "--amount", fresh["amount_usd"])
    assert asking.run(*again, "--up-to", "0.39", "--pods", "2").code == 2
    assert "within $0.50 and 2 pods in all" in asking.run(*again, "--up-to", "0.50", "--pods", "2").stdout
    done = asking.run("resume", run_id, "--json")

    assert done.code == 0, done.text
    assert [cents for _, _, cents in asking.debits(done.document)] == [40]
    (grant,) = asking.run("grants", "--json").document["grants"]
    assert (grant["of"], grant["used_usd"], grant["used_pods"], grant["standing"]) == (run_id, "0.40", 1, "approved")
    assert asking.run("grants", "--revoke", grant["grant_id"]).code == 0
    assert asking.run("grants", "--json").document["grants"][0]["standing"] == "revoked"
    assert asking.run("batches", "--json").document == {"batches": []}


def test_an_offer_whose_time_is_over_is_made_anew(asking: Swineherd, tmp_path: Path) -> None:
    """After `approval_minutes` the old code buys nothing, and `resume RUN` makes a fresh offer with a new code."""
    run, asked = waiting(asking, tmp_path)
    run_id = run["run_id"]
    two_hours_on = (sys.executable, "-m", "tests.e2e.later", "7200")

    late = asking.start(
        "approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"], command=two_hours_on
    )
    said = late.done()
    assert said.code == 2, said.text
    assert "expired" in said.stderr
    resumed = asking.start("resume", run_id, "--no-wait", "--json", command=two_hours_on).done()

    assert resumed.code == 4, resumed.text
    fresh = asking.show(run_id)["approval"]
    assert fresh["code"] != asked["code"]
    assert fresh["expires_at"] > asked["expires_at"]
    old = asking.run("approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"])
    assert old.code == 2, old.text
    assert asking.debits(run) == []


def test_a_waiting_run_goes_on_when_another_process_approves(asking: Swineherd, tmp_path: Path) -> None:
    """`run` waits without a terminal; `approve` elsewhere records the yes, and the run goes on by itself."""
    with ended(asking.start("run", write_job(tmp_path, "echo oink"), "--sandbox")) as started:
        said = started.until_said("waiting for `swineherd approve")
        run_id = started.run_id
        asked = asking.show(run_id)["approval"]
        assert asked["code"] not in said
        yes = asking.run("approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"])
        assert yes.code == 0, yes.text
        assert "nobody drives" not in yes.stdout
        done = started.done()

    assert done.code == 0, done.text
    assert asked["code"] not in done.text
    result = asking.show(run_id)
    assert result["status"] == "succeeded"
    assert len(asking.debits(result)) == 1
    asking.assert_gone(result)


def test_a_run_that_waits_for_a_human_can_be_cancelled_by_a_signal(asking: Swineherd, tmp_path: Path) -> None:
    """SIGINT while nobody has answered: exit 130, nothing bought, and the question is void."""
    with ended(asking.start("run", write_job(tmp_path, "echo oink"), "--sandbox", "--json")) as started:
        started.until_said("waiting for `swineherd approve")
        asked = asking.show(started.run_id)["approval"]
        started.send(signal.SIGINT)
        done = started.done()

    assert done.code == 130, done.text
    assert (done.document["status"], done.document["order_ids"]) == ("cancelled", [])
    late = asking.run("approve", done.document["run_id"], "--code", asked["code"], "--amount", asked["amount_usd"])
    assert late.code == 2, late.text


def test_a_killed_wait_is_taken_up_again(asking: Swineherd, tmp_path: Path, gate: Gate) -> None:
    """SIGKILL while a run waits for its approval; the question stands, and after a yes `resume` finishes the run."""
    gate.open()
    with ended(asking.start("run", write_job(tmp_path, "echo oink"), "--sandbox")) as started:
        started.until_said("waiting for `swineherd approve")
        run_id = started.run_id
        started.send(signal.SIGKILL)
        assert started.done().code == -signal.SIGKILL

    asked = asking.show(run_id)["approval"]
    assert asking.run("approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"]).code == 0
    done = asking.run("resume", run_id, "--json")

    assert done.code == 0, done.text
    assert asking.log(run_id) == b"oink\n"
    assert len(asking.debits(done.document)) == 1
    asking.assert_gone(done.document)
