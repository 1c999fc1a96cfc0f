"""What is refused or wrong before any money: each with its exit code, its reason, and nothing bought."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Swineherd, write_job

pytestmark = pytest.mark.timeout(90)


@pytest.fixture(autouse=True)
def nothing_bought(herd: Swineherd) -> Iterator[None]:
    """No test of this module makes an order or moves a credit."""
    yield
    books = herd.books()
    assert (books["orders"], books["debits"], books["total_spent"]) == ([], [], 0)


def test_a_policys_cap_refuses_and_is_named(herd: Swineherd, tmp_path: Path) -> None:
    """Where nothing fits `per_run_usd` the run is refused with exit 3, naming the cap and its value."""
    low = herd.policy('[budget]\nper_run_usd = "0.10"\n[payment]\nauto_pay_usd = "5.00"\n')

    done = low.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")

    assert done.code == 3, done.text
    result = done.document
    assert (result["status"], result["order_ids"], result["spent_usd"]) == ("refused", [], "0.00")
    assert "per_run_usd" in result["reason"]
    assert "$0.10" in result["reason"]


def test_max_usd_lowers_the_ceiling(herd: Swineherd, tmp_path: Path) -> None:
    """`--max-usd` below every offer refuses the run with exit 3 and names the ceiling."""
    done = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json", "--max-usd", "0.15")

    assert done.code == 3, done.text
    assert done.document["status"] == "refused"
    assert "ceiling of this run" in done.document["reason"]
    assert "$0.15" in done.document["reason"]


def test_max_usd_never_raises_the_jobs_budget(herd: Swineherd, tmp_path: Path) -> None:
    """A `--max-usd` above the job's own `budget_usd` changes nothing."""
    job = write_job(tmp_path, "true", budget_usd="0.15")

    done = herd.run("run", job, "--sandbox", "--json", "--max-usd", "9.00")

    assert done.code == 3, done.text
    assert "$0.15" in done.document["reason"]


@pytest.mark.parametrize("amount", ["1e3", "-1", "ten"])
def test_a_max_usd_that_is_no_amount_is_wrong_usage(herd: Swineherd, tmp_path: Path, amount: str) -> None:
    """Exit 2, naming the option; nothing was submitted."""
    done = herd.run("run", write_job(tmp_path, "true"), "--sandbox", f"--max-usd={amount}")

    assert done.code == 2, done.text
    assert "--max-usd" in done.stderr


def test_an_unknown_policy_key_names_file_and_key(herd: Swineherd, tmp_path: Path) -> None:
    """Exit 2 with the policy's path, the line and the key."""
    wrong = herd.policy('[budget]\nper_run_usd = "1.00"\nper_week_usd = "5.00"\n')

    done = wrong.run("run", write_job(tmp_path, "true"), "--sandbox")

    assert done.code == 2, done.text
    assert f"{tmp_path / 'policy.toml'}:3" in done.stderr
    assert "per_week_usd" in done.stderr


def test_a_policy_file_that_is_not_there_is_wrong_usage(herd: Swineherd, tmp_path: Path) -> None:
    """A SWINEHERD_POLICY that names no file is exit 2, never the defaults."""
    lost = herd.having(SWINEHERD_POLICY=str(tmp_path / "nowhere.toml"))

    done = lost.run("run", write_job(tmp_path, "true"), "--sandbox")

    assert done.code == 2, done.text
    assert "nowhere.toml" in done.stderr


def test_a_broken_job_file_names_file_line_and_field(herd: Swineherd, tmp_path: Path) -> None:
    """Every problem of a job file is printed with its place; exit 2."""
    job = tmp_path / "broken.yaml"
    job.write_text("name: broken\nrun: 'true'\nhours: soon\ngpus: 4\n")

    done = herd.run("run", job, "--sandbox")

    assert done.code == 2, done.text
    assert f"{job}:3" in done.stderr
    assert "hours" in done.stderr
    assert f"{job}:4" in done.stderr
    assert "gpus" in done.stderr


@pytest.mark.parametrize("job", ["missing.yaml", "jobs/missing"])
def test_a_job_path_that_does_not_exist_is_never_a_prompt(herd: Swineherd, job: str) -> None:
    """Exit 2, naming the path."""
    done = herd.run("run", job, "--sandbox")

    assert done.code == 2, done.text
    assert job in done.stderr


def test_a_missing_variable_is_an_error_before_a_run_exists(herd: Swineherd, tmp_path: Path) -> None:
    """Exit 2 naming each variable; no run and no folder is made."""
    job = write_job(tmp_path, "true", envs={"EPOCHS": None}, secrets={"TOKEN": None})
    runs = herd.folder("")
    runs.mkdir(exist_ok=True)
    before = sorted(runs.iterdir())

    done = herd.run("run", job, "--sandbox", "--json")

    assert done.code == 2, done.text
    assert "EPOCHS" in done.stderr
    assert "TOKEN" in done.stderr
    assert sorted(runs.iterdir()) == before


def test_a_wrong_api_key_is_wrong_usage(herd: Swineherd, tmp_path: Path) -> None:
    """A key that the provider refuses ends the run with exit 2 before anything is reserved."""
    host = herd.endpoint.checkout_host
    policy = f'{ASK}checkout_hosts = ["{host}"]\n[network]\nallow_private_hosts = true\n'
    real = herd.policy(policy).having(GPUHOG_BASE_URL=herd.endpoint.base_url, GPUHOG_API_KEY="ghk-not-the-key")

    done = real.run("run", write_job(tmp_path, "true"), "--json")

    assert done.code == 2, done.text
    assert "API key" in done.document["reason"]
    assert "ghk-not-the-key" not in done.text
